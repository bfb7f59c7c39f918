#include "control/handlers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/key_report.h"
#include "control/report.h"
#include "engine/engine.h"

namespace sallyport::control {
namespace {
using nlohmann::json;

constexpr std::int64_t kMostDecisions = 1000;

Result<std::size_t> count_member(const json& request, const char* name, std::size_t fallback) {
  const auto it = request.find(name);
  if (it == request.end()) return fallback;
  if (!it->is_number_integer() || it->get<std::int64_t>() < 1 || it->get<std::int64_t>() > kMostDecisions)
    return unexpected(invalid(std::string(name) + " must be a whole number from 1 to 1000"));
  return static_cast<std::size_t>(it->get<std::int64_t>());
}

Result<json> why(const Engine& engine, const json& request) {
  const bool by_client = request.contains("client_id");
  const auto limit = count_member(request, "last", by_client ? 20 : 1);
  if (!limit) return unexpected(limit.error());
  std::vector<KeptDecision> found;
  if (by_client) {
    if (!request["client_id"].is_string()) return unexpected(invalid("client_id must be a text"));
    found = engine.ring().by_client_id(request["client_id"].get<std::string>(), *limit);
  } else {
    found = engine.ring().last(*limit, true);
  }
  json list = json::array();
  for (const KeptDecision& d : found) list.push_back(to_json(d));
  return json{{"decisions", std::move(list)}};
}

// Those after a number, oldest first, for whoever follows.
Result<json> decisions(const Engine& engine, const json& request) {
  std::uint64_t after = 0;
  if (const auto it = request.find("after"); it != request.end()) {
    if (!it->is_number_unsigned()) return unexpected(invalid("after must be a whole number"));
    after = it->get<std::uint64_t>();
  }
  const auto limit = count_member(request, "limit", 200);
  if (!limit) return unexpected(limit.error());
  std::vector<KeptDecision> found = engine.ring().after(after);
  // The newest, where there are more than can be told.
  if (found.size() > *limit) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(*limit));
  json list = json::array();
  for (const KeptDecision& d : found) list.push_back(to_json(d));
  return json{{"decisions", std::move(list)}, {"newest", engine.ring().newest()}};
}

// Monotonic moments mean nothing to another process: they are told as seconds ago.
Result<json> slowed(const Engine& engine) {
  const std::int64_t now = engine.clock().monotonic_ms();
  json list = json::array();
  for (const SlowedEntry& e : engine.slowed())
    list.push_back({{"kind", e.is_address ? "address" : "username"},
                    {"value", shown_name(e.text)},
                    {"turned_away", e.turned_away},
                    {"first_seconds_ago", (now - e.since_ms) / 1000},
                    {"last_seconds_ago", (now - e.last_ms) / 1000}});
  return json{{"slowed", std::move(list)}};
}

Result<json> let_go(Engine& engine, const json& request) {
  for (const char* kind : {"username", "address"}) {
    const auto it = request.find(kind);
    if (it == request.end()) continue;
    if (!it->is_string()) return unexpected(invalid(std::string(kind) + " must be a text"));
    const bool was = engine.let_go(std::string_view(kind) == "address", it->get<std::string>());
    return json{{"let_go", was}};
  }
  return unexpected(invalid("neither a username nor an address is named"));
}
}  // namespace

HandlerTable engine_handlers(Engine& engine, std::function<HostFacts()> facts) {
  HandlerTable table;
  table["status"] = [&engine, facts = std::move(facts)](const json&) -> Result<json> {
    json status = to_json(engine.status());
    json host = json::object();
    if (facts)
      for (auto& [name, value] : facts()) host[name] = value;
    status["host"] = std::move(host);
    return status;
  };
  table["reload"] = [&engine](const json&) -> Result<json> { return to_json(engine.reload()); };
  table["decisions"] = [&engine](const json& request) { return decisions(engine, request); };
  table["metrics"] = [&engine](const json&) -> Result<json> { return json{{"text", engine.metrics_text()}}; };
  table["keys"] = [&engine](const json&) -> Result<json> { return keys_report(engine); };
  table["refresh"] = [&engine](const json& request) { return refresh_keys(engine, request); };
  table["slowed"] = [&engine](const json&) { return slowed(engine); };
  table["let_go"] = [&engine](const json& request) { return let_go(engine, request); };
  table["why"] = [&engine](const json& request) { return why(engine, request); };
  return table;
}

}  // namespace sallyport::control
