// Mosquitto's own settings and password file, and mosquitto-go-auth's options, which
// stand in the same file.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "codec/base64url.h"
#include "config/convert.h"
#include "users/hash_form.h"

namespace sallyport {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

void for_each_line(std::string_view text, const auto& use) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty() && !line.starts_with('#')) use(number, line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::vector<std::string> words(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t end = list.find(',');
    if (const auto word = trimmed(list.substr(0, end)); !word.empty()) out.emplace_back(word);
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  }
  return out;
}

struct Option {
  std::string value, place;
};
using Options = std::map<std::string, Option>;

constexpr std::string_view kTopicRules =
    "what an admitted client may publish and subscribe is not converted; keep the acl file in Mosquitto";

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return text.starts_with(p); });
}

bool is_on(std::string_view value) { return value == "true" || value == "1" || value == "on"; }

void convert_jwt(const Options& options, Converted& out) {
  const auto find = [&](const char* name) {
    const auto at = options.find(name);
    return at == options.end() ? nullptr : &at->second;
  };
  const Option* mode = find("jwt_mode");
  const Option* remote = find("jwt_remote");
  if ((mode && mode->value == "remote") || (remote && is_on(remote->value)))
    return out.note((mode ? mode : remote)->place, "jwt backend in remote mode",
                    "it asks an HTTP service with the token; Sallyport verifies the token itself: give [jwt] the key "
                    "that signs it");
  if (mode && mode->value == "js")
    return out.note(mode->place, "jwt backend in js mode", "scripts are not run; write the checks as [jwt] claims");
  // The backend reads the token from the user name and looks at no password.
  const Option* secret = find("jwt_secret");
  if (!secret)
    return out.note(find("backends") ? find("backends")->place : "", "jwt backend",
                    "it has no jwt_secret; set a key under [jwt]");
  out.set("jwt.from", "\"username\"", secret->place, "token in the user name");
  out.set("jwt.secret", toml_quote(secret->value), secret->place, "jwt_secret");
  const Option* field = find("jwt_userfield");
  if (field && field->value == "Username")
    out.set("jwt.principal_claims", "[\"username\"]", field->place, "jwt_userfield");
  if (const Option* query = find("jwt_userquery"))
    out.note(query->place, "jwt_userquery",
             "the database is not asked: every token that the secret verifies comes in; narrow it with [jwt] issuer, "
             "audience or claims, or keep tokens short");
  if (const Option* skip = find("jwt_skip_user_expiration"); skip && is_on(skip->value))
    out.note(skip->place, "jwt_skip_user_expiration", "an expired token is always refused; issue new ones");
}

void convert_log(const Options& options, Converted& out) {
  const auto level = options.find("log_level");
  if (level == options.end()) return;
  const std::string& word = level->second.value;
  const std::string ours = word == "warn" ? "warning" : word == "fatal" || word == "panic" ? "error" : word;
  if (ours == "debug" || ours == "info" || ours == "warning" || ours == "error")
    out.set("log.level", toml_quote(ours), level->second.place, "log_level");
}

// Backends that ask something else while a client waits.
std::string_view why_not(std::string_view backend) {
  if (begins_with_any(backend, {"postgres", "mysql", "sqlite", "mongo", "redis"}))
    return "Sallyport asks no other database: export user name and hash as CSV (PBKDF2$… becomes $pbkdf2-…) and use "
           "sallyport user import";
  if (begins_with_any(backend, {"http", "grpc"}))
    return "Sallyport asks no other service: import the users, or have the service issue tokens";
  return "there is no counterpart";
}

Result<void> convert_backends(const Options& options, const ReadFile& read, Converted& out) {
  const auto find = [&](const char* name) {
    const auto at = options.find(name);
    return at == options.end() ? nullptr : &at->second;
  };
  const Option* list = find("backends");
  if (!list) {
    out.note("", "auth_opt_backends", "no backend is named, so there is nothing to take over");
    return {};
  }
  for (const std::string& backend : words(list->value)) {
    if (backend == "jwt") {
      convert_jwt(options, out);
    } else if (backend == "files") {
      const Option* path = find("files_password_path") ? find("files_password_path") : find("password_path");
      if (!path) {
        out.note(list->place, "files backend", "it names no password file");
        continue;
      }
      auto text = read(path->value);
      if (!text)
        return unexpected(Error{text.error().kind, text.error().cause,
                                "give the file that files_password_path names, or correct the path", path->place});
      const Option* encoding = find("hasher_salt_encoding");
      if (auto done = convert_password_file({path->value, *text}, encoding && encoding->value == "utf-8", out); !done)
        return done;
    } else {
      out.note(list->place, backend + " backend", std::string(why_not(backend)));
    }
  }
  return {};
}

