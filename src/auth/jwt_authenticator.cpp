// JWT: the token comes from one configured field. Absent goes on; from the moment
// that it is a token, every failure is out. A bad signature is never "not mine".

#include <algorithm>

#include "auth/authenticator.h"
#include "auth/token_binding.h"
#include "auth/token_cache.h"
#include "auth/token_grant.h"
#include "auth/token_rules.h"
#include "jose/compact_jws.h"
#include "jose/verify.h"

namespace sallyport {
namespace {

constexpr Authenticator kJwt = Authenticator::jwt;

void answer(Decision& d, Verdict verdict, Reason reason) { answer(d, kJwt, verdict, reason); }

// Secrets that stand in public documents admit only peers whose address cannot be forged and is this machine's own.
bool published_secret_allowed(const VerificationKey& key, const AuthContext& c) {
  if (!key.published() || c.snapshot.jwt.allow_published_secrets) return true;
  return c.attempt.peer.transport == Transport::mqtt_tcp && is_loopback_address(c.attempt.peer.address);
}

// Who it is: the first principal claim that is there and is text, else CONNECT's own say, marked as unverified.
void name_principal(const JsonValue& claims, const AuthContext& c, Decision& d) {
  for (const ClaimPath& path : c.snapshot.jwt.principal_claims) {
    const std::optional<JsonValue> value = path.find(claims);
    if (!value || !value->string() || value->string()->empty()) continue;
    d.principal = *value->string();
    d.principal_verified = true;
    c.work.trace.add({.kind = StepKind::principal_found, .who = kJwt, .passed = true, .subject = path.text()});
    return;
  }
  const bool token_is_name = token_is_user_name(c);
  d.principal = (token_is_name ? c.attempt.client_id : c.attempt.username).value_or(std::string_view{});
  c.work.trace.add({.kind = StepKind::principal_found,
                    .who = kJwt,
                    .passed = false,
                    .subject = token_is_name ? "client id" : "user name"});
}

// What a revocation can name of this token. The kid is the key's own; a key that has none answers for whatever kid the
// header says.
void mark(const VerifiedToken& token, const CompactJws& jws, std::optional<UnixSeconds> issued_at,
          const std::optional<JsonValue>& jti, Workspace& work, Decision& d) {
  TokenMarks& marks = d.marks;
  marks.of_token = true;
  marks.issued_at = issued_at;
  // A number is no jti as RFC 7519 has it, and issuers write them all the same.
  if (jti && (jti->is_string() || jti->is_number()) && !jti->text().empty()) d.jti = jti->text();
  if (!d.jti.empty()) marks.jti = token_mark(BarKind::jti, d.jti);
  if (!d.principal.empty()) marks.principal = token_mark(BarKind::principal, d.principal);
  const std::optional<std::string>& own = token.key().kid();
  const std::optional<std::string_view> kid = own ? std::optional<std::string_view>(*own) : jws.kid();
  d.key_id = kid.value_or(std::string_view{});
  marks.key_id = work.key_id.of(d.key_id, [](std::string_view text) { return token_mark(BarKind::key_id, text); });
  marks.issuer = work.issuer.of(d.issuer, issuer_mark);
  marks.key = work.key.of(token.key().label(), key_mark);
  // Without a jti a token is told by the last characters, which are 192 bits of its signature.
  const std::string_view text = jws.token();
  marks.token = marks.jti ? joined(marks.jti, marks.issuer)
                          : signature_mark(text.substr(text.size() - std::min<std::size_t>(text.size(), 32)));
}

// On tokens whose signature is remembered, too: this is asked on every decision.
std::optional<Reason> check_bars(const AuthContext& c, const Decision& d) {
  const BarList& bars = *c.snapshot.bars;
  const auto refuse = [&](StepKind kind, Reason reason, const BarHit& hit) {
    c.work.trace.add(
        {.kind = kind, .who = kJwt, .passed = false, .reason = reason, .subject = hit.why, .number = hit.id});
    return reason;
  };
  if (const auto hit = bars.find_token(d.marks, c.now.unix_seconds))
    return refuse(StepKind::revocation_checked, Reason::revoked, *hit);
  // Whoever a token says it is may not come in by another user name than the one that is blocked.
  if (d.principal_verified)
    if (const auto hit = bars.find_username(d.principal, c.now.unix_seconds))
      return refuse(StepKind::block_checked, Reason::blocked, *hit);
  return std::nullopt;
}

// No key that is here verifies the token. A key that a refresh can still bring might: then nothing can be said yet.
// Only a kid that no key has asks for one, and only of an alg that such a key could serve; a damaged signature never
// does.
void refuse_without_key(const CompactJws& jws, const KeyRing& ring, Reason reason, const AuthContext& c, Decision& d) {
  const PendingKeys& pending = ring.pending();
  const bool unknown_kid = jws.kid() && !ring.knows_kid(*jws.kid());
  const bool none_yet = pending.none_yet && !(jws.kid() && !unknown_kid);
  answer(d, Verdict::deny, reason);
  if ((unknown_kid || none_yet) && ring.may_arrive(jws.algorithm(), c.now.monotonic_ms))
    answer(d, Verdict::unavailable, Reason::keys_unavailable);
  d.wants_refresh =
      d.verdict == Verdict::unavailable || (unknown_kid && pending.remote && remote_can_serve(jws.algorithm()));
}

// By a signature check, and remembered. Nothing: `d` is the refusal.
Result<VerifiedToken, Reason> check_signature(const CompactJws& jws, const TokenAuthority& authority,
                                              const AuthContext& c, Decision& d) {
  const KeyRing& ring = *authority.keys;
  Trace& trace = c.work.trace;
  KeyRing::Candidates candidates;
  const std::size_t count = ring.candidates(jws.algorithm(), jws.kid(), candidates);
  if (count == 0) {
    const bool by_kid = ring.can_serve(jws.algorithm());
    const Reason reason =
        by_kid || (jws.kid() && ring.pending().remote) ? Reason::unknown_key_id : Reason::no_key_for_algorithm;
    trace.add({.kind = StepKind::no_key_tried,
               .who = kJwt,
               .reason = reason,
               .subject = jws.kid().value_or(std::string_view{})});
    refuse_without_key(jws, ring, reason, c, d);
    return unexpected(reason);
  }
  Result<VerifiedToken, Reason> token =
      Verifier::verify(jws, std::span(candidates.data(), count), [&](const VerificationKey& key, bool good) {
        trace.add({.kind = StepKind::key_tried,
                   .who = kJwt,
                   .passed = good,
                   .reason = Reason::bad_signature,
                   .subject = key.label()});
      });
  if (token) {
    if (c.memory.tokens) c.memory.tokens->remember(jws, ring, token->key());
  } else if (token.error() == Reason::bad_signature) {
    refuse_without_key(jws, ring, Reason::bad_signature, c, d);
  } else {
    answer(d, Verdict::deny, token.error());
  }
  return token;
}

Result<VerifiedToken, Reason> verify_signature(const CompactJws& jws, const TokenAuthority& authority,
                                               const AuthContext& c, Decision& d) {
  const VerificationKey* const key = c.memory.tokens ? c.memory.tokens->find(jws, *authority.keys) : nullptr;
  if (!key) return check_signature(jws, authority, c, d);
  c.work.trace.add({.kind = StepKind::remembered, .who = kJwt, .passed = true, .subject = key->label()});
  Result<VerifiedToken, Reason> token = TokenCache::believe(jws, *key);
  if (!token) answer(d, Verdict::deny, token.error());
  return token;
}

// The token's unverified iss chooses who may answer and nothing else: keys of one never verify a token of another.
// Without a match the plain keys are asked, if there are any.
Result<const TokenAuthority*, Reason> choose_authority(const CompactJws& jws, const AuthContext& c) {
  const JwtPolicy& jwt = c.snapshot.jwt;
  if (jwt.issuers.empty()) return &jwt.plain;
  const Result<JsonValue, Reason> claims = jws.peek_unverified_claims();
  if (!claims) return unexpected(claims.error());
  const std::optional<JsonValue> iss = claims->find("iss");
  const std::optional<std::string_view> text = iss ? iss->string() : std::nullopt;
  if (text)
    for (const TokenAuthority& authority : jwt.issuers)
      if (authority.issuer == *text) return &authority;
  if (jwt.plain.keys && (!jwt.plain.keys->empty() || jwt.plain.keys->pending().remote)) return &jwt.plain;
  c.work.trace.add({.kind = StepKind::issuer_checked,
                    .who = kJwt,
                    .reason = Reason::issuer_mismatch,
                    .found = text.value_or(std::string_view{})});
  return unexpected(Reason::issuer_mismatch);
}

// Beside an authentication method nobody asks for a password: a user of the store whose name is shown there would be
// impersonated by any token. In the password's place a known name never gets as far as a token.
std::optional<Reason> check_user_name(const TokenAuthority& authority, const AuthContext& c) {
  if (!c.attempt.auth_method || !shown(c.attempt.username) || !c.snapshot.password_enabled) return std::nullopt;
  if (binds_user_name(authority)) return std::nullopt;
  const auto refuse = [&](Reason reason) {
    c.work.trace.add({.kind = StepKind::user_name_checked, .who = kJwt, .passed = false, .reason = reason});
    return reason;
  };
  if (!c.snapshot.users) return refuse(Reason::users_unavailable);
  if (c.snapshot.users->find(*c.attempt.username)) return refuse(Reason::unbound_user_name);
  return std::nullopt;
}

void judge_by(const TokenAuthority& authority, const CompactJws& jws, const AuthContext& c, ChainNotes& notes,
              Decision& d) {
  Trace& trace = c.work.trace;
  const auto refuse = [&](StepKind kind, Reason reason, std::string_view subject) {
    trace.add({.kind = kind, .who = kJwt, .passed = false, .reason = reason, .subject = subject});
    answer(d, Verdict::deny, reason);
  };
  trace.add({.kind = StepKind::token_read, .who = kJwt, .passed = true, .subject = name(jws.algorithm())});
  if (!type_allowed(jws.typ(), authority.typ))
    return refuse(StepKind::type_checked, Reason::wrong_type, jws.typ().value_or(std::string_view{}));
  if (!(authority.allowed_algorithms & bit(jws.algorithm())))
    return refuse(StepKind::type_checked, Reason::algorithm_not_allowed, name(jws.algorithm()));

  const Result<VerifiedToken, Reason> verified = verify_signature(jws, authority, c, d);
  if (!verified) return;
  const VerifiedToken& token = *verified;
  notes.token_verified = true;
  const JsonValue& claims = token.claims();

  answer(d, Verdict::deny, Reason::internal_error);
  d.key = &token.key();
  const auto out = [&](Reason reason) { d.reason = reason; };
  if (!published_secret_allowed(token.key(), c)) {
    trace.add({.kind = StepKind::peer_checked, .who = kJwt, .passed = false, .reason = Reason::published_secret});
    return out(Reason::published_secret);
  }
  name_principal(claims, c, d);
  TokenTimes times;
  RegisteredClaims names;
  const std::optional<Reason> bad_time = read_times(claims, times, names, trace);
  if (names.iss) d.issuer = names.iss->string().value_or(std::string_view{});
  if (bad_time) return out(*bad_time);
  if (auto bad = check_times(times, authority, c.now.unix_seconds, trace)) return out(*bad);
  if (auto bad = check_issuer(claims, authority, trace)) return out(*bad);
  if (auto bad = check_audience(claims, authority, trace)) return out(*bad);
  mark(token, jws, times.iat, names.jti, c.work, d);
  if (auto bad = check_binding(claims, authority, c.attempt, trace, d.certificate_bound)) return out(*bad);
  if (auto bad = check_bars(c, d)) return out(*bad);
  const TemplateValues values{c.attempt.username, c.attempt.client_id};
  if (auto bad = check_claims(claims, authority, values, trace)) return out(*bad);
  if (auto bad = read_grant(claims, authority, c, d)) return out(*bad);
  if (auto bad = check_user_name(authority, c)) {
    if (*bad == Reason::users_unavailable) d.verdict = Verdict::unavailable;
    return out(*bad);
  }
  answer(d, Verdict::allow, Reason::token_ok);
  d.expires_at = times.exp;
}

void judge(const CompactJws& jws, const AuthContext& c, ChainNotes& notes, Decision& d) {
  const Result<const TokenAuthority*, Reason> authority = choose_authority(jws, c);
  if (!authority) return answer(d, Verdict::deny, authority.error());
  judge_by(**authority, jws, c, notes, d);
  d.authority = *authority;
}

void judge_seen(const LookedAt& seen, const AuthContext& c, ChainNotes& notes, Decision& d) {
  const auto refuse = [&](StepKind kind, Reason reason) {
    c.work.trace.add({.kind = kind, .who = kJwt, .passed = false, .reason = reason});
    answer(d, Verdict::deny, reason);
  };
  switch (seen.shape) {
    case TokenShape::absent:
      return refuse(StepKind::token_read, Reason::no_credentials);
    case TokenShape::encrypted:
      notes.token_shown = true;
      return refuse(StepKind::token_read, Reason::encrypted_token);
    case TokenShape::something_else:
      return refuse(StepKind::not_a_token, Reason::not_a_token);
    case TokenShape::token:
      break;
  }
  notes.token_shown = true;
  const Result<CompactJws, Reason> jws = CompactJws::parse(seen, c.work.token);
  if (!jws) return refuse(StepKind::token_read, jws.error());
  judge(*jws, c, notes, d);
}

}  // namespace

bool ask_jwt(const AuthContext& c, ChainNotes& notes, Decision& d) {
  const JwtPolicy& jwt = c.snapshot.jwt;
  Trace& trace = c.work.trace;
  if (!jwt.enabled) {
    trace.add({.kind = StepKind::switched_off, .who = kJwt});
    return false;
  }
  const std::optional<std::string_view>& field =
      jwt.from == TokenSource::password ? c.attempt.password : c.attempt.username;
  if (!shown(field)) {
    trace.add({.kind = StepKind::absent,
               .who = kJwt,
               .subject = jwt.from == TokenSource::password ? "password" : "user name"});
    return false;
  }
  const LookedAt seen = look_at(*field, c.work.token);
  if (seen.shape == TokenShape::absent) return false;
  if (seen.shape == TokenShape::something_else && jwt.not_a_token == NotAToken::ignore) {
    trace.add({.kind = StepKind::not_a_token, .who = kJwt, .passed = true});
    return false;
  }
  judge_seen(seen, c, notes, d);
  return true;
}

void ask_about_token(const AuthContext& c, std::string_view field, ChainNotes& notes, Decision& d) {
  judge_seen(look_at(field, c.work.token), c, notes, d);
}

}  // namespace sallyport
