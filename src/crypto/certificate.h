// Thumbprints of X.509 certificates: SHA-256 of the DER (RFC 8705 section 3.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

struct x509_st;

namespace sallyport {

// 32 bytes; empty for null. Frees the certificate, as whoever asked SSL_get_peer_certificate() for it must.
std::string take_thumbprint(x509_st* certificate) noexcept;
// Of one certificate in DER, and nothing behind it.
std::optional<std::string> thumbprint_of_der(std::string_view der);
// Of the first certificate of a PEM text.
std::optional<std::string> thumbprint_of_pem(std::string_view pem);

}  // namespace sallyport
