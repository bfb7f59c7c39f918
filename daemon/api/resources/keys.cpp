// Where keys come from, how they do, and the doctor.
#include "control/key_report.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"
#include "engine/seat_keys.h"
#include "keys/source_url.h"
#include "net/doctor.h"

namespace sallyport::daemon {
namespace {

constexpr UnixSeconds kDay = 86'400;

void fill_key(Json& key) {
  for (const char* name : {"thumbprint", "bits", "since", "kid"})
    if (!key.contains(name)) key[name] = nullptr;
}

void add_uses(ApiDesk& desk, Json& key) {
  const auto uses =
      desk.decisions.uses_of_key(key.value("label", ""), desk.house().engine.clock().unix_seconds() - kDay, 0);
  key["decisions"] = uses ? Json(uses->decisions) : Json();
}

// How many sessions came in by each key. Null where no broker tells.
void add_sessions(ApiDesk& desk, const std::vector<Json*>& keys) {
  Json labels = Json::array();
  for (Json* key : keys) {
    (*key)["sessions"] = nullptr;
    if (labels.size() < 4096) labels.push_back(key->value("label", ""));
  }
  for (std::size_t i = 0; i < desk.house().watch.brokers(); ++i) {
    const Result<Json> answer = desk.house().watch.ask_broker(i, {{"verb", "session_keys"}, {"labels", labels}});
    if (!answer || !answer->contains("counts")) continue;
    const Json& counts = (*answer)["counts"];
    for (std::size_t k = 0; k < labels.size() && k < counts.size(); ++k) {
      Json& sessions = (*keys[k])["sessions"];
      sessions = (sessions.is_null() ? 0 : sessions.get<std::int64_t>()) + counts[k].get<std::int64_t>();
    }
  }
}

// The keys of the first broker that answers, else our own.
std::pair<std::string, Json> report(ConsoleHouse& house) {
  for (std::size_t i = 0; i < house.watch.brokers(); ++i)
    if (Result<Json> answer = house.watch.ask_broker(i, {{"verb", "keys"}}); answer && answer->contains("sources"))
      return {house.watch.broker_name(i), std::move(*answer)};
  return {"sallyportd", control::keys_report(house.engine)};
}

}  // namespace

Json key_json(const VerificationKey& key) {
  Json out = control::to_json(key);
  fill_key(out);
  return out;
}

Json key_source_json(const Json& s, const std::string& process) {
  Json keys = s.value("keys", Json::array());
  for (Json& key : keys) {
    fill_key(key);
    key["issuer"] = s.value("name", "");
  }
  const Json last = s.value("last", Json::object());
  const auto member = [&](const char* name) { return s.contains(name) ? s[name] : Json(); };
  return {{"name", s.value("name", "")},
          {"address", s.value("address", "")},
          {"state", s.value("state", "unavailable")},
          {"keys", std::move(keys)},
          {"skipped", s.value("skipped", Json::array())},
          {"confirmed_at", member("confirmed_at")},
          {"failing_since", member("failing_since")},
          {"last_outcome", last.contains("outcome") ? last["outcome"] : Json()},
          {"last_detail",
           last.value("text", "") + (last.value("detail", "").empty() ? "" : ": " + last.value("detail", ""))},
          {"next_due_in", (s.value("next_due_in_ms", std::int64_t{0}) + 999) / 1000},
          {"allowed_in", (s.value("allowed_in_ms", std::int64_t{0}) + 999) / 1000},
          {"attempts", s.value("attempts", std::int64_t{0})},
          {"keys_added", s.value("keys_added", std::int64_t{0})},
          {"keys_removed", s.value("keys_removed", std::int64_t{0})},
          {"in_flight", s.value("in_flight", false)},
          {"from_disk", s.value("from_disk", false)},
          {"outcomes", s.value("outcomes", Json::object())},
          {"process", process}};
}

Outcome list_keys(ApiDesk& desk, const Call&) {
  auto [process, found] = report(desk.house());
  Json sources = Json::array(), local = Json::array();
  for (const Json& one : found["sources"]) {
    Json source = key_source_json(one, process);
    for (Json& key : source["keys"]) add_uses(desk, key);
    sources.push_back(std::move(source));
  }
  for (Json key : found["local"]) {
    fill_key(key);
    add_uses(desk, key);
    local.push_back(std::move(key));
  }
  std::vector<Json*> keys;
  for (Json& source : sources)
    for (Json& key : source["keys"]) keys.push_back(&key);
  for (Json& key : local) keys.push_back(&key);
  add_sessions(desk, keys);
  Json history = Json::array();
  for (const KeyChange& one : desk.house().watch.key_changes())
    if (one.process == process)
      history.push_back({{"at", one.at}, {"source", one.source}, {"added", one.added}, {"removed", one.removed}});
  return reply({{"process", process},
                {"sources", std::move(sources)},
                {"local", std::move(local)},
                {"history", std::move(history)}});
}

Outcome refresh_keys(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::optional<std::string> source = members.maybe_text("source");
  if (auto fault = members.fault()) return unexpected(*fault);
  int asked = desk.house().engine.refresh_keys(source) ? 1 : 0;
  Json question{{"verb", "refresh"}};
  if (source) question["source"] = *source;
  for (std::size_t i = 0; i < desk.house().watch.brokers(); ++i)
    if (desk.house().watch.ask_broker(i, question)) ++asked;
  if (asked == 0)
    return unexpected(
        problem(404, "not_found",
                source ? "no issuer of that name has keys on the network" : "no keys come from the network here",
                "set jwks_url or issuer_discovery under [jwt]", "source"));
  Reply out = reply({{"asked", asked}}, 202);
  out.subject = source.value_or("");
  return out;
}

Outcome examine_source(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string address = members.text("address", true, 1);
  const bool discover = members.boolean("discover").value_or(false);
  const Json* changes = members.any("changes");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (changes && !changes->is_object())
    return unexpected(problem(400, "invalid", "changes is no object of settings", "", "changes"));
  if (address.size() > 4096)
    return unexpected(problem(422, "invalid", "the address is longer than 4096 characters", "", "address"));
  if (const auto url = parse_source_url(address); !url) return unexpected(problem_of(url.error(), "address"));
  // How a fetch is made is the settings': authorities, headers, proxy, what may be asked at all. Headers of a
  // configured host go to no other address. A draft counts for those alone who could make it law: in anybody else's it
  // would send the headers that are kept, or a file that it names, wherever he likes.
  FetchOptions options;
  Result<LoadedSettings, Problem> loaded =
      settings_with(desk, covers(call.caller.role, Role::administrator) ? changes : nullptr);
  if (loaded) {
    const JwksSettings& jwks = loaded->settings.jwt.jwks;
    options.timeout_ms = jwks.timeout * 1000;
    options.ca_file = jwks.ca_file;
    options.allow_http = jwks.allow_http;
    options.allow_hosts = jwks.allow_hosts;
    options.proxy = jwks.proxy;
    for (const KeySourceSettings& source : key_sources_of(loaded->settings.jwt))
      if ((source.url.empty() ? source.discovery_issuer : source.url) == address && source.options) {
        const FetchOptions& theirs = *source.options;
        options.timeout_ms = theirs.timeout_ms;
        options.ca_file = theirs.ca_file;
        options.client_cert = theirs.client_cert;
        options.client_key = theirs.client_key;
        options.proxy = theirs.proxy;
        options.allow_http = theirs.allow_http;
        options.allow_hosts = theirs.allow_hosts;
        for (const auto& [name, value] : theirs.headers) options.headers.emplace_back(name, value.clone());
      }
  }
  const DoctorReport report = examine_source(address, discover, options, desk.house().engine.clock());
  Json steps = Json::array();
  for (const DoctorStep& step : report.steps)
    steps.push_back({{"good", step.good},
                     {"what", step.what},
                     {"found", step.found},
                     {"cause", step.cause},
                     {"cure", step.cure},
                     {"reason", step.reason}});
  return reply({{"good", report.good()}, {"steps", std::move(steps)}});
}

Outcome who_uses_key(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string label = members.text("label");
  if (auto fault = members.fault()) return unexpected(*fault);
  const auto uses = desk.decisions.uses_of_key(label, desk.house().engine.clock().unix_seconds() - kDay, 100);
  if (!uses) return unexpected(uses.error());
  // Who of them is connected now.
  Json key{{"label", label}};
  add_sessions(desk, {&key});
  return reply({{"sessions", key["sessions"].is_null() ? Json(0) : key["sessions"]},
                {"devices", uses->devices},
                {"decisions", uses->decisions},
                {"examples", uses->examples}});
}

}  // namespace sallyport::daemon
