// EMQX 5: the authentication section of emqx.conf, cluster.hocon or the REST API's JSON.
#include <fmt/format.h>

#include "config/convert.h"
#include "rules/template.h"
#include "users/csv_import.h"

namespace sallyport {
namespace {

std::string text(const TomlNode& table, std::string_view key) {
  const TomlNode* node = table.find(key);
  return node && node->type == TomlType::text ? node->text : std::string();
}
bool is_true(const TomlNode& table, std::string_view key) { return text(table, key) == "true"; }

struct Source {
  const ConvertFile& file;
  const ReadFile& read;
  std::string place(const TomlNode& node) const { return place_text(file.path, node.place); }
  std::string place(const TomlNode& table, std::string_view key) const {
    const TomlNode* node = table.find(key);
    return place(node ? *node : table);
  }
};

void convert_claims(const Source& source, const TomlNode& jwt, Converted& out) {
  const TomlNode* claims = jwt.find("verify_claims");
  if (!claims) return;
  std::string rules;
  const auto add = [&](const std::string& claim, const TomlNode& expected) {
    rules += fmt::format("{}{} = {}", rules.empty() ? "" : ", ", toml_quote(claim), toml_quote(expected.text));
    // The rule stays: settings that do not load are safer than settings with a rule less.
    if (!Template::compile(expected.text))
      out.note(source.place(expected), "verify_claims." + claim,
               "its placeholder has no counterpart; the settings do not load until you change or remove this rule");
  };
  for (const TomlMember& member : claims->members) add(member.key, member.value);
  for (const TomlNode& item : claims->items)
    if (const TomlNode* expected = item.find("value")) add(text(item, "name"), *expected);
  if (!rules.empty()) out.set("jwt.claims", "{ " + rules + " }", source.place(*claims), "verify_claims");
}

void convert_jwt(const Source& source, const TomlNode& jwt, Converted& out) {
  if (text(jwt, "enable") == "false") out.set("jwt.enabled", "false", source.place(jwt, "enable"), "enable");
  if (const std::string from = text(jwt, "from"); !from.empty())
    out.set("jwt.from", toml_quote(from), source.place(jwt, "from"), "from");
  if (is_true(jwt, "use_jwks")) {
    out.set("jwt.jwks_url", toml_quote(text(jwt, "endpoint")), source.place(jwt, "endpoint"), "endpoint");
    std::string refresh = text(jwt, "refresh_interval");
    if (!refresh.empty() && refresh.find_first_not_of("0123456789") == std::string::npos) refresh += 's';
    if (!refresh.empty())
      out.set("jwt.jwks_refresh", toml_quote(refresh), source.place(jwt, "refresh_interval"), "refresh_interval");
    if (const TomlNode* ssl = jwt.find("ssl"); ssl && is_true(*ssl, "enable"))
      out.note(source.place(*ssl), "ssl of the JWKS server",
               "certificates are always verified; set [jwt] jwks_ca_file for an authority of your own");
  } else if (text(jwt, "algorithm") == "public-key") {
    const std::string key = text(jwt, "public_key");
    const bool pem = key.find("-----BEGIN ") != std::string::npos;
    out.set(pem ? "jwt.public_key" : "jwt.public_key_file", toml_quote(key), source.place(jwt, "public_key"),
            "public_key");
  } else if (const std::string secret = text(jwt, "secret"); !secret.empty()) {
    out.set(is_true(jwt, "secret_base64_encoded") ? "jwt.secret_base64" : "jwt.secret", toml_quote(secret),
            source.place(jwt, "secret"), "secret");
  }
  convert_claims(source, jwt, out);
  if (const std::string acl = text(jwt, "acl_claim_name"); !acl.empty())
    out.set("topics.acl_claim", toml_quote(acl), source.place(jwt, "acl_claim_name"), "acl_claim_name");
  if (const std::string end = text(jwt, "disconnect_after_expire"); !end.empty())
    out.set("session.end_at_exp", end, source.place(jwt, "disconnect_after_expire"), "disconnect_after_expire");
  if (const std::string condition = text(jwt, "precondition"); !condition.empty())
    out.note(source.place(jwt, "precondition"), "precondition",
             "there is no counterpart; [jwt] claims can narrow who comes in");
}

// How the built-in database hashes, as the import of users takes it.
ImportOptions import_options(const TomlNode& node) {
  ImportOptions options;
  options.format = ImportFormat::emqx;
  const TomlNode* algorithm = node.find("password_hash_algorithm");
  const TomlNode empty;
  if (!algorithm) algorithm = &empty;
  const std::string name = text(*algorithm, "name"), mac = text(*algorithm, "mac_fun"),
                    position = text(*algorithm, "salt_position");
  if (name == "plain")
    options.hash = ImportHash::plain;
  else if (name == "md5")
    options.hash = ImportHash::md5;
  else if (name == "sha")
    options.hash = ImportHash::sha;
  else if (name == "sha512")
    options.hash = ImportHash::sha512;
  else if (name == "bcrypt")
    options.hash = ImportHash::bcrypt;
  else if (name == "pbkdf2")
    options.hash = mac == "sha512" ? ImportHash::pbkdf2_sha512
                   : mac == "sha"  ? ImportHash::pbkdf2_sha1
                                   : ImportHash::pbkdf2_sha256;
  else
    options.hash = ImportHash::sha256;
  if (name != "bcrypt" && name != "pbkdf2")
    options.salt_position = position == "suffix"    ? SaltPosition::suffix
                            : position == "disable" ? SaltPosition::none
                                                    : SaltPosition::prefix;
  const std::string iterations = text(*algorithm, "iterations");
  if (!iterations.empty() && iterations.size() < 9 && iterations.find_first_not_of("0123456789") == std::string::npos)
    options.iterations = static_cast<std::uint32_t>(std::stoul(iterations));
  return options;
}

Result<void> convert_bootstrap(const std::string& path, const std::string& bytes, const ImportOptions& options,
                               Converted& out) {
  std::size_t at = 0;
  auto import = open_user_import(
      [&](char* buffer, std::size_t n) {
        const std::size_t taken = bytes.copy(buffer, n, at);
        at += taken;
        return taken;
      },
      options);
  if (!import) {
    import.error().place = path;
    return unexpected(import.error());
  }
  for (ImportedUser user; (*import)->next(user);) {
    if (user.fault)
      out.note(path + ", " + user.fault->place, "a user of the bootstrap file", user.fault->cause);
    else
      out.users.push_back({user.username, user.hash, user.password, user.is_superuser});
  }
  return {};
}

Result<void> convert_built_in(const Source& source, const TomlNode& node, Converted& out) {
  if (text(node, "enable") == "false") {
    out.set("password.enabled", "false", source.place(node, "enable"), "enable");
    return {};
  }
  if (text(node, "user_id_type") == "clientid") {
    out.note(source.place(node, "user_id_type"), "user_id_type = clientid",
             "Sallyport's users have user names; give the device one, or bind the client id with a token's claim (= "
             "\"%c\")");
    return {};
  }
  const std::string path = text(node, "bootstrap_file");
  if (path.empty()) {
    out.note(source.place(node), "users of the built-in database",
             "they are not in this file: export them from EMQX and use sallyport user import with their hash and salt "
             "position");
    return {};
  }
  const auto bytes = source.read(path);
  if (!bytes) {
    out.note(source.place(node, "bootstrap_file"), "users of the bootstrap file",
             bytes.error().cause + "; use sallyport user import for it");
    return {};
  }
  return convert_bootstrap(path, *bytes, import_options(node), out);
}

Result<void> convert_authenticator(const Source& source, const TomlNode& node, Converted& out) {
  const std::string mechanism = text(node, "mechanism"), backend = text(node, "backend");
  if (mechanism == "jwt") {
    convert_jwt(source, node, out);
  } else if (mechanism == "password_based" && backend == "built_in_database") {
    return convert_built_in(source, node, out);
  } else if (mechanism == "password_based") {
    out.note(source.place(node), fmt::format("password_based with {}", backend),
             backend == "http"
                 ? "Sallyport asks no other service: import the users, or have the service issue tokens"
                 : "Sallyport asks no other database: export user name and hash as CSV and use sallyport user import");
  } else {
    out.note(source.place(node), fmt::format("mechanism {}", mechanism), "there is no counterpart");
  }
  return {};
}

// A list of authenticators, one alone, or a table by number (authentication.1.mechanism = …).
Result<void> convert_authentication(const Source& source, const TomlNode& node, Converted& out) {
  if (node.find("mechanism")) return convert_authenticator(source, node, out);
  for (const TomlNode& item : node.items)
    if (auto done = convert_authenticator(source, item, out); !done) return done;
  for (const TomlMember& member : node.members)
    if (member.value.find("mechanism"))
      if (auto done = convert_authenticator(source, member.value, out); !done) return done;
  return {};
}

void note_listeners(const Source& source, const TomlNode& root, Converted& out) {
  const TomlNode* listeners = root.find("listeners");
  if (!listeners) return;
  for (const TomlMember& kind : listeners->members)
    for (const TomlMember& listener : kind.value.members)
      if (const TomlNode* own = listener.value.find("authentication"))
        out.note(source.place(*own), fmt::format("authentication of listener {}.{}", kind.key, listener.key),
                 "a listener with rules of its own gets the plugin with a settings file of its own; convert this part "
                 "by itself");
}

}  // namespace

Result<void> convert_emqx5_conf(const ConvertFile& file, const ReadFile& read, Converted& out) {
  const std::size_t first = file.text.find_first_not_of(" \t\r\n");
  const bool list = first != std::string::npos && file.text[first] == '[';
  const auto root = parse_hocon(list ? "authentication = " + file.text : file.text, file.path);
  if (!root) return unexpected(root.error());
  const Source source{file, read};
  note_listeners(source, *root, out);
  for (const char* other : {"authorization", "psk_authentication"})
    if (const TomlNode* node = root->find(other)) out.note(source.place(*node), other, "not converted");
  const TomlNode* authentication = root->find("authentication");
  if (!authentication && root->find("mechanism")) authentication = &*root;
  if (!authentication) {
    out.note(file.path, "authentication", "there is no such section in this file");
    return {};
  }
  return convert_authentication(source, *authentication, out);
}

}  // namespace sallyport
