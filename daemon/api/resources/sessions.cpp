// Connected clients, as the brokers have them.
#include <fmt/format.h>

#include <algorithm>

#include "auth/session_query.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {

// Of a broker that does not answer, or does not know the question, there are none.
std::vector<Json> sessions_of_brokers(ConsoleHouse& house, Json question) {
  std::vector<Json> out;
  question["verb"] = "sessions";
  for (std::size_t i = 0; i < house.watch.brokers(); ++i) {
    Result<Json> answer = house.watch.ask_broker(i, question);
    if (!answer || !answer->contains("sessions")) continue;
    for (Json& one : (*answer)["sessions"]) {
      one["process"] = house.watch.broker_name(i);
      out.push_back(std::move(one));
    }
  }
  return out;
}

Outcome list_sessions(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  Json items = Json::array();
  std::string cursor = page->cursor;
  const std::size_t wanted = page->csv ? 1'000'000 : page->limit + 1;
  // Each broker answers in the order of the client id; what they say together is merged, a page at a time.
  while (items.size() < wanted) {
    const std::size_t limit = std::min<std::size_t>(wanted - items.size(), 1000);
    std::vector<Json> found = sessions_of_brokers(
        desk.house(),
        {{"after", cursor}, {"search", std::string(call.in_query("search").value_or(""))}, {"limit", limit}});
    std::stable_sort(found.begin(), found.end(),
                     [](const Json& a, const Json& b) { return a["client_id"] < b["client_id"]; });
    if (found.size() > limit) found.resize(limit);
    for (Json& one : found) items.push_back(std::move(one));
    if (found.size() < limit) break;
    cursor = items.back()["client_id"].get<std::string>();
  }
  return list_reply(std::move(items), *page,
                    {{"process", "process"},
                     {"client_id", "client_id"},
                     {"username", "username"},
                     {"address", "address"},
                     {"principal", "principal"},
                     {"authenticator", "authenticator"},
                     {"since", "since"},
                     {"ends_at", "ends_at"},
                     {"standing", "standing"}},
                    "sessions.csv", [](const Json& item) { return item["client_id"]; });
}

// Told to every broker and to the daemon, which end theirs at their own pace; with dry_run they are only counted.
Outcome end_sessions(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::vector<std::string> where = members.texts("where");
  const std::int64_t pace = members.integer("a_second", 1, 100'000).value_or(100);
  const bool dry = members.boolean("dry_run").value_or(false);
  if (auto fault = members.fault()) return unexpected(*fault);
  // Nothing named would be everybody.
  if (where.empty())
    return unexpected(
        problem(422, "invalid", "nothing says which sessions are meant",
                "where: [\"client_id=meter-*\"]; also username, principal, address, issuer, kid, key, jti, "
                "authenticator",
                "where"));
  if (const auto query = SessionQuery::parse(where); !query) return unexpected(problem_of(query.error(), "where"));
  std::vector<std::pair<std::string, Error>> unable;
  std::int64_t sessions = 0;
  for (const auto& [process, answer] : desk.house().ask_everybody(
           {{"verb", dry ? "session_count" : "session_end"}, {"where", where}, {"a_second", pace}}, &unable))
    sessions += answer.value("sessions", std::int64_t{0});
  Json others = Json::array();
  for (const auto& [process, error] : unable) others.push_back({{"process", process}, {"cause", error.cause}});
  Reply out = reply({{"sessions", sessions},
                     {"ending", dry ? 0 : sessions},
                     {"seconds", (sessions + pace - 1) / pace},
                     {"unable", std::move(others)}});
  for (const std::string& one : where) out.subject += (out.subject.empty() ? "" : ", ") + one;
  out.detail = dry ? fmt::format("counted {}", sessions) : fmt::format("{} ending", sessions);
  return out;
}

// A curve out of all brokers' buckets; each has the same grid.
Outcome get_ends(ApiDesk& desk, const Call& call) {
  const auto hours = number_of(call, "hours", 24);
  if (!hours) return unexpected(hours.error());
  if (*hours < 1 || *hours > 168) return unexpected(problem(400, "invalid", "hours is outside 1 to 168", "", "hours"));
  constexpr std::int64_t kWidth = 300;
  const UnixSeconds from = desk.house().engine.clock().unix_seconds() / kWidth * kWidth;
  const auto buckets = static_cast<std::size_t>(*hours * 3600 / kWidth);
  std::vector<std::int64_t> counts(buckets);
  std::int64_t without_end = 0, later = 0, sessions = 0;
  for (std::size_t i = 0; i < desk.house().watch.brokers(); ++i) {
    const Result<Json> answer = desk.house().watch.ask_broker(
        i, {{"verb", "session_ends"}, {"from", from}, {"width", kWidth}, {"buckets", buckets}});
    if (!answer) continue;
    without_end += answer->value("without_end", std::int64_t{0});
    later += answer->value("later", std::int64_t{0});
    sessions += answer->value("sessions", std::int64_t{0});
    const Json theirs = answer->value("counts", Json::array());
    for (std::size_t b = 0; b < buckets && b < theirs.size(); ++b) counts[b] += theirs[b].get<std::int64_t>();
  }
  const auto highest = std::max_element(counts.begin(), counts.end());
  Json steepest;
  if (highest != counts.end() && *highest > 0)
    steepest = {{"at", from + (highest - counts.begin()) * kWidth}, {"count", *highest}};
  return reply({{"from", from},
                {"width", kWidth},
                {"counts", counts},
                {"without_end", without_end},
                {"later", later},
                {"sessions", sessions},
                {"steepest", std::move(steepest)}});
}

}  // namespace sallyport::daemon
