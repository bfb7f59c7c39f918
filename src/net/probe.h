// Probes: single steps of a connection, for the doctor.
#pragma once

#include <netdb.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/fetcher.h"
#include "keys/source_url.h"

namespace sallyport {

struct AddressFree {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressFree>;

// Nothing, with the resolver's words, where the name is not known.
AddressList look_up(const SourceUrl& url, std::string& words);
// Nothing: connected. Else errno, ETIMEDOUT after `timeout_ms`.
std::optional<int> try_connect(const addrinfo& address, std::int64_t timeout_ms);

struct SeenCertificate {
  std::string subject, issuer, starts, ends, names;
};
// What the server shows, trusted or not; nothing is asked of it beyond the handshake. Empty: no handshake.
std::vector<SeenCertificate> see_certificates(const std::string& url, const FetchOptions& options);

}  // namespace sallyport
