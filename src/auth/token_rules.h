// What a verified token is held to: type, times, issuer, audience, declared claims.
// Each is a function of values; the order of asking is the authenticator's.
#pragma once

#include <optional>
#include <string_view>

#include "auth/gate_snapshot.h"
#include "auth/trace.h"
#include "base/clock.h"
#include "base/reason.h"
#include "jose/verify.h"
#include "rules/template.h"

namespace sallyport {

struct TokenTimes {
  std::optional<UnixSeconds> exp, nbf, iat;
};
// What stands beside them, met on the same walk (RFC 7519, 4.1).
struct RegisteredClaims {
  std::optional<JsonValue> iss, jti;
};

// RFC 7515 4.1.9, RFC 9068: absent, JWT and at+jwt pass; a configured typ must be there. Case does not count, and
// neither does a leading "application/".
bool type_allowed(std::optional<std::string_view> typ, const std::optional<std::string>& wanted) noexcept;

// Each returns the reason to refuse with, or nothing. Steps go to the trace.
std::optional<Reason> read_times(const JsonValue& claims, TokenTimes& out, RegisteredClaims& names, Trace& trace);
std::optional<Reason> check_times(const TokenTimes& times, const TokenAuthority& authority, UnixSeconds now,
                                  Trace& trace);
std::optional<Reason> check_issuer(const JsonValue& claims, const TokenAuthority& authority, Trace& trace);
std::optional<Reason> check_audience(const JsonValue& claims, const TokenAuthority& authority, Trace& trace);
std::optional<Reason> check_claims(const JsonValue& claims, const TokenAuthority& authority,
                                   const TemplateValues& values, Trace& trace);

// a + b without wrapping around.
UnixSeconds add_saturating(UnixSeconds a, UnixSeconds b) noexcept;

}  // namespace sallyport
