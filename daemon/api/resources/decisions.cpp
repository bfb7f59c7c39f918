// Decisions, refused devices by cause, one device, and the vocabulary.
#include <charconv>

#include "admin/decision_words.h"
#include "base/reason.h"
#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {
namespace {

constexpr UnixSeconds kDay = 86'400;

Json text_of_reason(const std::string& reason, std::string_view ReasonEntry::*member) {
  const std::optional<Reason> known = reason_from_name(reason);
  return known ? Json(entry(*known).*member) : Json("");
}
Json class_of_reason(const std::string& reason) {
  const std::optional<Reason> known = reason_from_name(reason);
  return known ? Json(name(entry(*known).cls)) : Json("");
}

Json row_json(const AuditRow& r) {
  return {{"id", std::to_string(r.id)},
          {"number", r.id},
          {"at", r.at},
          {"process", r.process},
          {"client_id", r.client_id},
          {"username", r.username},
          {"address", r.address},
          {"verdict", r.verdict},
          {"reason", r.reason},
          {"class", class_of_reason(r.reason)},
          {"text", text_of_reason(r.reason, &ReasonEntry::text)},
          {"authenticator", r.authenticator},
          {"principal", r.principal},
          {"token", r.token},
          {"key", r.key},
          {"expires_at", or_null(r.expires_at)}};
}

// A cursor that is a number.
Result<std::int64_t, Problem> number_cursor(const Page& page) {
  std::int64_t value = 0;
  if (page.cursor.empty()) return value;
  const auto [end, error] = std::from_chars(page.cursor.data(), page.cursor.data() + page.cursor.size(), value);
  if (error != std::errc{} || end != page.cursor.data() + page.cursor.size() || value < 1)
    return unexpected(problem(400, "invalid", "the cursor is none of this list's", "", "cursor"));
  return value;
}

Result<UnixSeconds, Problem> from_of(ApiDesk& desk, const Call& call) {
  return number_of(call, "from", desk.house().engine.clock().unix_seconds() - kDay);
}

std::string in_query(const Call& call, std::string_view name) { return std::string(call.in_query(name).value_or("")); }

}  // namespace

Outcome list_decisions(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  AuditQuery query;
  query.client_id = in_query(call, "client_id");
  query.username = in_query(call, "username");
  query.address = in_query(call, "address");
  query.reason = in_query(call, "reason");
  query.verdict = in_query(call, "verdict");
  query.search = in_query(call, "search");
  for (const auto& [name, into] :
       {std::pair("from", &query.from), std::pair("to", &query.to), std::pair("newer_than", &query.after)}) {
    const auto value = number_of(call, name, 0);
    if (!value) return unexpected(value.error());
    *into = *value;
  }
  if (!query.verdict.empty() && query.verdict != "allow" && query.verdict != "deny" && query.verdict != "ignore" &&
      query.verdict != "unavailable")
    return unexpected(
        problem(400, "invalid", "the verdict is none of allow, deny, ignore, unavailable", "", "verdict"));
  const auto before = number_cursor(*page);
  if (!before) return unexpected(before.error());
  query.before = *before;
  query.limit = page->limit + 1;
  const auto kept = desk.decisions.kept();
  if (!kept) return unexpected(kept.error());
  const auto found = desk.decisions.list(query);
  if (!found) return unexpected(found.error());
  const auto newest = desk.decisions.newest();
  if (!newest) return unexpected(newest.error());
  Json items = Json::array();
  for (const AuditRow& row : *found) items.push_back(row_json(row));
  return list_reply(std::move(items), *page,
                    {{"at", "at"},
                     {"process", "process"},
                     {"client_id", "client_id"},
                     {"username", "username"},
                     {"address", "address"},
                     {"verdict", "verdict"},
                     {"reason", "reason"},
                     {"principal", "principal"},
                     {"token", "token"},
                     {"expires_at", "expires_at"}},
                    "decisions.csv", [](const Json& item) { return item["id"]; },
                    {{"newest", *newest}, {"kept", *kept}});
}

Outcome get_decision(ApiDesk& desk, const Call& call) {
  const std::string_view text = call.in_path("id");
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const auto gone = problem(404, "not_found", "there is no such decision, or it is kept no more",
                            "[audit] keep says how long they are kept");
  if (error != std::errc{} || end != text.data() + text.size() || id < 1) return unexpected(gone);
  const auto found = desk.decisions.find(id);
  if (!found) return unexpected(found.error());
  if (!*found) return unexpected(gone);
  const AuditRow& row = **found;
  Json steps = Json::parse(row.steps, nullptr, false);
  if (!steps.is_array()) steps = Json::array();
  const SmallestChange change = smallest_change_of(row, steps);
  Json out = row_json(row);
  Json list = Json::array();
  for (const Json& step : steps)
    list.push_back({{"authenticator", step.value("authenticator", "")},
                    {"passed", step.value("passed", false)},
                    {"reason", step.contains("reason") ? step["reason"] : Json()},
                    {"subject", step.contains("subject") ? step["subject"] : Json()},
                    {"text", step.value("text", "")}});
  out["steps"] = std::move(list);
  out["mend"] = text_of_reason(row.reason, &ReasonEntry::mend);
  out["smallest_change"] = change.changes;
  out["setting"] = change.setting.empty() ? Json() : Json(change.setting);
  return reply(std::move(out));
}

