// The TLS side: a context from files, and what a caller's certificate says.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/settings.h"
#include "daemon/callers.h"

namespace sallyport::http {

// TLS 1.2 and 1.3; no renegotiation, no early data, no resumption (a resumed session would carry a certificate past
// an authority that was taken away).
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const HttpSettings& settings);

// After the handshake. A certificate that did not verify ended it already.
void read_peer_certificate(SSL* ssl, daemon::PeerFacts& peer);

}  // namespace sallyport::http
