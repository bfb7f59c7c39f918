// A draft against what was decided and who is connected.
#include "admin/preview.h"

#include <map>
#include <set>

#include "base/reason.h"
#include "config/seal_key.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {
namespace {

constexpr UnixSeconds kDay = 86'400;
constexpr std::size_t kMostRows = 200'000, kMostExamples = 20, kMostSessions = 100'000;

// Devices by what would become of them.
class Side {
 public:
  void add(const std::string& client_id, const Rejudged& said) {
    switch (said.kind) {
      case Rejudged::Kind::unchanged:
        ++unchanged_;
        ++judged_;
        return;
      case Rejudged::Kind::refused:
        ++judged_;
        note(refused_[said.reason], client_id);
        return;
      case Rejudged::Kind::admitted:
        ++judged_;
        note(admitted_[said.reason], client_id);
        return;
      case Rejudged::Kind::unknown:
        note(unknown_[said.cause], client_id);
        return;
    }
  }
  void add_unknown(const std::string& client_id, const std::string& cause) { note(unknown_[cause], client_id); }

  Json json() const {
    return {{"judged", judged_},
            {"unchanged", unchanged_},
            {"newly_refused", groups(refused_, false)},
            {"newly_admitted", groups(admitted_, false)},
            {"not_judged", groups(unknown_, true)}};
  }

 private:
  struct Group {
    std::int64_t devices = 0;
    std::vector<std::string> examples;
  };
  static void note(Group& group, const std::string& client_id) {
    ++group.devices;
    if (group.examples.size() < kMostExamples) group.examples.push_back(client_id);
  }
  static Json groups(const std::map<std::string, Group>& all, bool text_is_name) {
    Json out = Json::array();
    for (const auto& [key, group] : all) {
      const std::optional<Reason> reason = reason_from_name(key);
      out.push_back({{"reason", text_is_name ? "not_judged" : key},
                     {"text", reason ? std::string(entry(*reason).text) : key},
                     {"devices", group.devices},
                     {"examples", group.examples}});
    }
    return out;
  }
  std::int64_t judged_ = 0, unchanged_ = 0;
  std::map<std::string, Group> refused_, admitted_, unknown_;
};

}  // namespace

Outcome preview_draft(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const Json* changes = members.any("changes");
  const UnixSeconds from =
      members.integer("from", 0, INT64_MAX / 2).value_or(desk.house().engine.clock().unix_seconds() - kDay);
  if (auto fault = members.fault()) return unexpected(*fault);
  if (!changes || !changes->is_object())
    return unexpected(problem(400, "invalid", "changes is no object of settings", "", "changes"));
  const Result<LoadedSettings, Problem> before = settings_with(desk, nullptr), after = settings_with(desk, changes);
  if (!before) return unexpected(before.error());
  if (!after) return unexpected(after.error());

  AuditQuery query;
  query.from = from;
  query.with_details = true;
  query.limit = kMostRows;
  const auto kept = desk.decisions.kept();
  if (!kept) return unexpected(kept.error());
  const auto rows = desk.decisions.list(query);
  if (!rows) return unexpected(rows.error());
  std::optional<KeptDigest> digest;
  if (!before->settings.store.key_file.empty())
    if (const auto read = read_kept_digest(before->settings.store.key_file)) digest.emplace(*read);
  // Of each device the last attempt; for who is connected, the one that let him in.
  Side attempts, sessions;
  std::set<std::string> seen;
  std::map<std::string, Rejudged> admitted;
  for (const AuditRow& row : *rows) {
    const bool first = seen.insert(row.client_id).second;
    const bool let_in = row.verdict == "allow" && !admitted.contains(row.client_id);
    if (!first && !let_in) continue;
    const Json steps = Json::parse(row.steps, nullptr, false);
    const Rejudged said = judge_again(row, steps.is_array() ? steps : Json::array(), before->settings, after->settings,
                                      digest ? &*digest : nullptr);
    if (first) attempts.add(row.client_id, said);
    if (let_in) admitted[row.client_id] = said;
  }
  std::string cursor;
  for (std::size_t n = 0; n < kMostSessions;) {
    const std::vector<Json> page = sessions_of_brokers(desk.house(), {{"after", cursor}, {"limit", 1000}});
    if (page.empty()) break;
    for (const Json& session : page) {
      const std::string id = session.value("client_id", "");
      const auto it = admitted.find(id);
      if (it == admitted.end())
        sessions.add_unknown(id, "the attempt that let it in is not kept");
      else
        sessions.add(id, it->second);
      cursor = std::max(cursor, id);
    }
    n += page.size();
    if (page.size() < 1000) break;
  }
  return reply({{"from", from}, {"kept", *kept}, {"attempts", attempts.json()}, {"sessions", sessions.json()}});
}

}  // namespace sallyport::daemon
