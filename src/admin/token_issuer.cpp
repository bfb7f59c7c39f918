#include "admin/token_issuer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/secret.h"
#include "codec/base64url.h"
#include "config/file_bytes.h"
#include "crypto/random.h"
#include "rules/template.h"

namespace sallyport {
namespace {

using nlohmann::json;
constexpr std::string_view kOwn[] = {"sub", "iat", "exp", "nbf", "jti", "iss", "aud"};

Result<json> filled(const json& value, const TemplateValues& values, std::size_t depth) {
  if (depth > 16) return unexpected(invalid("the claims stand inside each other too deep"));
  if (value.is_string()) {
    const auto compiled = Template::compile(value.get<std::string>());
    if (!compiled) return unexpected(compiled.error());
    const std::optional<std::string> text = compiled->render(values);
    if (!text)
      return unexpected(invalid("a claim names %u or %c, and a client has none", "give it a username or client_id"));
    return json(*text);
  }
  if (value.is_array() || value.is_object()) {
    json out = value;
    for (auto& [key, member] : out.items()) {
      Result<json> made = filled(member, values, depth + 1);
      if (!made) return made;
      member = std::move(*made);
    }
    return out;
  }
  return value;
}

}  // namespace

Result<TokenIssuer> TokenIssuer::open(const IssuingKeySetting& setting) {
  auto file = read_file_bytes(setting.key_file, 64 * 1024);
  if (!file) return unexpected(file.error());
  TokenIssuer out;
  out.setting_ = setting;
  std::string_view text = file->bytes;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool document =
      text.find("-----BEGIN ") != std::string_view::npos || (first != std::string_view::npos && text[first] == '{');
  auto key = document ? parse_signing_key(text) : signing_key_from_secret(text);
  const bool others_read = file->others_read;
  wipe(file->bytes);
  if (!key) return unexpected(key.error());
  if (others_read)
    return unexpected(Error{ErrorKind::kDenied, fmt::format("every user of this machine can read {}", setting.key_file),
                            "chmod o-rwx " + setting.key_file, ""});
  out.key_ = std::move(*key);
  const std::optional<Algorithm> asked =
      setting.algorithm.empty() ? out.key_->own_algorithm() : algorithm_from_name(setting.algorithm);
  out.algorithm_ = asked.value_or(usual_algorithm(out.key_->kind()));
  if (!fits(out.algorithm_, out.key_->kind()))
    return unexpected(invalid(fmt::format("the key of {} cannot sign with {}", setting.name, name(out.algorithm_)),
                              "take algorithm out of [[console.issuing]]"));
  out.kid_ = setting.kid.empty() ? out.key_->kid() : setting.kid;
  return out;
}

Result<std::string> TokenIssuer::issue(const Holder& holder, const json& claims, UnixSeconds now,
                                       UnixSeconds expires_at) const {
  TemplateValues values;
  if (!holder.username.empty()) values.username = holder.username;
  if (!holder.client_id.empty()) values.client_id = holder.client_id;
  json payload = json::object();
  for (const auto& [key, value] : claims.items()) {
    if (std::find(std::begin(kOwn), std::end(kOwn), key) != std::end(kOwn))
      return unexpected(invalid(fmt::format("the claim {} is made here and cannot be given", key), "leave it out"));
    Result<json> made = filled(value, values, 0);
    if (!made) return unexpected(made.error());
    payload[key] = std::move(*made);
  }
  payload["sub"] = holder.sub;
  payload["iat"] = now;
  payload["exp"] = expires_at;
  payload["jti"] = encode_base64url(random_bytes(16));
  if (!setting_.issuer.empty()) payload["iss"] = setting_.issuer;
  if (setting_.audience.size() == 1) payload["aud"] = setting_.audience.front();
  if (setting_.audience.size() > 1) payload["aud"] = setting_.audience;
  json header{{"alg", name(algorithm_)}, {"typ", "JWT"}};
  if (!kid_.empty()) header["kid"] = kid_;
  return sign_compact(*key_, algorithm_, header.dump(), payload.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace sallyport