Outcome list_refused(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  const auto from = from_of(desk, call);
  if (!from) return unexpected(from.error());
  const auto kept = desk.decisions.kept();
  if (!kept) return unexpected(kept.error());
  const auto causes = desk.decisions.causes(*from);
  if (!causes) return unexpected(causes.error());
  Json items = Json::array();
  for (const AuditCause& cause : *causes) {
    Json examples = Json::array();
    if (const auto some = desk.decisions.devices(cause.reason, *from, "", "", 5))
      for (const AuditDevice& device : *some) examples.push_back(device.client_id);
    items.push_back({{"reason", cause.reason},
                     {"class", class_of_reason(cause.reason)},
                     {"text", text_of_reason(cause.reason, &ReasonEntry::text)},
                     {"mend", text_of_reason(cause.reason, &ReasonEntry::mend)},
                     {"decisions", cause.decisions},
                     {"devices", cause.devices},
                     {"first_at", cause.first_at},
                     {"last_at", cause.last_at},
                     {"examples", std::move(examples)}});
  }
  if (page->csv)
    return csv_reply(items,
                     {{"reason", "reason"},
                      {"text", "text"},
                      {"decisions", "decisions"},
                      {"devices", "devices"},
                      {"first_at", "first_at"},
                      {"last_at", "last_at"}},
                     "refused.csv");
  return reply({{"items", std::move(items)}, {"kept", *kept}});
}

Outcome list_refused_devices(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  const std::string reason(call.in_path("reason"));
  if (!reason_from_name(reason)) return unexpected(problem(404, "not_found", "there is no such reason"));
  const auto from = from_of(desk, call);
  if (!from) return unexpected(from.error());
  const auto kept = desk.decisions.kept();
  if (!kept) return unexpected(kept.error());
  const auto found = desk.decisions.devices(reason, *from, in_query(call, "search"), page->cursor, page->limit + 1);
  if (!found) return unexpected(found.error());
  Json items = Json::array();
  for (const AuditDevice& d : *found)
    items.push_back({{"client_id", d.client_id},
                     {"username", d.username},
                     {"address", d.address},
                     {"decisions", d.decisions},
                     {"first_at", d.first_at},
                     {"last_at", d.last_at},
                     {"last_id", std::to_string(d.last_id)}});
  return list_reply(std::move(items), *page,
                    {{"client_id", "client_id"},
                     {"username", "username"},
                     {"address", "address"},
                     {"decisions", "decisions"},
                     {"first_at", "first_at"},
                     {"last_at", "last_at"}},
                    "refused-devices.csv", [](const Json& item) { return item["client_id"]; }, {{"kept", *kept}});
}

Outcome get_device(ApiDesk& desk, const Call& call) {
  AuditQuery query;
  query.client_id = call.in_path("client_id");
  query.with_details = true;
  query.limit = 100;
  const auto found = desk.decisions.list(query);
  if (!found) return unexpected(found.error());
  Json sessions = Json::array();
  for (Json& session : sessions_of_brokers(desk.house(), {{"client_id", query.client_id}, {"limit", 20}}))
    sessions.push_back(std::move(session));
  if (found->empty() && sessions.empty())
    return unexpected(problem(404, "not_found", "nothing is known of this client id",
                              "is it written as the device sends it? decisions are kept as long as [audit] keep says"));
  Json attempts = Json::array(), endings = Json::array();
  for (const AuditRow& row : *found) attempts.push_back(row_json(row));
  for (const Ending& one : endings_of(*found, !sessions.empty(), desk.house().engine.clock().unix_seconds()))
    endings.push_back({{"from", one.from}, {"to", or_null(one.to)}, {"how", one.how}, {"text", one.text}});
  const ClockWords clock = clock_of(*found);
  return reply(
      {{"client_id", query.client_id},
       {"now_in", !sessions.empty()},
       {"attempts", std::move(attempts)},
       {"sessions", std::move(sessions)},
       {"endings", std::move(endings)},
       {"clock", {{"known", clock.seconds.has_value()}, {"seconds", or_null(clock.seconds)}, {"text", clock.text}}}});
}

Outcome list_reasons(ApiDesk&, const Call&) {
  Json items = Json::array();
  for (const ReasonEntry& e : kReasons)
    items.push_back({{"reason", e.name}, {"class", name(e.cls)}, {"text", e.text}, {"mend", e.mend}});
  return reply({{"items", std::move(items)}});
}

}  // namespace sallyport::daemon
