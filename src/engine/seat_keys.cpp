#include "engine/seat_keys.h"

#include <algorithm>

namespace sallyport {
namespace {

KeySourceSettings source_of(const AuthoritySettings& a, std::string name) {
  auto options = std::make_shared<FetchOptions>();
  options->timeout_ms = a.jwks.timeout * 1000;
  options->ca_file = a.jwks.ca_file;
  options->client_cert = a.jwks.client_cert;
  options->client_key = a.jwks.client_key;
  for (const auto& [header, value] : a.jwks.headers) options->headers.emplace_back(header, value.clone());
  options->proxy = a.jwks.proxy;
  options->allow_http = a.jwks.allow_http;
  options->allow_hosts = a.jwks.allow_hosts;
  KeySourceSettings source;
  source.name = std::move(name);
  source.url = a.jwks.url;
  if (a.jwks.discovery) source.discovery_issuer = a.issuer.value_or(std::string());
  source.bounds = {a.jwks.refresh * 1000, a.jwks.cooldown * 1000, a.jwks.max_stale * 1000};
  source.options = std::move(options);
  return source;
}

bool same_key(const KeyPtr& a, const KeyPtr& b) {
  if (a == b) return true;
  // A secret has no thumbprint that may be kept: made anew, it is new, and what was remembered is verified again.
  return !a->thumbprint().empty() && a->thumbprint() == b->thumbprint() && a->kid() == b->kid() &&
         a->algorithms() == b->algorithms() && a->label() == b->label();
}

void seat(TokenAuthority& authority, const std::shared_ptr<const KeyRing>& previous, const JwksRefresher* refresher,
          std::uint64_t& generation) {
  std::vector<KeyPtr> keys = authority.local_keys;
  PendingKeys pending;
  authority.bell.reset();
  if (refresher)
    if (auto view = refresher->view(authority.name)) {
      keys.insert(keys.end(), view->keys.keys->begin(), view->keys.keys->end());
      pending = view->keys.pending;
      authority.bell = std::move(view->bell);
    }
  const bool same = previous && previous->keys().size() == keys.size() &&
                    std::equal(keys.begin(), keys.end(), previous->keys().begin(), same_key);
  authority.keys = same ? std::make_shared<const KeyRing>(*previous, pending)
                        : std::make_shared<const KeyRing>(std::move(keys), ++generation, pending);
}

}  // namespace

std::vector<KeySourceSettings> key_sources_of(const JwtSettings& jwt) {
  std::vector<KeySourceSettings> out;
  if (!jwt.is_enabled()) return out;
  if (jwt.jwks.remote()) out.push_back(source_of(jwt, {}));
  for (const IssuerSettings& issuer : jwt.issuers)
    if (issuer.jwks.remote()) out.push_back(source_of(issuer, issuer.name));
  return out;
}

std::string vault_folder_of(const Settings& s) {
  if (!s.jwt.jwks_cache.empty()) return s.jwt.jwks_cache;
  constexpr std::string_view scheme = "sqlite://";
  if (!s.store.url.starts_with(scheme)) return {};
  const std::string path = s.store.url.substr(scheme.size());
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash) + "/jwks";
}

void seat_keys(JwtPolicy& jwt, const JwtPolicy& previous, const JwksRefresher* refresher, std::uint64_t& generation) {
  seat(jwt.plain, previous.plain.keys, refresher, generation);
  for (TokenAuthority& authority : jwt.issuers) {
    const auto old = std::find_if(previous.issuers.begin(), previous.issuers.end(),
                                  [&](const TokenAuthority& a) { return a.name == authority.name; });
    seat(authority, old == previous.issuers.end() ? nullptr : old->keys, refresher, generation);
  }
}

}  // namespace sallyport
