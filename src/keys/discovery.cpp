#include "keys/discovery.h"

#include <algorithm>

#include "codec/json.h"

namespace sallyport {
namespace {

std::string shown(std::string_view text) {
  std::string out(text.substr(0, 128));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

}  // namespace

std::vector<std::string> discovery_addresses(std::string_view issuer) {
  const std::size_t scheme = issuer.find("://");
  if (scheme == std::string_view::npos || scheme == 0 || scheme + 3 >= issuer.size() ||
      issuer.find_first_of("?#") != std::string_view::npos)
    return {};
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  const std::size_t slash = issuer.find('/', scheme + 3);
  const std::string origin(issuer.substr(0, slash));
  const std::string path(slash == std::string_view::npos ? std::string_view() : issuer.substr(slash));
  std::vector<std::string> out{origin + path + "/.well-known/openid-configuration"};
  // RFC 8414 3.1 puts the well-known part between host and path.
  if (!path.empty()) out.push_back(origin + "/.well-known/openid-configuration" + path);
  out.push_back(origin + "/.well-known/oauth-authorization-server" + path);
  return out;
}

Discovered read_discovery(std::string_view document, std::string_view issuer) {
  std::vector<char> text(document.begin(), document.end());
  JsonTape tape;
  if (tape.parse(text.data(), text.size(), {.max_bytes = 256 * 1024, .max_depth = 16, .max_nodes = 32 * 1024}) !=
          JsonError::none ||
      !tape.root().is_object())
    return {FetchOutcome::not_json, {}, "the issuer's configuration is no strict JSON object"};
  const auto said = tape.root().find("issuer"), uri = tape.root().find("jwks_uri");
  if (!said || !said->string()) return {FetchOutcome::no_discovery, {}, "the issuer's configuration has no issuer"};
  if (*said->string() != issuer)
    return {FetchOutcome::issuer_differs, {}, "it says \"" + shown(*said->string()) + "\""};
  if (!uri || !uri->string() || uri->string()->empty())
    return {FetchOutcome::no_discovery, {}, "the issuer's configuration has no jwks_uri"};
  return {FetchOutcome::ok, std::string(*uri->string()), {}};
}

}  // namespace sallyport
