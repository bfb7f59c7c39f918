// Users of default authentication.
#include <fmt/format.h>

#include "daemon/api/lists.h"
#include "daemon/api/resources/resources.h"
#include "users/hash_form.h"
#include "users/password_hash.h"

namespace sallyport::daemon {
namespace {

std::string etag_of(const UserRecord& user) { return fmt::format("\"u{}\"", user.version); }

// Its kind, never the hash.
std::string describe_hash(const std::string& hash) {
  const Result<HashForm> form = parse_hash(hash);
  return form ? describe(*form) : "unreadable";
}

Json to_json(const UserRecord& user) {
  return {{"username", user.username},
          {"enabled", user.enabled},
          {"is_superuser", user.is_superuser},
          {"hash", describe_hash(user.hash)},
          {"weak_hash", is_weak_hash(user.hash)},
          {"etag", etag_of(user)}};
}

Problem of(const Error& error, std::string field = {}) {
  if (error.kind == ErrorKind::kConflict && error.hint.starts_with("look at it again")) return changed_meanwhile();
  return problem_of(error, std::move(field));
}

Result<UserRecord, Problem> find(Store& store, std::string_view username) {
  Result<std::optional<UserRecord>> found = store.find_user(username);
  if (!found) return unexpected(problem_of(found.error()));
  if (!*found) return unexpected(problem(404, "not_found", "there is no such user"));
  return std::move(**found);
}

// The one that If-Match speaks of.
Result<UserRecord, Problem> find_to_change(Store& store, const Call& call) {
  const Result<std::string, Problem> etag = required_etag(call);
  if (!etag) return unexpected(etag.error());
  Result<UserRecord, Problem> user = find(store, call.in_path("username"));
  if (user && etag_of(*user) != *etag) return unexpected(changed_meanwhile());
  return user;
}

struct Chosen {
  std::string hash;
  Json password, weakness;  // what is answered of it
};
// The given password, or one that is made and answered this once.
Result<Chosen, Problem> choose_password(std::optional<std::string> given) {
  Chosen out;
  if (given && given->empty()) return unexpected(problem(400, "invalid", "the password is empty", "", "password"));
  if (given && given->size() > 65'535)
    return unexpected(problem(422, "invalid", "the password is longer than MQTT can carry", "", "password"));
  std::string password = given ? std::move(*given) : generate_password();
  Result<std::string> hash = hash_password(password);
  if (given) {
    if (std::string why = weakness(password); !why.empty()) out.weakness = std::move(why);
  } else {
    out.password = password;
  }
  wipe(password);
  if (!hash) return unexpected(problem_of(hash.error(), "password"));
  out.hash = std::move(*hash);
  return out;
}

Reply with_etag(const UserRecord& user, Json body, int status = 200) {
  Reply out = reply(std::move(body), status);
  out.etag = etag_of(user);
  return out;
}

std::string encoded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

Outcome list_users(ApiDesk& desk, const Call& call) {
  const Result<Page, Problem> page = page_of(call);
  if (!page) return unexpected(page.error());
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  const auto found =
      (*store)->list_users({page->cursor, std::string(call.in_query("search").value_or("")), page->limit + 1});
  if (!found) return unexpected(problem_of(found.error()));
  Json items = Json::array();
  for (const UserRecord& user : *found) items.push_back(to_json(user));
  Json more = Json::object();
  if (!page->csv) {
    const Result<std::size_t> total = (*store)->count_users();
    if (!total) return unexpected(problem_of(total.error()));
    more["total"] = *total;
  }
  return list_reply(
      std::move(items), *page, {{"username", "username"}, {"is_superuser", "is_superuser"}, {"enabled", "enabled"}},
      "users.csv", [](const Json& item) { return item["username"]; }, std::move(more));
}

Outcome get_user(ApiDesk& desk, const Call& call) {
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  const Result<UserRecord, Problem> user = find(**store, call.in_path("username"));
  if (!user) return unexpected(user.error());
  return with_etag(*user, to_json(*user));
}

Outcome add_user(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  UserRecord user;
  user.username = members.text("username", true, 1);
  std::optional<std::string> password = members.maybe_text("password");
  user.enabled = members.boolean("enabled").value_or(true);
  user.is_superuser = members.boolean("is_superuser").value_or(false);
  if (auto fault = members.fault()) return unexpected(*fault);
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  Result<Chosen, Problem> chosen = choose_password(std::move(password));
  if (!chosen) return unexpected(chosen.error());
  user.hash = chosen->hash;
  if (Result<void> put = (*store)->put_users({user}, WriteMode::create_only); !put)
    return unexpected(of(put.error(), "username"));
  const Result<UserRecord, Problem> made = find(**store, user.username);
  if (!made) return unexpected(made.error());
  Json out = to_json(*made);
  out["password"] = chosen->password;
  out["weakness"] = chosen->weakness;
  Reply answer = with_etag(*made, std::move(out), 201);
  answer.location = "/api/v1/users/" + encoded(user.username);
  answer.subject = user.username;
  return answer;
}

Outcome edit_user(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  const std::optional<bool> enabled = members.boolean("enabled"), is_superuser = members.boolean("is_superuser");
  if (auto fault = members.fault()) return unexpected(*fault);
  if (!enabled && !is_superuser) return unexpected(problem(400, "invalid", "nothing is to be changed"));
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  Result<UserRecord, Problem> user = find_to_change(**store, call);
  if (!user) return unexpected(user.error());
  user->enabled = enabled.value_or(user->enabled);
  user->is_superuser = is_superuser.value_or(user->is_superuser);
  if (Result<void> changed = (*store)->change_user(*user); !changed) return unexpected(of(changed.error()));
  const Result<UserRecord, Problem> now = find(**store, user->username);
  if (!now) return unexpected(now.error());
  Reply out = with_etag(*now, to_json(*now));
  if (enabled) out.detail = *enabled ? "enabled" : "disabled";
  if (is_superuser) out.detail += *is_superuser ? " superuser" : " no superuser";
  return out;
}

Outcome delete_user(ApiDesk& desk, const Call& call) {
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  const Result<UserRecord, Problem> user = find_to_change(**store, call);
  if (!user) return unexpected(user.error());
  if (Result<void> gone = (*store)->delete_user(user->username, user->version); !gone)
    return unexpected(of(gone.error()));
  return no_content();
}

Outcome set_user_password(ApiDesk& desk, const Call& call) {
  const Result<Json, Problem> body = json_body(call);
  if (!body) return unexpected(body.error());
  Members members(*body);
  std::optional<std::string> password = members.maybe_text("password");
  if (auto fault = members.fault()) return unexpected(*fault);
  const Result<Store*, Problem> store = desk.store();
  if (!store) return unexpected(store.error());
  Result<UserRecord, Problem> user = find_to_change(**store, call);
  if (!user) return unexpected(user.error());
  Result<Chosen, Problem> chosen = choose_password(std::move(password));
  if (!chosen) return unexpected(chosen.error());
  user->hash = chosen->hash;
  if (Result<void> changed = (*store)->change_user(*user); !changed) return unexpected(of(changed.error()));
  const Result<UserRecord, Problem> now = find(**store, user->username);
  if (!now) return unexpected(now.error());
  Json out = to_json(*now);
  out["password"] = chosen->password;
  out["weakness"] = chosen->weakness;
  return with_etag(*now, std::move(out));
}

}  // namespace sallyport::daemon
