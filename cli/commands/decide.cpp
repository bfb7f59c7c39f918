#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "auth/topic_rights.h"
#include "base/secret.h"
#include "base/uninterrupted.h"
#include "cli/command.h"
#include "cli/commands/decide_batch.h"
#include "cli/output.h"
#include "engine/engine.h"
#include "engine/explain.h"
#include "engine/what_if.h"

namespace sallyport::cli {
namespace {

struct DecideOptions {
  std::string config, batch;
  std::optional<std::string> username, client_id, auth_method;
  std::vector<std::string> publish, subscribe;
  std::string peer = "127.0.0.1";
  bool password_stdin = false, show_values = false, json = false;
  std::optional<std::int64_t> now;
};

// What a client that is let in may do with a topic.
struct TopicLine {
  std::string_view action;
  std::string topic;
  TopicVerdict verdict{};
  TopicBasis basis{};
};

std::string_view name_of(TopicVerdict verdict) {
  switch (verdict) {
    case TopicVerdict::allow:
      return "allow";
    case TopicVerdict::deny:
      return "deny";
    case TopicVerdict::defer:
      return "defer";
  }
  return "";
}
std::string_view name_of(TopicBasis basis) {
  switch (basis) {
    case TopicBasis::superuser:
      return "superuser";
    case TopicBasis::token:
      return "token";
    case TopicBasis::settings:
      return "topic_rules";
    case TopicBasis::no_match:
      return "no_match";
  }
  return "";
}

std::vector<TopicLine> ask_topics(const DecideOptions& options, const Decision& decision,
                                  const GateSnapshot& snapshot) {
  std::vector<TopicLine> lines;
  if (decision.verdict != Verdict::allow) return lines;
  const TopicRights rights(decision, options.client_id.value_or(""));
  const auto ask = [&](TopicAction action, std::string_view name, const std::string& topic) {
    TopicRequest request;
    request.action = action;
    request.topic = topic;
    request.qos = 0;
    request.retain = false;
    request.peer_address = options.peer;
    TopicLine line{name, topic, TopicVerdict::deny, TopicBasis::no_match};
    line.verdict = rights.check(request, snapshot.topics, &line.basis);
    lines.push_back(std::move(line));
  };
  for (const std::string& topic : options.publish) ask(TopicAction::publish, "publish", topic);
  for (const std::string& topic : options.subscribe) ask(TopicAction::subscribe, "subscribe", topic);
  return lines;
}

[[noreturn]] void fail_to_load(const LoadFailure& failure, bool json) {
  if (json) {
    nlohmann::json faults = nlohmann::json::array();
    for (const Error& fault : failure.faults)
      faults.push_back({{"place", fault.place}, {"cause", fault.cause}, {"hint", fault.hint}});
    std::puts(nlohmann::json{{"error", "the settings do not load"}, {"faults", std::move(faults)}}
                  .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  .c_str());
  } else {
    for (const Error& fault : failure.faults) std::fprintf(stderr, "sallyport: %s\n", fault.to_text().c_str());
  }
  throw ExitWith{kEnvironment};
}

std::unique_ptr<Engine> open_engine(const DecideOptions& options) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(options.config, error);
  EngineOptions made;
  made.config_path = error ? options.config : path.lexically_normal().string();
  made.with_memory = false;
  made.accepts_postgres = true;
  auto engine = Engine::open(std::move(made));
  if (!engine) fail_to_load(engine.error(), options.json);
  return std::move(*engine);
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return kYes;
    case Verdict::deny:
    case Verdict::ignore:
      return kRefused;
    case Verdict::unavailable:
      return kEnvironment;
  }
  return kEnvironment;
}

// Why a change is not asked for, where none is shown.
std::string_view no_change(const Decision& decision) {
  return decision.verdict == Verdict::unavailable ? "cannot be told until the gate can decide"
                                                  : "no change of clock or settings lets it in";
}

// Who was let in is the decision's own answer; whose token was refused is a claim's value like any other.
bool principal_shown(const Decision& decision, const DecideOptions& options) {
  return !decision.principal.empty() &&
         (decision.verdict == Verdict::allow || !decision.principal_verified || options.show_values);
}

