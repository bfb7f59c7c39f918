#include "config/schema_jwt.h"

#include <fmt/format.h>

#include <cctype>

#include "codec/base64url.h"
#include "jose/key_set.h"
#include "rules/template.h"

namespace sallyport {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the secret where it can be one; a fault otherwise.
void take_secret(Settings& settings, TomlPlace place, Secret secret, ValueReader& reader) {
  if (secret.empty())
    return reader.fault(place, "the secret is empty", "make one of 32 random bytes: openssl rand -hex 32");
  if (const std::string_view kind = other_kind_of_key(secret.view()); !kind.empty())
    return reader.fault(place, fmt::format("the secret is {}", kind),
                        kind.find("private") != std::string_view::npos
                            ? "a private key stays with the issuer; put its public half into public_key_file"
                            : "put it into public_key or public_key_file");
  if (trimmed(secret.view()).size() != secret.size())
    reader.warn(place, "the secret begins or ends with white space, which counts", "take it out if it is not meant");
  settings.jwt.secret = std::move(secret);
}

}  // namespace

std::string_view other_kind_of_key(std::string_view secret) {
  if (secret.find("-----BEGIN ") != std::string_view::npos) {
    if (secret.find("PRIVATE KEY-----") != std::string_view::npos) return "a private key in PEM";
    return secret.find("CERTIFICATE-----") != std::string_view::npos ? "a certificate in PEM" : "a public key in PEM";
  }
  const std::string_view text = trimmed(secret);
  if (text.starts_with('{') && text.find("\"kty\"") != std::string_view::npos) return "a JWK";
  if (text.starts_with('{') && text.find("\"keys\"") != std::string_view::npos) return "a JWK set";
  if (text.starts_with("ssh-rsa ") || text.starts_with("ssh-ed25519 ") || text.starts_with("ecdsa-sha2-"))
    return "a public key of ssh";
  return {};
}

void set_jwt_secret(Settings& settings, const TomlNode& node, ValueReader& reader) {
  Secret secret;
  if (reader.secret(node, secret)) take_secret(settings, node.place, std::move(secret), reader);
}

void set_jwt_secret_base64(Settings& settings, const TomlNode& node, ValueReader& reader) {
  Secret encoded;
  if (!reader.secret(node, encoded)) return;
  auto bytes = decode_base64_lenient(encoded.view());
  if (!bytes)
    return reader.fault(node.place, "the secret is not base64",
                        "if it is plain text, use secret; a binary file goes into secret_file");
  Secret secret(*bytes);
  wipe(*bytes);
  take_secret(settings, node.place, std::move(secret), reader);
}

void set_jwt_secret_file(Settings& settings, const TomlNode& node, ValueReader& reader) {
  std::string path;
  Secret secret;
  if (reader.path(node, path) && reader.secret_file(node.place, path, secret))
    take_secret(settings, node.place, std::move(secret), reader);
}

void set_jwt_public_key(Settings& settings, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> texts;
  if (!reader.text_or_list(node, texts)) return;
  bool good = true;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const TomlPlace place = node.type == TomlType::list ? node.items[i].place : node.place;
    if (texts[i].find("-----BEGIN ") == std::string::npos && !trimmed(texts[i]).starts_with('{')) {
      reader.fault(place, "the key is neither PEM nor a JWK",
                   "a path goes into public_key_file, an HMAC key into secret");
      good = false;
      continue;
    }
    KeyOptions options;
    options.label = "public_key";
    const auto keys = parse_key_document(texts[i], KeyDocumentPolicy::trusted_file, options);
    if (!keys) reader.fault(place, keys.error());
    good = good && keys.has_value();
  }
  if (good) settings.jwt.public_keys = std::move(texts);
}

void set_jwt_claims(Settings& settings, const TomlNode& node, ValueReader& reader) {
  if (node.type != TomlType::table)
    return reader.fault(node.place, fmt::format("expected a table of claims, found {}", name(node.type)),
                        "for example: claims = { username = \"%u\" }");
  std::vector<ClaimRuleSetting> rules;
  bool good = true;
  for (const TomlMember& member : node.members) {
    const bool named = reader.claim_name(member.place, member.key);
    good = good && named;
    if (member.value.type != TomlType::text) {
      const bool scalar = member.value.type == TomlType::integer || member.value.type == TomlType::boolean;
      reader.fault(member.value.place, fmt::format("expected the claim's text, found {}", name(member.value.type)),
                   scalar ? "numbers, true and false stand between quotes too: level = \"5\""
                          : "a claim of a deeper object has a JSON Pointer as its name: \"/realm/site\" = \"plant-7\"");
      good = false;
      continue;
    }
    const auto compiled = Template::compile(member.value.text);
    if (!compiled) reader.fault(member.value.place, compiled.error());
    good = good && compiled.has_value();
    rules.push_back({member.key, member.value.text});
  }
  if (good) settings.jwt.claims = std::move(rules);
}

void set_jwt_allowed_algorithms(Settings& settings, const TomlNode& node, ValueReader& reader) {
  std::vector<std::string> names;
  if (!reader.text_or_list(node, names)) return;
  if (names.empty())
    return reader.fault(node.place, "the list is empty, so no token could pass",
                        "name at least one, or set enabled = false");
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < kAlgorithmCount; ++i) known.push_back(name(static_cast<Algorithm>(i)));
  AlgorithmSet set = 0;
  bool good = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto algorithm = algorithm_from_name(names[i]);
    if (algorithm) {
      set |= bit(*algorithm);
      continue;
    }
    const TomlPlace place = node.type == TomlType::list ? node.items[i].place : node.place;
    reader.fault(place, fmt::format("the gate does not verify the algorithm {}", toml_quote(names[i].substr(0, 32))),
                 nearest_hint(names[i], known));
    good = false;
  }
  if (good) settings.jwt.allowed_algorithms = set;
}

}  // namespace sallyport
