// status, why, keys and session end over --server. What is asked of a broker's control
// socket is brought into the same shape, so that it is printed by the same hand.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands/remote.h"
#include "cli/output.h"
#include "cli/reply.h"

namespace sallyport::cli {
namespace {

using nlohmann::json;

// One decision of the REST as `why` of the control socket has it.
json decision_of(const json& one) {
  json out = one;
  json lines = json::array();
  if (const json& steps = member(one, "steps"); steps.is_array())
    for (const json& step : steps) lines.push_back(member(step, "text"));
  out["explanation"] = std::move(lines);
  return out;
}

std::int64_t number_in(const json& decision) { return number(decision, "number"); }

}  // namespace

void remote_status(const ServerPlace& place, bool as_json) {
  ServerClient server(place, as_json);
  const json overview = server.get("/overview").body;
  if (as_json) return print_reply(overview);
  const json& health = member(overview, "health");
  fmt::print("{}\n", yes(health, "ready") ? "ready" : "not ready");
  for (const std::string& cause : texts(member(health, "not_ready"))) fmt::print("  not ready: {}\n", cause);
  for (const std::string& cause : texts(member(health, "degraded"))) fmt::print("  degraded: {}\n", cause);
  std::vector<std::vector<std::string>> rows{{"PROCESS", "ANSWERS", "REVISION", "SESSIONS"}};
  if (const json& processes = member(overview, "processes"); processes.is_array())
    for (const json& one : processes) {
      const auto count = [&](const char* name) {
        return member(one, name).is_number_integer() ? std::to_string(number(one, name)) : std::string("-");
      };
      rows.push_back({text(one, "name"), yes(one, "answers") ? "yes" : "no: " + text(one, "cause"), count("revision"),
                      count("sessions")});
    }
  std::fputs(table(rows).c_str(), stdout);
}

json remote_decisions(const ServerPlace& place, const std::optional<std::string>& client_id, int last, bool as_json) {
  ServerClient server(place, as_json);
  std::vector<json> found;
  const auto take = [&](Query query) {
    for (json& one : server.list("/decisions", std::move(query), static_cast<std::size_t>(last)).items)
      found.push_back(std::move(one));
  };
  if (client_id) {
    take({{"client_id", *client_id}});
  } else {
    take({{"verdict", "deny"}});
    take({{"verdict", "unavailable"}});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const json& a, const json& b) { return number_in(a) > number_in(b); });
  if (found.size() > static_cast<std::size_t>(last)) found.resize(static_cast<std::size_t>(last));
  json out = json::array();
  for (const json& one : found) out.push_back(decision_of(server.get("/decisions/" + encoded(text(one, "id"))).body));
  return {{"decisions", std::move(out)}};
}

json remote_keys(const ServerPlace& place, bool as_json) {
  ServerClient server(place, as_json);
  json out = server.get("/keys").body;
  if (const auto sources = out.find("sources"); sources != out.end() && sources->is_array())
    for (json& source : *sources) {
      source["next_due_in_ms"] = number(source, "next_due_in") * 1000;
      source["allowed_in_ms"] = number(source, "allowed_in") * 1000;
      if (member(source, "last_outcome").is_string())
        source["last"] = {{"outcome", source["last_outcome"]}, {"text", member(source, "last_detail")}};
    }
  return out;
}

void remote_refresh_keys(const ServerPlace& place, const std::optional<std::string>& source, bool as_json) {
  ServerClient server(place, as_json);
  json body = json::object();
  if (source) body["source"] = *source;
  server.send("POST", "/keys/refresh", body);
}

std::size_t remote_end_sessions(const ServerPlace& place, const std::vector<std::string>& where, std::size_t a_second,
                                bool dry_run, bool as_json) {
  ServerClient server(place, as_json);
  const json answer =
      server.send("POST", "/sessions/end", {{"where", where}, {"a_second", a_second}, {"dry_run", dry_run}}).body;
  if (const json& unable = member(answer, "unable"); unable.is_array() && !as_json)
    for (const json& one : unable)
      std::fprintf(stderr, "%s does not count: %s\n", text(one, "process").c_str(), text(one, "cause").c_str());
  return static_cast<std::size_t>(number(answer, "sessions"));
}

}  // namespace sallyport::cli
