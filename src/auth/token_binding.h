// RFC 8705 section 3: a token with cnf x5t#S256 is good on a connection whose TLS client
// certificate has that thumbprint, and on no other.
#pragma once

#include <optional>

#include "auth/connect_attempt.h"
#include "auth/gate_snapshot.h"
#include "auth/trace.h"
#include "base/reason.h"
#include "codec/json.h"

namespace sallyport {

// The reason to refuse with, or nothing; `bound` says whether the token is bound. A cnf that we cannot check wholly
// refuses: whoever passed a member over would take a bound token for an unbound one.
std::optional<Reason> check_binding(const JsonValue& claims, const TokenAuthority& authority,
                                    const ConnectAttempt& attempt, Trace& trace, bool& bound);

}  // namespace sallyport
