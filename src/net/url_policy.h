// UrlPolicy: which addresses are asked. The name is looked at before the fetch, each
// address that it resolves to when its socket is opened, so that no DNS answer can
// lead to where the name may not.
#pragma once

#include <optional>

#include "keys/fetcher.h"
#include "keys/source_url.h"
#include "net/address_kind.h"

namespace sallyport {

// Whether the host of this address may be at a special place.
bool host_is_allowed_by_name(const SourceUrl& url, const FetchOptions& options) noexcept;
// Before the fetch: http to something that is not loopback by name.
std::optional<FetchOutcome> refuse_url(const SourceUrl& url, const FetchOptions& options) noexcept;
// When a socket to this address is to be opened. With a proxy the address is the proxy's, which the settings name.
std::optional<FetchOutcome> refuse_address(const sockaddr* address, const SourceUrl& url,
                                           const FetchOptions& options) noexcept;

}  // namespace sallyport
