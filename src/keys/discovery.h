// Discovery: from an issuer to the address of its keys, by the configuration that it
// publishes (OpenID Connect Discovery 1.0, RFC 8414).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keys/fetch_outcome.h"

namespace sallyport {

// Where the configuration may be, in the order of asking. Empty: the issuer is no URL with a host.
std::vector<std::string> discovery_addresses(std::string_view issuer);

struct Discovered {
  FetchOutcome outcome = FetchOutcome::no_discovery;  // ok, not_json, no_discovery, issuer_differs
  std::string jwks_uri;
  std::string detail;  // for people; shows the other issuer, cut
};
// The document's issuer must be ours, byte for byte (OIDC Discovery 4.3): else another tenant of the same provider
// could lend us his keys.
Discovered read_discovery(std::string_view document, std::string_view issuer);

}  // namespace sallyport
