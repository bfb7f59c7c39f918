// How it goes.
#include <algorithm>

#include "base/reason.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {
namespace {

Json verdicts_json(const ByVerdict& n) {
  return {{"allow", n[0]}, {"deny", n[1]}, {"ignore", n[2]}, {"unavailable", n[3]}};
}

Json health_of(const Json& status) {
  const Json health = status.value("health", Json::object());
  return {{"ready", health.value("ready", false)},
          {"not_ready", health.value("not_ready", Json::array())},
          {"degraded", health.value("degraded", Json::array())}};
}

Json process_json(const ProcessState& p) {
  Json health = p.answers ? health_of(p.status)
                          : Json{{"ready", false}, {"not_ready", Json::array({p.cause})}, {"degraded", Json::array()}};
  const auto member = [&](const char* name) { return p.answers && p.status.contains(name) ? p.status[name] : Json(); };
  return {{"name", p.name},
          {"kind", p.kind},
          {"answers", p.answers},
          {"cause", p.cause.empty() ? Json() : Json(p.cause)},
          {"version", member("version")},
          {"revision", member("revision")},
          {"started_at", p.started_at ? Json(p.started_at) : Json()},
          {"sessions", p.answers && p.kind == "broker" ? Json(p.sessions) : Json()},
          {"health", std::move(health)}};
}

// The causes of all, each once, with its process.
Json whole_health(const std::vector<ProcessState>& processes) {
  Json not_ready = Json::array(), degraded = Json::array();
  for (const ProcessState& p : processes) {
    const Json one = process_json(p)["health"];
    for (const Json& cause : one["not_ready"]) not_ready.push_back(p.name + ": " + cause.get<std::string>());
    for (const Json& cause : one["degraded"]) degraded.push_back(p.name + ": " + cause.get<std::string>());
  }
  const bool ready = not_ready.empty();
  return {{"ready", ready}, {"not_ready", std::move(not_ready)}, {"degraded", std::move(degraded)}};
}

Json lately(ApiDesk& desk) {
  Json out = Json::array();
  if (const Result<Store*, Problem> store = desk.store())
    if (const auto revisions = (*store)->list_settings(10))
      for (const SettingsRevision& r : *revisions)
        out.push_back({{"at", r.created_at},
                       {"who", r.author},
                       {"what", r.comment.empty() ? "settings" : "settings: " + r.comment},
                       {"revision", r.number}});
  return out;
}

}  // namespace

Outcome get_overview(ApiDesk& desk, const Call&) {
  ConsoleHouse& house = desk.house();
  const std::vector<ProcessState> processes = house.watch.processes();
  const HourSeries hour = house.watch.series();
  Json list = Json::array(), sources = Json::array();
  ByVerdict totals{};
  std::int64_t sessions = 0;
  for (const ProcessState& p : processes) {
    list.push_back(process_json(p));
    sessions += p.sessions;
    const ByVerdict theirs = p.counts.totals();
    for (std::size_t v = 0; v < totals.size(); ++v) totals[v] += theirs[v];
  }
  // The sources of the first broker, else of the daemon: what its decisions use.
  const auto keys = list_keys(desk, {});
  if (keys) sources = keys->body["sources"];
  Json refused = Json::array();
  for (const auto& [reason, n] : hour.refused) {
    const std::optional<Reason> known = reason_from_name(reason);
    if (known)
      refused.push_back(
          {{"reason", reason}, {"text", entry(*known).text}, {"class", name(entry(*known).cls)}, {"count", n}});
  }
  std::stable_sort(refused.begin(), refused.end(),
                   [](const Json& a, const Json& b) { return a["count"] > b["count"]; });
  Json series{{"from", hour.from}, {"step", HourSeries::kStep}, {"sessions", hour.sessions}};
  static constexpr const char* kNames[] = {"allow", "deny", "ignore", "unavailable"};
  for (std::size_t v = 0; v < 4; ++v) {
    Json values = Json::array();
    for (const ByVerdict& step : hour.decisions) values.push_back(step[v]);
    series[kNames[v]] = std::move(values);
  }
  const EngineStatus own = house.engine.status();
  return reply(
      {{"now", house.engine.clock().unix_seconds()},
       {"processes", std::move(list)},
       {"health", whole_health(processes)},
       {"rates",
        {{"allow", hour.rates[0]}, {"deny", hour.rates[1]}, {"ignore", hour.rates[2]}, {"unavailable", hour.rates[3]}}},
       {"totals", verdicts_json(totals)},
       {"sessions", sessions},
       {"refused_last_hour", std::move(refused)},
       {"series", std::move(series)},
       {"key_sources", std::move(sources)},
       {"users", {{"total", own.users}, {"weak_hashes", own.weak_hashes}}},
       {"lately", lately(desk)}});
}

Outcome list_authenticators(ApiDesk& desk, const Call&) {
  const EngineStatus own = desk.house().engine.status();
  DecisionCounts sum;
  UnixSeconds since = 0;
  for (const ProcessState& p : desk.house().watch.processes()) {
    since = std::max(since, p.started_at);
    for (std::size_t a = 0; a < 3; ++a) sum.seconds[a] += p.counts.seconds[a];
    for (std::size_t v = 0; v < 4; ++v)
      for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t r = 0; r < kReasonCount; ++r) sum.by[v][a][r] += p.counts.by[v][a][r];
  }
  const auto said = [&](Verdict verdict, Authenticator who) {
    std::uint64_t n = 0;
    for (const std::uint64_t one : sum.by[static_cast<std::size_t>(verdict)][static_cast<std::size_t>(who)]) n += one;
    return n;
  };
  const ByVerdict totals = sum.totals();
  const std::uint64_t all = totals[0] + totals[1] + totals[2] + totals[3];
  Json items = Json::array();
  std::uint64_t asked = all;  // each is asked what the ones before it left
  for (const auto& [who, enabled] :
       {std::pair(Authenticator::password, own.password_enabled), std::pair(Authenticator::jwt, own.jwt_enabled)}) {
    const std::uint64_t allowed = said(Verdict::allow, who), denied = said(Verdict::deny, who),
                        unavailable = said(Verdict::unavailable, who);
    const std::uint64_t mine = allowed + denied + unavailable;
    const std::uint64_t seen = enabled ? asked : 0;
    items.push_back(
        {{"name", name(who)},
         {"enabled", enabled},
         {"asked", seen},
         {"allowed", allowed},
         {"denied", denied},
         {"unavailable", unavailable},
         {"average_us",
          mine ? Json(sum.seconds[static_cast<std::size_t>(who)] * 1e6 / static_cast<double>(mine)) : Json()},
         {"not_mine", seen > mine ? seen - mine : 0}});
    asked = asked > mine ? asked - mine : 0;
  }
  return reply({{"items", std::move(items)}, {"no_match", name(own.no_match)}, {"since", since}});
}

}  // namespace sallyport::daemon
