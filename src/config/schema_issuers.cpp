#include "config/schema_issuers.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::size_t kMaxIssuers = 64;

// The settings of [jwt] that an issuer has for itself, under the same names.
constexpr std::string_view kOwn[] = {"issuer",
                                     "secret",
                                     "secret_base64",
                                     "secret_file",
                                     "public_key",
                                     "public_key_file",
                                     "jwks_url",
                                     "issuer_discovery",
                                     "jwks_file",
                                     "jwks_refresh",
                                     "jwks_timeout",
                                     "jwks_max_stale",
                                     "jwks_cooldown",
                                     "jwks_ca_file",
                                     "jwks_client_cert",
                                     "jwks_client_key",
                                     "jwks_headers",
                                     "jwks_proxy",
                                     "jwks_allow_http",
                                     "jwks_allow_hosts",
                                     "audience",
                                     "claims",
                                     "verify_claims",
                                     "leeway",
                                     "require_exp",
                                     "require_binding",
                                     "max_lifetime",
                                     "typ",
                                     "allowed_algorithms",
                                     "acl_claim",
                                     "scope_claim",
                                     "scope_patterns",
                                     "may_grant",
                                     "groups_claims",
                                     "superuser_claim",
                                     "attributes"};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

bool read_issuer(const TomlNode& node, ValueReader& reader, IssuerSettings& out) {
  std::vector<std::string_view> known{"name"};
  known.insert(known.end(), std::begin(kOwn), std::end(kOwn));
  if (!reader.table(node, known, "a table with name, issuer and keys")) return false;
  Settings scratch;  // the setters of [jwt] write here; what is left out has the schema's default
  std::string name;
  const TomlMember* secret = nullptr;
  bool good = true;
  for (const TomlMember& member : node.members) {
    if (member.key == "name") {
      good = reader.text(member.value, name) && good;
      continue;
    }
    if (member.key.starts_with("secret")) {
      if (secret) {
        reader.fault(member.place, fmt::format("{} and {} contradict each other", secret->key, member.key),
                     "keep one of them");
        good = false;
      }
      secret = &member;
    }
    if (const Setting* setting = find_setting("jwt." + member.key)) setting->set(scratch, member.value, reader);
  }
  static_cast<AuthoritySettings&>(out) = std::move(static_cast<AuthoritySettings&>(scratch.jwt));
  out.name = name;
  if (!good) return false;
  if (!is_name(name)) {
    reader.fault(node.place, "the issuer has no name, or one that is more than letters, digits, - _ and .",
                 "name = \"plant-keycloak\": it stands in logs and metrics");
    return false;
  }
  if (!out.issuer) {
    reader.fault(node.place, fmt::format("issuer {} has no issuer: a token's iss is what chooses it", name),
                 "set issuer to the iss of its tokens");
    return false;
  }
  return true;
}

void set_issuers(Settings& s, const TomlNode& node, ValueReader& reader) {
  if (node.type != TomlType::list)
    return reader.fault(node.place, fmt::format("expected a list of tables, found {}", name(node.type)),
                        "write [[jwt.issuers]] above each of them");
  if (node.items.size() > kMaxIssuers) return reader.fault(node.place, "there are more than 64 issuers");
  std::vector<IssuerSettings> issuers;
  for (const TomlNode& item : node.items) {
    IssuerSettings one;
    if (!read_issuer(item, reader, one)) continue;
    if (!one.has_own_key())
      reader.fault(item.place, fmt::format("issuer {} has no key", one.name),
                   "set secret, public_key, public_key_file, jwks_url, jwks_file or issuer_discovery");
    for (const IssuerSettings& other : issuers) {
      if (other.name == one.name)
        reader.fault(item.place, fmt::format("two issuers are named {}", one.name), "give each its own name");
      if (other.issuer == one.issuer)
        reader.fault(item.place, fmt::format("issuers {} and {} have the same issuer", other.name, one.name),
                     "a token's iss must choose one; put the keys of both into one table");
    }
    issuers.push_back(std::move(one));
  }
  s.jwt.issuers = std::move(issuers);
}

const Setting kIssuers[] = {
    {"jwt.issuers", "a list of tables", "[]",
     "Several issuers beside each other, each with name, issuer and its own secret, public_key, public_key_file, "
     "jwks_url and the other jwks_* names, "
     "issuer_discovery, audience, claims, verify_claims, leeway, require_exp, require_binding, max_lifetime, typ, "
     "allowed_algorithms, acl_claim, scope_claim, scope_patterns, may_grant, groups_claims, superuser_claim and "
     "attributes.\nWhat "
     "a table leaves out has its default, "
     "not the value of [jwt].\nA token's iss, unverified, only chooses which of them may answer: keys of one never "
     "verify a token of another. Without a match the "
     "plain keys of [jwt] are asked, if there are any.",
     "[{ name = \"plant\", issuer = \"https://id.example.com/realms/plant\", issuer_discovery = true, audience = "
     "\"mqtt\" }]",
     set_issuers, true},
};

}  // namespace

std::span<const Setting> issuer_settings() { return kIssuers; }

}  // namespace sallyport
