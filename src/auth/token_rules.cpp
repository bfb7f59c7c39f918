#include "auth/token_rules.h"

#include <limits>

namespace sallyport {
namespace {

constexpr Authenticator kJwt = Authenticator::jwt;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}
std::string_view without_application(std::string_view typ) {
  constexpr std::string_view prefix = "application/";
  if (typ.size() > prefix.size() && equal_ignoring_case(typ.substr(0, prefix.size()), prefix))
    typ.remove_prefix(prefix.size());
  return typ;
}

// A time claim is absent, good, or malformed; malformed is never absent.
std::optional<Reason> read_time(const JsonValue& value, std::string_view claim, std::optional<UnixSeconds>& out,
                                Trace& trace) {
  out = numeric_date(value);
  if (out) return std::nullopt;
  trace.add({.kind = StepKind::claim_checked,
             .who = kJwt,
             .passed = false,
             .reason = Reason::malformed_claim,
             .subject = claim});
  return Reason::malformed_claim;
}

}  // namespace

UnixSeconds add_saturating(UnixSeconds a, UnixSeconds b) noexcept {
  UnixSeconds sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a > 0 ? std::numeric_limits<UnixSeconds>::max() : std::numeric_limits<UnixSeconds>::min();
}

bool type_allowed(std::optional<std::string_view> typ, const std::optional<std::string>& wanted) noexcept {
  if (wanted) return typ && equal_ignoring_case(without_application(*typ), without_application(*wanted));
  if (!typ) return true;
  const std::string_view plain = without_application(*typ);
  return equal_ignoring_case(plain, "jwt") || equal_ignoring_case(plain, "at+jwt");
}

std::optional<Reason> read_times(const JsonValue& claims, TokenTimes& out, RegisteredClaims& names, Trace& trace) {
  // One walk for all, which are of one length; no name is there twice. The first time that is none is the reason.
  std::optional<Reason> bad;
  const auto time = [&](const JsonValue& value, std::string_view claim, std::optional<UnixSeconds>& to) {
    if (!bad) bad = read_time(value, claim, to, trace);
  };
  for (JsonValue::Cursor c = claims.begin(); c.valid(); c.advance()) {
    const std::string_view name = c.name();
    if (name.size() != 3) continue;
    if (name == "exp")
      time(c.value(), "exp", out.exp);
    else if (name == "nbf")
      time(c.value(), "nbf", out.nbf);
    else if (name == "iat")
      time(c.value(), "iat", out.iat);
    else if (name == "iss")
      names.iss = c.value();
    else if (name == "jti")
      names.jti = c.value();
  }
  return bad;
}

std::optional<Reason> check_times(const TokenTimes& times, const TokenAuthority& authority, UnixSeconds now,
                                  Trace& trace) {
  const auto refuse = [&](StepKind kind, Reason reason, UnixSeconds number) {
    trace.add({.kind = kind, .who = kJwt, .passed = false, .reason = reason, .number = number});
    return reason;
  };
  // RFC 7519 4.1.4: expired "on or after" exp.
  if (times.exp) {
    if (add_saturating(*times.exp, authority.leeway) <= now)
      return refuse(StepKind::expiry_checked, Reason::expired, *times.exp);
    trace.add({.kind = StepKind::expiry_checked, .who = kJwt, .passed = true, .number = *times.exp});
  } else if (authority.require_exp) {
    return refuse(StepKind::expiry_checked, Reason::missing_expiry, 0);
  }
  if (times.nbf) {
    if (add_saturating(*times.nbf, -authority.leeway) > now)
      return refuse(StepKind::start_checked, Reason::not_yet_valid, *times.nbf);
    trace.add({.kind = StepKind::start_checked, .who = kJwt, .passed = true, .number = *times.nbf});
  }
  if (authority.max_lifetime) {
    if (!times.exp || !times.iat) return refuse(StepKind::lifetime_checked, Reason::lifetime_too_long, 0);
    const UnixSeconds lifetime = *times.iat == std::numeric_limits<UnixSeconds>::min()
                                     ? std::numeric_limits<UnixSeconds>::max()
                                     : add_saturating(*times.exp, -*times.iat);
    if (lifetime > *authority.max_lifetime)
      return refuse(StepKind::lifetime_checked, Reason::lifetime_too_long, lifetime);
    trace.add({.kind = StepKind::lifetime_checked, .who = kJwt, .passed = true, .number = lifetime});
  }
  return std::nullopt;
}

std::optional<Reason> check_issuer(const JsonValue& claims, const TokenAuthority& authority, Trace& trace) {
  if (!authority.issuer) return std::nullopt;
  const std::optional<JsonValue> iss = claims.find("iss");
  const std::optional<std::string_view> found = iss ? iss->string() : std::nullopt;
  const bool good = found && *found == *authority.issuer;
  trace.add({.kind = StepKind::issuer_checked,
             .who = kJwt,
             .passed = good,
             .reason = Reason::issuer_mismatch,
             .subject = "iss",
             .expected = *authority.issuer,
             .found = found.value_or(std::string_view{})});
  if (good) return std::nullopt;
  return Reason::issuer_mismatch;
}

std::optional<Reason> check_audience(const JsonValue& claims, const TokenAuthority& authority, Trace& trace) {
  if (authority.audience.empty()) return std::nullopt;
  const std::optional<JsonValue> aud = claims.find("aud");
  const auto is_ours = [&](const JsonValue& value) {
    const std::optional<std::string_view> text = value.string();
    if (!text) return false;
    for (const std::string& wanted : authority.audience)
      if (*text == wanted) return true;
    return false;
  };
  bool good = false;
  std::string_view found;
  if (aud && aud->is_string()) {
    found = *aud->string();
    good = is_ours(*aud);
  } else if (aud && aud->is_array()) {
    for (JsonValue::Cursor c = aud->begin(); !good && c.valid(); c.advance()) {
      if (found.empty()) found = c.value().text();
      good = is_ours(c.value());
    }
  }
  trace.add({.kind = StepKind::audience_checked,
             .who = kJwt,
             .passed = good,
             .reason = Reason::audience_mismatch,
             .subject = "aud",
             .expected = authority.audience.front(),
             .found = found});
  if (good) return std::nullopt;
  return Reason::audience_mismatch;
}

std::optional<Reason> check_claims(const JsonValue& claims, const TokenAuthority& authority,
                                   const TemplateValues& values, Trace& trace) {
  if (!authority.verify_claims) return std::nullopt;
  for (const ClaimRule& rule : authority.claims) {
    const ClaimCheck check = rule.check(claims, values);
    const Reason reason = check == ClaimCheck::missing ? Reason::claim_missing : Reason::claim_mismatch;
    const std::optional<JsonValue> found = check == ClaimCheck::mismatch ? rule.claim.find(claims) : std::nullopt;
    trace.add({.kind = StepKind::claim_checked,
               .who = kJwt,
               .passed = check == ClaimCheck::match,
               .reason = reason,
               .subject = rule.claim.text(),
               .expected = rule.expected.source(),
               .found = found ? found->text() : std::string_view{}});
    if (check != ClaimCheck::match) return reason;
  }
  return std::nullopt;
}

}  // namespace sallyport