void print_text(const DecideOptions& options, const Decision& decision, const std::vector<std::string>& steps,
                const std::optional<WhatIf>& what_if, GateMode mode, const std::vector<TopicLine>& topics) {
  const ReasonEntry& why = entry(decision.reason);
  std::string out = fmt::format("verdict: {}\nreason: {}: {}\n", name(decision.verdict), why.name, why.text);
  if (principal_shown(decision, options))
    out += fmt::format("principal: {}{}\n", printable(decision.principal),
                       decision.principal_verified ? "" : " (unverified: CONNECT's own say)");
  if (decision.expires_at) out += fmt::format("expires_at: {}\n", *decision.expires_at);
  if (mode == GateMode::observe)
    out += "mode: observe (the broker is told nothing of this; its other plugins and files answer)\n";
  if (!steps.empty()) out += "steps:\n";
  for (const std::string& step : steps) out += fmt::format("  {}\n", step);
  if (!topics.empty()) out += "topics:\n";
  for (const TopicLine& line : topics)
    out += fmt::format("  {} {}: {} (by {})\n", line.action, printable(line.topic), name_of(line.verdict),
                       name_of(line.basis));
  if (decision.verdict != Verdict::allow) {
    if (!why.mend.empty()) out += fmt::format("what to do: {}\n", why.mend);
    if (what_if && what_if->changes.size() == 1)
      out += fmt::format("it would pass with: {}\n", what_if->changes.front());
    else if (what_if)
      out += fmt::format("it would pass with both: {}\n                    and: {}\n", what_if->changes.front(),
                         what_if->changes.back());
    else
      out += fmt::format("it would pass with: {}\n", no_change(decision));
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
}

void print_json(const DecideOptions& options, const Decision& decision, const std::vector<std::string>& steps,
                const std::optional<WhatIf>& what_if, GateMode mode, const std::vector<TopicLine>& topics) {
  const ReasonEntry& why = entry(decision.reason);
  nlohmann::ordered_json out{{"verdict", name(decision.verdict)},
                             {"reason", why.name},
                             {"reason_class", name(why.cls)},
                             {"text", why.text},
                             {"mend", why.mend},
                             {"authenticator", name(decision.authenticator)},
                             {"principal", nullptr},
                             {"principal_verified", decision.principal_verified},
                             {"superuser", decision.is_superuser},
                             {"expires_at", nullptr},
                             {"mode", name(mode)},
                             {"steps", steps},
                             {"would_pass_with", nullptr}};
  if (principal_shown(decision, options)) out["principal"] = decision.principal;
  if (decision.expires_at) out["expires_at"] = *decision.expires_at;
  if (what_if) out["would_pass_with"] = what_if->changes;
  if (!options.publish.empty() || !options.subscribe.empty()) {
    out["topics"] = nlohmann::ordered_json::array();
    for (const TopicLine& line : topics)
      out["topics"].push_back({{"action", line.action},
                               {"topic", line.topic},
                               {"verdict", name_of(line.verdict)},
                               {"by", name_of(line.basis)}});
  }
  std::puts(out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
}

int decide_one(const DecideOptions& options) {
  const std::unique_ptr<Engine> engine = open_engine(options);
  // Longer than any field that MQTT can carry: the decision itself then says field_too_long.
  std::string password = options.password_stdin ? read_stdin(kMaxBatchLine, true) : std::string{};
  ConnectAttempt attempt;
  if (options.username) attempt.username = *options.username;
  if (options.client_id) attempt.client_id = *options.client_id;
  if (options.auth_method) {
    attempt.auth_method = *options.auth_method;
    if (options.password_stdin) attempt.auth_data = password;
  } else if (options.password_stdin) {
    attempt.password = password;
  }
  attempt.peer = {options.peer, Transport::mqtt_tcp};
  Moment now = engine->clock().now();
  if (options.now) now.unix_seconds = *options.now;

  const std::shared_ptr<const GateSnapshot> snapshot = engine->snapshot();
  const auto work = std::make_unique<Workspace>();
  const Decision decision = decide(attempt, *snapshot, now, *work);
  const std::vector<std::string> steps =
      explain_steps(work->trace, {options.show_values, now.unix_seconds, {attempt.username, attempt.client_id}});
  std::optional<WhatIf> what_if;
  if (decision.verdict != Verdict::allow) what_if = smallest_change(attempt, *snapshot, now, options.show_values);
  const std::vector<TopicLine> topics = ask_topics(options, decision, *snapshot);
  if (options.json)
    print_json(options, decision, steps, what_if, snapshot->mode, topics);
  else
    print_text(options, decision, steps, what_if, snapshot->mode, topics);
  wipe(password);
  for (const TopicLine& line : topics)
    if (line.verdict == TopicVerdict::deny) return kRefused;
  return exit_code(decision.verdict);
}

int decide_batch(const DecideOptions& options) {
  int input = STDIN_FILENO;
  if (options.batch != "-") {
    input = uninterrupted([&] { return ::open(options.batch.c_str(), O_RDONLY | O_CLOEXEC); });
    if (input < 0)
      fail({ErrorKind::kNotFound, fmt::format("{}: {}", printable(options.batch), std::strerror(errno)),
            "\"-\" reads standard input", ""},
           kUsage, false);
  }
  const std::unique_ptr<Engine> engine = open_engine(options);
  const std::shared_ptr<const GateSnapshot> snapshot = engine->snapshot();
  const int code = run_batch(input, *snapshot, engine->clock());
  if (input != STDIN_FILENO) ::close(input);
  return code;
}

}  // namespace

void add_decide_command(CLI::App& app) {
  auto options = std::make_shared<DecideOptions>();
  CLI::App* command = app.add_subcommand("decide", "what the gate would say to a client, step by step, and why");
  command->add_option("--config", options->config, "settings file")->required();
  CLI::Option* username =
      command->add_option("--username", options->username, "user name; left out: the client shows none");
  CLI::Option* client_id = command->add_option("--clientid", options->client_id, "client id");
  CLI::Option* peer = command->add_option("--peer", options->peer, "the client's address (127.0.0.1)");
  CLI::Option* password = command->add_flag("--password-stdin", options->password_stdin,
                                            "read the password (or token) from standard input");
  CLI::Option* method = command->add_option("--auth-method", options->auth_method,
                                            "MQTT 5's authentication method; standard input is then its data");
  CLI::Option* publish =
      command->add_option("--publish", options->publish, "a topic that it would publish to; may be given again");
  CLI::Option* subscribe =
      command->add_option("--subscribe", options->subscribe, "a filter that it would subscribe to; may be given again");
  for (CLI::Option* list : {publish, subscribe}) list->allow_extra_args(false);
  CLI::Option* values =
      command->add_flag("--show-values", options->show_values, "show expected and found values of claims");
  command->add_flag("--json", options->json, "one JSON object (with --batch it is always one a line)");
  CLI::Option* now = command->add_option("--now", options->now, "decide as of this moment, in seconds since 1970");
  CLI::Option* batch = command->add_option("--batch", options->batch,
                                           "one JSON object a line from a file or \"-\", one decision a line out");
  for (CLI::Option* single : {username, client_id, peer, password, values, now, method, publish, subscribe})
    batch->excludes(single);
  command->footer(
      "Example: printf %s \"$TOKEN\" | sallyport decide --config sallyport.toml --clientid dev-1 --password-stdin\n"
      "         … --clientid dev-1 --password-stdin --publish devices/dev-1/up --subscribe 'devices/dev-1/#'\n"
      "         sallyport decide --config sallyport.toml --batch - < attempts.jsonl\n"
      "A line: "
      "{\"id\":1,\"username\":\"u\",\"clientid\":\"c\",\"password\":\"p\",\"peer\":\"192.0.2.1\",\"now\":1700000000}; "
      "what is left out or\n"
      "null is absent. Exit codes: 0 let in (and allowed the topics), 1 refused, denied or handed on, 2 usage (batch: "
      "a line that cannot be read), 3 "
      "cannot decide.");
  command->callback(
      [options] { throw ExitWith{options->batch.empty() ? decide_one(*options) : decide_batch(*options)}; });
}

}  // namespace sallyport::cli