// What remains: said once for each option, with why it is not needed or not there.
void note_options(const Options& options, Converted& out) {
  for (const auto& [name, option] : options) {
    if (name == "backends" || name == "log_level" || name == "hasher_salt_encoding" ||
        begins_with_any(name, {"jwt_", "pg_", "mysql_", "sqlite_", "mongo_", "redis_", "http_", "grpc_"}) ||
        name.ends_with("password_path"))
      continue;
    const std::string what = "auth_opt_" + name;
    if (name.ends_with("acl_path"))
      out.note(option.place, what, std::string(kTopicRules));
    else if (begins_with_any(name, {"cache", "auth_cache", "acl_cache", "auth_jitter", "acl_jitter"}))
      out.note(option.place, what,
               "not needed: a right password seen again is remembered by a keyed hash in memory, and so are verified "
               "tokens");
    else if (begins_with_any(name, {"hasher", "files_hasher"}))
      out.note(option.place, what, "not needed: each hash says how it was made, and new ones are Argon2id");
    else if (begins_with_any(name, {"log_"}))
      out.note(option.place, what, "the gate writes to the broker's log");
    else if (begins_with_any(name, {"check_prefix", "prefixes", "strip_prefix", "enable_scoping"}))
      out.note(option.place, what, "user names are taken as they stand; a token is told from a password by its form");
    else if (begins_with_any(name, {"disable_superuser"}))
      out.note(option.place, what, "a user is a superuser only where its record says so");
    else
      out.note(option.place, what, "not known here");
  }
}

// "PBKDF2$sha512$100000$SALT$HASH", as go-auth's tool writes it.
std::string from_go_auth_pbkdf2(std::string_view hash, bool salt_is_text) {
  std::vector<std::string> parts;
  for (std::size_t end; (end = hash.find('$')) != std::string_view::npos; hash.remove_prefix(end + 1))
    parts.emplace_back(hash.substr(0, end));
  parts.emplace_back(hash);
  if (parts.size() != 5) return {};
  std::string salt = salt_is_text ? encode_base64(parts[3]) : parts[3];
  return fmt::format("$pbkdf2-{}$i={}${}${}", parts[1], parts[2], salt, parts[4]);
}

}  // namespace

bool looks_like_password_file(std::string_view text) {
  std::size_t users = 0, others = 0;
  for_each_line(text, [&](std::size_t, std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view hash = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    (hash.starts_with('$') || hash.starts_with("PBKDF2$") ? users : others) += 1;
  });
  return users > 0 && others == 0;
}

Result<void> convert_password_file(const ConvertFile& file, bool salt_is_text, Converted& out) {
  for_each_line(file.text, [&](std::size_t number, std::string_view line) {
    const std::string place = fmt::format("{}:{}", file.path, number);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return out.note(place, "a line of the password file", "it is not user:hash");
    ConvertedUser user;
    user.username = line.substr(0, colon);
    const std::string_view hash = line.substr(colon + 1);
    if (hash.starts_with("PBKDF2$"))
      user.hash = from_go_auth_pbkdf2(hash, salt_is_text);
    else if (hash.starts_with('$'))
      user.hash = hash;
    if (user.hash.empty())
      return out.note(
          place, fmt::format("user {}", user.username),
          "its hash is of no known form; a plain password file becomes hashes with: mosquitto_passwd -U FILE");
    if (const auto readable = parse_hash(user.hash); !readable)
      return out.note(place, fmt::format("user {}", user.username), readable.error().cause);
    out.users.push_back(std::move(user));
  });
  return {};
}

Result<void> convert_mosquitto_conf(const ConvertFile& file, bool go_auth, const ReadFile& read, Converted& out) {
  Options options;
  Result<void> done;
  for_each_line(file.text, [&](std::size_t number, std::string_view line) {
    const std::string place = fmt::format("{}:{}", file.path, number);
    const std::size_t space = line.find_first_of(" \t");
    const std::string name(line.substr(0, space));
    const std::string value(space == std::string_view::npos ? std::string_view() : trimmed(line.substr(space)));
    if (begins_with_any(name, {"auth_opt_", "plugin_opt_"})) {
      const std::string option = name.substr(name.find("opt_") + 4);
      if (go_auth)
        options[option] = {value, place};
      else
        out.note(place, name, "an option of another plugin; for mosquitto-go-auth use --from mosquitto-go-auth");
    } else if (name == "password_file" && done) {
      const auto text = read(value);
      if (!text)
        done = unexpected(
            Error{text.error().kind, text.error().cause, "correct the path, or give the password file itself", place});
      else
        done = convert_password_file({value, *text}, false, out);
    } else if (name == "allow_anonymous") {
      if (is_on(value)) {
        out.set("chain.no_match", "\"allow\"", place, name);
        out.note(place, name,
                 "admits only clients that show nothing at all; Mosquitto also admits those with an unknown user name "
                 "when it has no password file");
      }
    } else if (name == "acl_file") {
      out.note(place, name, std::string(kTopicRules));
    } else if (name == "psk_file" || name == "use_identity_as_username" || name == "use_subject_as_username") {
      out.note(place, name, "the broker does not ask a plugin about these clients; the gate counts them as not_ours");
    } else if (name == "include_dir") {
      out.note(place, name, "not followed; give the files in it too");
    } else if (name == "per_listener_settings" && is_on(value)) {
      out.note(place, name, "name the plugin under each listener that it should guard; all of them share one gate");
    } else if ((name == "auth_plugin" || name == "plugin") && !go_auth) {
      out.note(place, name, "another plugin; Mosquitto asks several in the order of their lines");
    }
  });
  if (!done) return done;
  if (!go_auth) return {};
  if (auto backends = convert_backends(options, read, out); !backends) return backends;
  convert_log(options, out);
  note_options(options, out);
  return {};
}

}  // namespace sallyport
