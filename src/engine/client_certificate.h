// The TLS client certificate of a connection, as the edges get it: what a bound token is held against.
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

// Of a broker's X509*, which is freed; empty for null.
std::string client_certificate_thumbprint(void* x509) noexcept;

// Of a header's value, as proxies write certificates: PEM, percent-encoded (nginx's $ssl_client_escaped_cert) or as it
// is; DER in base64, between colons or not (RFC 9440, HAProxy); SHA-256 in 64 hexadecimal digits, with colons or not.
// Empty: none of these.
std::string client_certificate_thumbprint(std::string_view header);

}  // namespace sallyport
