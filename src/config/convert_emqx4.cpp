// EMQX 4.4: etc/plugins/emqx_auth_jwt.conf, emqx_auth_mnesia.conf and emqx.conf, lines of name = value.
#include <fmt/format.h>

#include <map>
#include <set>

#include "config/convert.h"

namespace sallyport {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}
std::string_view unquoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text;
}
bool is_on(std::string_view value) { return value == "on" || value == "true"; }

struct State {
  std::string claims, claims_place, verify_place;
  bool verify = false;
  std::map<std::string, ConvertedUser> users;  // by their number
  std::set<std::string> said;
};

// auth.jwt.…
void convert_jwt(std::string_view name, const std::string& value, const std::string& place, State& state,
                 Converted& out) {
  constexpr std::string_view claim = "verify_claims.";
  if (name == "secret") {
    out.set("jwt.secret", toml_quote(value), place, "auth.jwt.secret");
  } else if (name == "from") {
    out.set("jwt.from", toml_quote(value), place, "auth.jwt.from");
  } else if (name == "pubkey") {
    out.set("jwt.public_key_file", toml_quote(value), place, "auth.jwt.pubkey");
  } else if (name == "jwks") {
    out.set("jwt.jwks_url", toml_quote(value), place, "auth.jwt.jwks");
  } else if (name == "jwks.refresh_interval") {
    out.set("jwt.jwks_refresh", toml_quote(value), place, "auth.jwt.jwks.refresh_interval");
  } else if (name == "verify_claims") {
    state.verify = is_on(value);
    state.verify_place = place;
  } else if (name.starts_with(claim)) {
    state.claims += fmt::format("{}{} = {}", state.claims.empty() ? "" : ", ", toml_quote(name.substr(claim.size())),
                                toml_quote(value));
    state.claims_place = place;
  } else if (name == "acl_claim_name") {
    out.set("topics.acl_claim", toml_quote(value), place, "auth.jwt.acl_claim_name");
  } else {
    out.note(place, fmt::format("auth.jwt.{}", name), "not known here");
  }
}

// auth.user.1.username and auth.user.1.password
void convert_user(std::string_view rest, const std::string& value, const std::string& place, State& state,
                  Converted& out) {
  const std::size_t dot = rest.find('.');
  const std::string number(rest.substr(0, dot));
  const std::string_view field = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  if (field == "username")
    state.users[number].username = value;
  else if (field == "password")
    state.users[number].password = value;
  else
    out.note(place, fmt::format("auth.user.{}", rest), "not known here");
}

std::string_view why_not(std::string_view plugin) {
  if (plugin == "http") return "Sallyport asks no other service: import the users, or have the service issue tokens";
  return "Sallyport asks no other database: export user name and hash as CSV and use sallyport user import";
}

void convert_line(const std::string& name, const std::string& value, const std::string& place, State& state,
                  Converted& out) {
  const std::string_view n = name;
  if (n.starts_with("auth.jwt.")) return convert_jwt(n.substr(9), value, place, state, out);
  if (n.starts_with("auth.user.")) return convert_user(n.substr(10), value, place, state, out);
  if (n.starts_with("auth.client.")) {
    if (state.said.insert("client").second)
      out.note(place, "auth.client",
               "users by client id: Sallyport's users have user names; give the device one, or bind the client id with "
               "a token's claim (= \"%c\")");
  } else if (n == "auth.mnesia.password_hash") {
    out.note(place, name,
             "not needed: each hash says how it was made; the database's users come with sallyport user import from "
             "its export");
  } else if (n == "allow_anonymous") {
    if (!is_on(value)) return;
    out.set("chain.no_match", "\"allow\"", place, name);
    out.note(place, name, "admits only clients that show nothing at all; EMQX also admits those whom no plugin knows");
  } else if (n.starts_with("acl_") || n.starts_with("enable_acl")) {
    out.note(place, name, "rules of acl.conf are not converted");
  } else if (n.starts_with("auth.")) {
    const std::string plugin(n.substr(5, n.find('.', 5) - 5));
    if (state.said.insert(plugin).second) out.note(place, "auth." + plugin, std::string(why_not(plugin)));
  }
}

}  // namespace

Result<void> convert_emqx4_conf(const ConvertFile& file, Converted& out) {
  State state;
  std::size_t number = 0;
  for (std::string_view rest = file.text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::string place = fmt::format("{}:{}", file.path, number);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
      return unexpected(invalid("expected name = value", "is this a settings file of EMQX 4.4?", place));
    convert_line(std::string(trimmed(line.substr(0, equals))), std::string(unquoted(trimmed(line.substr(equals + 1)))),
                 place, state, out);
  }
  if (!state.claims.empty()) {
    out.set("jwt.claims", "{ " + state.claims + " }", state.claims_place, "auth.jwt.verify_claims");
    // EMQX checks none of them unless the switch is on.
    if (!state.verify) out.set("jwt.verify_claims", "false", state.verify_place, "auth.jwt.verify_claims");
  }
  for (auto& [_, user] : state.users) {
    if (user.username.empty() || user.password.empty())
      out.note(file.path, "auth.user." + _, "has no user name or no password");
    else
      out.users.push_back(std::move(user));
  }
  return {};
}

}  // namespace sallyport
