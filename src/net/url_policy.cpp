#include "net/url_policy.h"

#include <algorithm>

namespace sallyport {

bool host_is_allowed_by_name(const SourceUrl& url, const FetchOptions& options) noexcept {
  return std::find(options.allow_hosts.begin(), options.allow_hosts.end(), url.host) != options.allow_hosts.end();
}

std::optional<FetchOutcome> refuse_url(const SourceUrl& url, const FetchOptions& options) noexcept {
  if (!url.https && !options.allow_http && !is_loopback_name(url.host)) return FetchOutcome::plain_http;
  return std::nullopt;
}

std::optional<FetchOutcome> refuse_address(const sockaddr* address, const SourceUrl& url,
                                           const FetchOptions& options) noexcept {
  const AddressKind kind = address_kind(address);
  if (kind == AddressKind::special && !host_is_allowed_by_name(url, options)) return FetchOutcome::address_refused;
  // "localhost" may be anything in /etc/hosts or DNS: plain http goes to where loopback really is.
  if (!url.https && !options.allow_http && kind != AddressKind::loopback && options.proxy.empty())
    return FetchOutcome::plain_http;
  return std::nullopt;
}

}  // namespace sallyport
