// Judging made-up attempts and topics, by the law or by a draft.
#include <fmt/format.h>

#include "auth/chain.h"
#include "auth/topic_rights.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"
#include "engine/explain.h"
#include "engine/what_if.h"
#include "jose/verification_key.h"

namespace sallyport::daemon {
namespace {

// The law, or what the draft would make of it.
Result<std::shared_ptr<const GateSnapshot>, Problem> snapshot_with(ApiDesk& desk, const Json* changes) {
  if (!changes || (changes->is_object() && changes->empty())) return desk.house().engine.snapshot();
  Result<LoadedSettings, Problem> loaded = settings_with(desk, changes);
  if (!loaded) return unexpected(loaded.error());
  auto imagined = desk.house().engine.imagine(loaded->settings);
  if (!imagined) return unexpected(problem_of(imagined.error().front()));
  return std::move(*imagined);
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

}  // namespace

Outcome try_attempt(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const Json* given = members.any("attempt");
  const UnixSeconds at = members.integer("at", 0, INT64_MAX / 2).value_or(desk.house().engine.clock().unix_seconds());
  const Json* changes = members.any("changes");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (!given || !given->is_object()) return unexpected(problem(400, "invalid", "attempt is no object", "", "attempt"));
  Members fields(*given);
  const auto client_id = fields.maybe_text("client_id"), username = fields.maybe_text("username"),
             address = fields.maybe_text("address");
  std::optional<std::string> password = fields.maybe_text("password");
  if (auto fault = fields.fault()) return unexpected(*fault);

  const auto snapshot = snapshot_with(desk, changes);
  if (!snapshot) return unexpected(snapshot.error());
  ConnectAttempt attempt;
  attempt.client_id = view_of(client_id);
  attempt.username = view_of(username);
  attempt.password = view_of(password);
  attempt.peer.transport = Transport::mqtt_tcp;
  if (address) attempt.peer.address = *address;
  const Moment now{at, desk.house().engine.clock().monotonic_ms()};
  Workspace work;
  const Decision d = decide(attempt, **snapshot, now, work);

  // Whoever asks holds the token: what its claims say is no news to him.
  ExplainOptions words{.show_values = true, .now = at};
  words.attempt.username = view_of(username);
  words.attempt.client_id = view_of(client_id);
  const std::vector<std::string> lines = explain_steps(work.trace, words);
  Json steps = Json::array();
  std::size_t i = 0;
  for (const Step& step : work.trace) {
    steps.push_back({{"authenticator", name(step.who)},
                     {"passed", step.passed},
                     {"reason", step.passed ? Json() : Json(name(step.reason))},
                     {"subject", step.subject.empty() ? Json() : Json(std::string(step.subject))},
                     {"text", i < lines.size() ? lines[i] : ""}});
    ++i;
  }
  Json out{{"verdict", name(d.verdict)},
           {"reason", name(d.reason)},
           {"class", name(entry(d.reason).cls)},
           {"text", entry(d.reason).text},
           {"mend", entry(d.reason).mend},
           {"authenticator", name(d.authenticator)},
           {"principal", std::string(d.principal)},
           {"principal_verified", d.principal_verified},
           {"is_superuser", d.is_superuser},
           {"expires_at", or_null(d.expires_at)},
           {"key", d.key ? Json(d.key->label()) : Json()},
           {"steps", std::move(steps)}};
  Json better = Json::array();
  if (d.verdict != Verdict::allow)
    if (const auto change = smallest_change(attempt, **snapshot, now, true))
      for (const std::string& one : change->changes) better.push_back(one);
  out["smallest_change"] = std::move(better);
  const bool law = !changes || changes->empty();
  out["revision"] = law ? or_null(desk.house().engine.status().revision) : Json();
  if (password) wipe(*password);
  return reply(std::move(out));
}

Outcome test_topic(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string action = members.text("action"), topic = members.text("topic", true, 1);
  const std::int64_t qos = members.integer("qos", 0, 2).value_or(0);
  const bool retain = members.boolean("retain").value_or(false);
  const std::string principal = members.maybe_text("principal").value_or("");
  const std::string client_id = members.maybe_text("client_id").value_or("");
  const bool proved = members.boolean("client_id_proved").value_or(true);
  const std::vector<std::string> groups = members.texts("groups");
  const std::string address = members.maybe_text("address").value_or("");
  const bool is_superuser = members.boolean("is_superuser").value_or(false);
  const Json* changes = members.any("changes");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (action != "publish" && action != "subscribe")
    return unexpected(problem(400, "invalid", "the action is neither publish nor subscribe", "", "action"));
  if (topic.size() > 65'535) return unexpected(problem(422, "invalid", "the topic is too long", "", "topic"));

  Result<LoadedSettings, Problem> loaded = settings_with(desk, changes);
  if (!loaded) return unexpected(loaded.error());
  auto policy = std::make_shared<TopicPolicy>();
  policy->no_match = loaded->settings.topics.no_match;
  auto compiled = SettingsTopicRules::compile(loaded->settings.topic_rules);
  if (!compiled) return unexpected(problem_of(compiled.error(), "topic_rules"));
  policy->rules = std::move(*compiled);

  Decision who;
  who.verdict = Verdict::allow;
  who.principal = principal;
  who.principal_verified = !principal.empty();
  who.client_id_bound = proved && !client_id.empty();
  who.is_superuser = is_superuser;
  who.groups = groups;
  TopicRequest request;
  request.action = action == "publish" ? TopicAction::publish : TopicAction::subscribe;
  request.topic = topic;
  request.qos = static_cast<std::uint8_t>(qos);
  request.retain = retain;
  request.peer_address = address;
  const TopicVerdict verdict = TopicRights(who, client_id).check(request, policy);
  static constexpr std::string_view kAnswers[] = {"allow", "deny", "defer"};

  // The first rule that, alone, has an answer is the one that wins.
  Json rule;
  std::string by = "no_match", why;
  const TopicSubject subject{principal, who.principal_verified, client_id, who.client_id_bound, groups};
  const std::vector<TopicRuleSetting>& rules = loaded->settings.topic_rules;
  if (is_superuser) {
    by = "superuser";
    why = "a superuser may do everything";
  }
  for (std::size_t i = 0; i < rules.size() && !is_superuser && rule.is_null(); ++i) {
    const auto alone = SettingsTopicRules::compile({rules[i]});
    const auto filled = alone ? alone->for_subject(subject) : nullptr;
    if (!filled || filled->check(request) == TopicAnswer::no_match) continue;
    by = "rule";
    rule = i;
    std::string topics;
    for (const std::string& one : rules[i].topics) topics += (topics.empty() ? "" : ", ") + one;
    why = fmt::format("rule {} {} it: {}", i + 1, rules[i].allows ? "allows" : "denies", topics);
  }
  if (by == "no_match") {
    const bool reserved = is_reserved_topic(topic) && policy->no_match == NoMatch::allow;
    by = reserved ? "system_topic" : by;
    why = reserved ? "no rule names it, and topics under $SYS and $CONTROL need one that does"
                   : fmt::format("no rule speaks of it, and no_match under [topics] is \"{}\"", name(policy->no_match));
  }
  return reply({{"answer", kAnswers[static_cast<std::size_t>(verdict)]}, {"by", by}, {"rule", rule}, {"why", why}});
}

}  // namespace sallyport::daemon
