#include "admin/decision_tail.h"

#include <algorithm>
#include <set>

#include "control/message.h"
#include "control/report.h"

namespace sallyport {
namespace {

using control::text_member;
using nlohmann::json;

AuditRow row_of(const json& d, const std::string& process) {
  AuditRow out;
  out.process = process;
  out.at = d.value("at", std::int64_t{0});
  out.client_id = text_member(d, "client_id");
  out.username = text_member(d, "username");
  out.address = text_member(d, "address");
  out.verdict = text_member(d, "verdict");
  out.reason = text_member(d, "reason");
  out.authenticator = text_member(d, "authenticator");
  out.principal = text_member(d, "principal");
  out.key = text_member(d, "key");
  out.token = text_member(d, "token");
  if (const auto it = d.find("expires_at"); it != d.end() && it->is_number_integer())
    out.expires_at = it->get<std::int64_t>();
  json steps = json::array();
  const json lines = d.value("explanation", json::array());
  std::size_t i = 0;
  for (json step : d.value("steps", json::array())) {
    step["text"] = i < lines.size() ? lines[i] : json("");
    ++i;
    steps.push_back(std::move(step));
  }
  out.steps = steps.dump(-1, ' ', false, json::error_handler_t::replace);
  return out;
}

bool fits(const AuditRow& r, const AuditQuery& q) {
  const auto is = [](const std::string& wanted, const std::string& have) { return wanted.empty() || wanted == have; };
  const auto holds = [&](const std::string& have) { return have.find(q.search) != std::string::npos; };
  return is(q.client_id, r.client_id) && is(q.username, r.username) && is(q.address, r.address) &&
         is(q.reason, r.reason) && is(q.verdict, r.verdict) &&
         (q.search.empty() || holds(r.client_id) || holds(r.username) || holds(r.address)) &&
         (q.from == 0 || r.at >= q.from) && (q.to == 0 || r.at <= q.to) && (q.before == 0 || r.id < q.before) &&
         (q.after == 0 || r.id > q.after) && (!q.refusals_only || r.verdict != "allow");
}

bool is_refusal(const AuditRow& r) { return r.verdict == "deny" || r.verdict == "unavailable"; }

}  // namespace

void DecisionTail::take(const std::string& process, const json& decisions) {
  for (const json& d : decisions) {
    const std::uint64_t number = d.value("number", std::uint64_t{0});
    if (number <= seen_[process]) continue;
    seen_[process] = number;
    rows_.push_back(row_of(d, process));
    rows_.back().id = next_++;
    if (rows_.size() > kMost) rows_.pop_front();
  }
}

// Under mutex_.
void DecisionTail::follow() {
  json own = json::array();
  for (const KeptDecision& d : engine_.ring().after(seen_["sallyportd"])) own.push_back(control::to_json(d));
  take("sallyportd", own);
  for (std::size_t i = 0; i < watch_.brokers(); ++i) {
    const std::string process = watch_.broker_name(i);
    Result<json> answer = watch_.ask_broker(i, {{"verb", "decisions"}, {"after", seen_[process]}, {"limit", 1000}});
    if (!answer || !answer->contains("decisions")) continue;
    // A broker that restarted counts from 1 again.
    if (answer->value("newest", std::uint64_t{0}) < seen_[process]) {
      seen_[process] = 0;
      answer = watch_.ask_broker(i, {{"verb", "decisions"}, {"after", 0}, {"limit", 1000}});
      if (!answer || !answer->contains("decisions")) continue;
    }
    take(process, (*answer)["decisions"]);
  }
}

std::vector<AuditRow> DecisionTail::list(const AuditQuery& query) {
  const std::lock_guard lock(mutex_);
  follow();
  std::vector<AuditRow> out;
  for (auto it = rows_.rbegin(); it != rows_.rend() && out.size() < query.limit; ++it)
    if (fits(*it, query)) out.push_back(*it);
  return out;
}

std::optional<AuditRow> DecisionTail::find(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  for (const AuditRow& row : rows_)
    if (row.id == id) return row;
  return std::nullopt;
}

std::int64_t DecisionTail::newest() {
  const std::lock_guard lock(mutex_);
  return next_ - 1;
}

std::vector<AuditCause> DecisionTail::causes(UnixSeconds from) {
  const std::lock_guard lock(mutex_);
  follow();
  std::map<std::string, AuditCause> by_reason;
  std::map<std::string, std::set<std::string>> clients;
  for (const AuditRow& r : rows_) {
    if (!is_refusal(r) || r.at < from) continue;
    AuditCause& cause = by_reason[r.reason];
    cause.reason = r.reason;
    ++cause.decisions;
    cause.first_at = cause.first_at == 0 ? r.at : std::min(cause.first_at, r.at);
    cause.last_at = std::max(cause.last_at, r.at);
    clients[r.reason].insert(r.client_id);
  }
  std::vector<AuditCause> out;
  for (auto& [reason, cause] : by_reason) {
    cause.devices = static_cast<std::int64_t>(clients[reason].size());
    out.push_back(cause);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const AuditCause& a, const AuditCause& b) { return a.devices > b.devices; });
  return out;
}

std::vector<AuditDevice> DecisionTail::devices(std::string_view reason, UnixSeconds from, std::string_view search,
                                               std::string_view after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  follow();
  std::map<std::string, AuditDevice> by_client;
  for (const AuditRow& r : rows_) {
    if (r.reason != reason || r.verdict == "allow" || r.at < from || r.client_id <= after) continue;
    if (!search.empty() && r.client_id.find(search) == std::string::npos) continue;
    AuditDevice& device = by_client[r.client_id];
    device.client_id = r.client_id;
    device.username = r.username;
    device.address = r.address;
    ++device.decisions;
    device.last_id = r.id;
    device.first_at = device.first_at == 0 ? r.at : device.first_at;
    device.last_at = r.at;
  }
  std::vector<AuditDevice> out;
  for (auto& [client, device] : by_client) {
    if (out.size() == limit) break;
    out.push_back(std::move(device));
  }
  return out;
}

AuditStore::KeyUse DecisionTail::uses_of_key(std::string_view label, UnixSeconds from, std::size_t examples) {
  const std::lock_guard lock(mutex_);
  follow();
  AuditStore::KeyUse out;
  std::set<std::string> clients;
  for (const AuditRow& r : rows_) {
    if (r.key != label || r.verdict != "allow" || r.at < from) continue;
    ++out.decisions;
    clients.insert(r.client_id);
  }
  out.devices = static_cast<std::int64_t>(clients.size());
  for (const std::string& client : clients) {
    if (out.examples.size() == examples) break;
    out.examples.push_back(client);
  }
  return out;
}

}  // namespace sallyport
