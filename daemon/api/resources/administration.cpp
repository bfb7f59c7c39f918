// Administrators, API tokens, activity.
#include <charconv>

#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"

namespace sallyport::daemon {
namespace {

constexpr UnixSeconds kLongestToken = 366 * 86'400;

std::string etag_of(const AdministratorRecord& record) { return "\"a" + std::to_string(record.version) + "\""; }

Json to_json(const AdministratorRecord& r, Accounts& accounts) {
  return {{"name", r.name},
          {"role", r.role},
          {"enabled", r.enabled},
          {"has_password", !r.hash.empty()},
          {"sessions", accounts.sessions_of(r.name)},
          {"created_at", r.created_at},
          {"last_seen_at", or_null(r.last_seen_at)},
          {"etag", etag_of(r)}};
}

Json to_json(const ApiTokenRecord& t) {
  return {{"id", t.id},
          {"name", t.name},
          {"role", t.role},
          {"owner", t.owner},
          {"created_at", t.created_at},
          {"ends_at", t.ends_at},
          {"last_seen_at", or_null(t.last_seen_at)}};
}

// A program with a token of this role must not be able to make itself permanent.
std::optional<Problem> refuse_token(const Call& call) {
  if (call.caller.kind != Caller::Kind::token) return std::nullopt;
  return problem(403, "forbidden", "an API token cannot make or change administrators and tokens", "sign in");
}

// A page and one more of those whose name holds what is searched; `list` gives what comes after a key.
template <class Record, class List, class KeyOf>
Result<std::vector<Record>> search_names(const Call& call, const Page& page, List&& list, KeyOf&& key_of) {
  constexpr std::size_t step = 1000;
  const std::string_view search = call.in_query("search").value_or("");
  std::vector<Record> out;
  for (std::string after = page.cursor;;) {
    Result<std::vector<Record>> some = list(after, step);
    if (!some) return some;
    for (Record& one : *some) {
      after = key_of(one);
      if (one.name.find(search) != std::string::npos) out.push_back(std::move(one));
      if (out.size() > page.limit) return out;
    }
    if (some->size() < step) return out;
  }
}

Result<AdministratorRecord, Problem> find(ApiDesk& desk, const Call& call) {
  Result<std::optional<AdministratorRecord>> found = desk.house().store->find_administrator(call.in_path("name"));
  if (!found) return unexpected(problem_of(found.error()));
  if (!*found) return unexpected(problem(404, "not_found", "there is no such administrator"));
  return std::move(**found);
}

Outcome invited(ApiDesk& desk, const AdministratorRecord& record) {
  const Result<NewInvitation> invitation = desk.house().accounts.invite(record.name);
  if (!invitation) return unexpected(problem_of(invitation.error()));
  Json body = to_json(record, desk.house().accounts);
  body["link"] = "/#/welcome/" + invitation->secret;
  body["link_ends_at"] = invitation->ends_at;
  Reply out = reply(std::move(body), 201);
  out.subject = record.name;
  return out;
}

// What nothing but the last keeper's own change can bring.
Problem problem_of_change(const Error& error) {
  return error.place == "version" ? changed_meanwhile() : problem_of(error);
}

}  // namespace

Outcome list_administrators(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  const auto found = search_names<AdministratorRecord>(
      call, *page,
      [&](const std::string& after, std::size_t n) { return desk.house().store->list_administrators(after, n); },
      [](const AdministratorRecord& one) { return one.name; });
  if (!found) return unexpected(problem_of(found.error()));
  Json items = Json::array();
  for (const AdministratorRecord& record : *found) items.push_back(to_json(record, desk.house().accounts));
  return list_reply(std::move(items), *page,
                    {{"name", "name"},
                     {"role", "role"},
                     {"enabled", "enabled"},
                     {"created_at", "created_at"},
                     {"last_seen_at", "last_seen_at"}},
                    "administrators.csv", [](const Json& item) { return item["name"]; });
}

Outcome add_administrator(ApiDesk& desk, const Call& call) {
  if (auto refused = refuse_token(call)) return unexpected(*refused);
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string name = members.text("name", true, 1), role = members.text("role");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (!role_from_name(role))
    return unexpected(problem(400, "invalid", "the role is none of viewer, operator, administrator", "", "role"));
  if (auto fault = fault_of_name(name)) return unexpected(std::move(*fault));
  AdministratorRecord record{name, role, true, "", desk.house().engine.clock().unix_seconds(), std::nullopt, 1};
  if (Result<void> added = desk.house().store->add_administrator(record); !added)
    return unexpected(problem_of(added.error(), "name"));
  return invited(desk, record);
}

Outcome edit_administrator(ApiDesk& desk, const Call& call) {
  if (auto refused = refuse_token(call)) return unexpected(*refused);
  const Result<std::string, Problem> etag = required_etag(call);
  if (!etag) return unexpected(etag.error());
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::optional<std::string> role = members.maybe_text("role");
  const std::optional<bool> enabled = members.boolean("enabled");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (role && !role_from_name(*role))
    return unexpected(problem(400, "invalid", "the role is none of viewer, operator, administrator", "", "role"));
  if (!role && !enabled) return unexpected(problem(400, "invalid", "nothing is to be changed"));
  Result<AdministratorRecord, Problem> record = find(desk, call);
  if (!record) return unexpected(record.error());
  if (etag_of(*record) != *etag) return unexpected(changed_meanwhile());
  if (role) record->role = *role;
  if (enabled) record->enabled = *enabled;
  const Result<AdministratorRecord> changed = desk.house().store->change_administrator(*record, true);
  if (!changed) return unexpected(problem_of_change(changed.error()));
  Reply out = reply(to_json(*changed, desk.house().accounts));
  out.etag = etag_of(*changed);
  if (role) out.detail = "role " + *role;
  if (enabled) out.detail += *enabled ? " enabled" : " disabled";
  return out;
}

Outcome delete_administrator(ApiDesk& desk, const Call& call) {
  if (auto refused = refuse_token(call)) return unexpected(*refused);
  const Result<void> removed = desk.house().store->remove_administrator(call.in_path("name"), true);
  if (!removed) return unexpected(problem_of(removed.error()));
  return no_content();
}

Outcome invite_again(ApiDesk& desk, const Call& call) {
  if (auto refused = refuse_token(call)) return unexpected(*refused);
  const Result<AdministratorRecord, Problem> record = find(desk, call);
  if (!record) return unexpected(record.error());
  return invited(desk, *record);
}

Outcome end_administrator_sessions(ApiDesk& desk, const Call& call) {
  const Result<AdministratorRecord, Problem> record = find(desk, call);
  if (!record) return unexpected(record.error());
  if (Result<void> ended = desk.house().store->end_sessions_of(record->name, {}); !ended)
    return unexpected(problem_of(ended.error()));
  return no_content();
}

Outcome list_api_tokens(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  const auto found = search_names<ApiTokenRecord>(
      call, *page, [&](const std::string& after, std::size_t n) { return desk.house().store->list_tokens(after, n); },
      [](const ApiTokenRecord& one) { return one.id; });
  if (!found) return unexpected(problem_of(found.error()));
  Json items = Json::array();
  for (const ApiTokenRecord& record : *found) items.push_back(to_json(record));
  return list_reply(std::move(items), *page,
                    {{"name", "name"},
                     {"role", "role"},
                     {"owner", "owner"},
                     {"created_at", "created_at"},
                     {"ends_at", "ends_at"},
                     {"last_seen_at", "last_seen_at"}},
                    "api-tokens.csv", [](const Json& item) { return item["id"]; });
}

Outcome add_api_token(ApiDesk& desk, const Call& call) {
  if (auto refused = refuse_token(call)) return unexpected(*refused);
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::string name = members.text("name", true, 1), role = members.text("role");
  const std::optional<std::int64_t> ends_at = members.integer("ends_at", 1, INT64_MAX);
  if (auto fault = members.fault()) return unexpected(*fault);
  if (!ends_at) return unexpected(problem(400, "invalid", "ends_at is missing", "", "ends_at"));
  const std::optional<Role> wanted = role_from_name(role);
  if (!wanted)
    return unexpected(problem(400, "invalid", "the role is none of viewer, operator, administrator", "", "role"));
  if (auto fault = fault_of_name(name)) return unexpected(std::move(*fault));
  const UnixSeconds now = desk.house().engine.clock().unix_seconds();
  if (*ends_at <= now || *ends_at > now + kLongestToken)
    return unexpected(problem(422, "invalid", "the token's end is not within the next year", "", "ends_at"));
  const auto made = desk.house().accounts.make_token(name, *wanted, call.caller.name, *ends_at);
  if (!made) return unexpected(problem_of(made.error()));
  Json out = to_json(made->record);
  out["token"] = made->token;
  Reply answer = reply(std::move(out), 201);
  answer.subject = name;
  answer.detail = "role " + role;
  return answer;
}

Outcome delete_api_token(ApiDesk& desk, const Call& call) {
  if (auto refused = refuse_token(call)) return unexpected(*refused);
  const Result<void> removed = desk.house().store->remove_token(call.in_path("id"));
  if (!removed) return unexpected(problem_of(removed.error()));
  return no_content();
}

Outcome list_activity(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  ActivityQuery query;
  const auto from = number_of(call, "from", 0), to = number_of(call, "to", 0);
  if (!from) return unexpected(from.error());
  if (!to) return unexpected(to.error());
  query.from = *from;
  query.to = *to;
  query.who = call.in_query("who").value_or("");
  query.what = call.in_query("what").value_or("");
  query.limit = page->limit + 1;
  if (!page->cursor.empty()) {
    const auto [end, error] =
        std::from_chars(page->cursor.data(), page->cursor.data() + page->cursor.size(), query.before);
    if (error != std::errc{} || end != page->cursor.data() + page->cursor.size() || query.before < 1)
      return unexpected(problem(400, "invalid", "the cursor is none of this list's", "", "cursor"));
  }
  const auto found = desk.house().store->list_activity(query);
  if (!found) return unexpected(problem_of(found.error()));
  Json items = Json::array();
  for (const ActivityRecord& r : *found)
    items.push_back({{"number", r.number},
                     {"at", r.at},
                     {"who", r.who},
                     {"address", r.address},
                     {"what", r.what},
                     {"subject", r.subject},
                     {"outcome", r.outcome},
                     {"detail", r.detail}});
  return list_reply(std::move(items), *page,
                    {{"number", "number"},
                     {"at", "at"},
                     {"who", "who"},
                     {"address", "address"},
                     {"what", "what"},
                     {"subject", "subject"},
                     {"outcome", "outcome"},
                     {"detail", "detail"}},
                    "activity.csv",
                    [](const Json& item) { return std::to_string(item["number"].get<std::int64_t>()); });
}

}  // namespace sallyport::daemon
