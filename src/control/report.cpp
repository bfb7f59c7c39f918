#include "control/report.h"

#include <nlohmann/json.hpp>

#include "base/reason.h"
#include "engine/explain.h"

namespace sallyport::control {
namespace {
using nlohmann::json;

std::string_view name_of(ValueOrigin origin) {
  switch (origin) {
    case ValueOrigin::file:
      return "file";
    case ValueOrigin::store:
      return "store";
    case ValueOrigin::fallback:
      return "default";
  }
  return "";
}

json to_json(const std::vector<Error>& errors) {
  json list = json::array();
  for (const Error& e : errors) {
    json one{{"cause", e.cause}};
    if (!e.place.empty()) one["place"] = e.place;
    if (!e.hint.empty()) one["hint"] = e.hint;
    list.push_back(std::move(one));
  }
  return list;
}
}  // namespace

json to_json(const EngineStatus& s) {
  json sources = json::array();
  for (const SourceReport& one : s.key_sources)
    sources.push_back({{"name", one.name},
                       {"address", one.address},
                       {"state", name(one.state)},
                       {"keys", one.keys.size()},
                       {"confirmed_at", one.confirmed_at ? json(*one.confirmed_at) : json()}});
  json thefts = json::array();
  for (const TokenSuspicion& t : s.thefts)
    thefts.push_back({{"at", t.at},
                      {"client_id", t.client_id},
                      {"other_client_id", t.other_client_id},
                      {"address", t.address},
                      {"other_address", t.other_address}});
  json settings = json::array();
  for (const ShownValue& v : s.settings)
    settings.push_back({{"name", v.name}, {"value", v.value}, {"origin", name_of(v.origin)}, {"place", v.place}});
  return {
      {"version", s.version},
      {"config_file", s.config_file},
      {"revision", s.revision ? json(*s.revision) : json()},
      {"settings_file_changed", s.settings_file_changed},
      {"loaded_at", s.loaded_at},
      {"mode", name(s.mode)},
      {"no_match", name(s.no_match)},
      {"password", {{"enabled", s.password_enabled}}},
      {"topics", {{"no_match", name(s.topics_no_match)}, {"rules", s.topic_rules}}},
      {"users", s.users},
      {"users_ready", s.users_ready},
      {"weak_hashes", s.weak_hashes},
      {"revocations", s.revocations},
      {"blocks", s.blocks},
      {"suspected_thefts", s.suspected_thefts},
      {"thefts", std::move(thefts)},
      {"jwt",
       {{"enabled", s.jwt_enabled}, {"from", s.token_source}, {"keys", s.keys}, {"sources", std::move(sources)}}},
      {"health",
       {{"alive", true},
        {"ready", s.health.ready},
        {"not_ready", s.health.not_ready},
        {"degraded", s.health.degraded}}},
      {"signatures", s.signatures},
      {"settings", std::move(settings)},
  };
}

json to_json(const KeptDecision& d) {
  json steps = json::array();
  for (const KeptStep& s : d.steps) {
    json step{{"authenticator", name(s.who)}, {"passed", s.passed}};
    if (!s.passed) step["reason"] = name(s.reason);
    if (!s.subject.empty()) step["subject"] = s.subject;
    if (s.number) step["number"] = s.number;
    steps.push_back(std::move(step));
  }
  return {
      {"number", d.number},
      {"at", d.at},
      {"client_id", d.client_id},
      {"username", d.username},
      {"address", d.address},
      {"verdict", name(d.verdict)},
      {"reason", name(d.reason)},
      {"class", name(entry(d.reason).cls)},
      {"text", entry(d.reason).text},
      {"mend", entry(d.reason).mend},
      {"authenticator", name(d.authenticator)},
      {"principal", d.principal},
      {"key", d.key},
      {"token", d.token_fingerprint},
      {"expires_at", d.expires_at ? json(*d.expires_at) : json()},
      {"steps", std::move(steps)},
      // As of the decision: "expired 92 s ago" is about that moment, not about the moment of asking.
      {"explanation", explain_steps(d.steps, {.show_values = false, .now = d.at})},
  };
}

json to_json(const ReloadOutcome& outcome) {
  return {{"applied", outcome.applied}, {"faults", to_json(outcome.faults)}, {"warnings", to_json(outcome.warnings)}};
}

}  // namespace sallyport::control
