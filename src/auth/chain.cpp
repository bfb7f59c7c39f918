#include "auth/chain.h"

#include <algorithm>

#include "auth/authenticator.h"
#include "auth/guess_brake.h"
#include "auth/token_holder.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

bool too_long(const std::optional<std::string_view>& field) { return field && field->size() > kMaxFieldBytes; }
bool has_long_field(const ConnectAttempt& a) {
  return too_long(a.client_id) || too_long(a.username) || too_long(a.password) || too_long(a.auth_method) ||
         too_long(a.auth_data);
}

void end_of_chain(const AuthContext& c, Decision& d) {
  const ConnectAttempt& a = c.attempt;
  const bool anything_shown = shown(a.username) || shown(a.password) || a.auth_method || shown(a.auth_data);
  switch (c.snapshot.no_match) {
    case NoMatch::defer:
      d.verdict = Verdict::ignore;
      d.reason = Reason::handed_on;
      break;
    case NoMatch::allow:
      // Only a CONNECT that shows nothing at all: a credential that nobody owns is never let in by us.
      d.verdict = anything_shown ? Verdict::deny : Verdict::allow;
      d.reason = anything_shown ? Reason::unknown_credential : Reason::anonymous_allowed;
      break;
    case NoMatch::deny:
      d.verdict = Verdict::deny;
      d.reason = anything_shown ? Reason::unknown_credential : Reason::no_credentials;
      break;
  }
  c.work.trace.add({.kind = StepKind::no_match,
                    .passed = d.verdict == Verdict::allow,
                    .reason = d.reason,
                    .subject = name(c.snapshot.no_match)});
}

// MQTT 5 enhanced authentication: the method says what is shown, in a field of its own.
bool ask_by_method(const AuthContext& c, ChainNotes& notes, Decision& d) {
  const JwtPolicy& jwt = c.snapshot.jwt;
  const bool spoken =
      jwt.enabled && std::find(jwt.methods.begin(), jwt.methods.end(), *c.attempt.auth_method) != jwt.methods.end();
  c.work.trace.add({.kind = StepKind::method_checked,
                    .who = Authenticator::jwt,
                    .passed = spoken,
                    .reason = Reason::unsupported_method,
                    .subject = *c.attempt.auth_method});
  if (spoken) {
    ask_about_token(c, c.attempt.auth_data.value_or(std::string_view{}), notes, d);
    return true;
  }
  if (c.snapshot.no_match == NoMatch::defer) return false;  // another plugin may speak it
  d.reason = Reason::unsupported_method;
  return true;
}

// Before any hash and any signature: a client that floods must cost nothing.
bool refuse_blocked(const AuthContext& c, Decision& d) {
  const ConnectAttempt& a = c.attempt;
  const auto hit =
      c.snapshot.bars->find_client(a.client_id.value_or(std::string_view{}), a.username.value_or(std::string_view{}),
                                   a.peer.address, c.now.unix_seconds);
  if (!hit) return false;
  c.work.trace.add({.kind = StepKind::block_checked,
                    .passed = false,
                    .reason = Reason::blocked,
                    .subject = hit->why,
                    .number = hit->id});
  answer(d, Authenticator::none, Verdict::deny, Reason::blocked);
  return true;
}

// An unknown user must cost what a known one with a wrong password costs, or names could be told by time. Only where
// the attempt ends in refusal, without a verified token, and within the same brake that a known name meets.
void spend_on_unknown_user(const AuthContext& c, const Decision& d, const ChainNotes& notes) {
  if (!c.memory.equalize_timing || d.verdict != Verdict::deny || !notes.user_unknown || notes.token_verified) return;
  if (!shown(c.attempt.password) || c.snapshot.users->size() == 0) return;
  if (c.memory.brake && !c.memory.brake->permit(*c.attempt.username, c.attempt.peer.address, c.now.monotonic_ms))
    return;
  spend_dummy_hash(*c.attempt.password);
}

}  // namespace

Decision decide(const ConnectAttempt& attempt, const GateSnapshot& snapshot, const Moment& now, Workspace& work,
                const DecisionMemory& memory) {
  const AuthContext context{attempt, snapshot, now, work, memory};
  work.trace.clear();
  Decision d;
  if (has_long_field(attempt)) {
    d.reason = Reason::field_too_long;
    return d;
  }
  if (!snapshot.settings_known) {
    d.verdict = Verdict::unavailable;
    d.reason = Reason::settings_unavailable;
    return d;
  }
  if (refuse_blocked(context, d)) return d;
  if (!snapshot.password_enabled && !snapshot.jwt.enabled) {
    d.reason = Reason::nothing_enabled;
    return d;
  }
  ChainNotes notes;
  const bool answered = attempt.auth_method ? ask_by_method(context, notes, d)
                                            : ask_password(context, notes, d) || ask_jwt(context, notes, d);
  if (!answered) end_of_chain(context, d);
  d.token_shown = notes.token_shown;
  spend_on_unknown_user(context, d, notes);
  return d;
}

Decision decide_renewal(const ConnectAttempt& attempt, const TokenHolder& holder, const GateSnapshot& snapshot,
                        const Moment& now, Workspace& work, const DecisionMemory& memory) {
  const AuthContext context{attempt, snapshot, now, work, memory};
  work.trace.clear();
  Decision d;
  d.authenticator = Authenticator::jwt;
  if (has_long_field(attempt)) {
    d.reason = Reason::field_too_long;
    return d;
  }
  if (!snapshot.settings_known) {
    d.verdict = Verdict::unavailable;
    d.reason = Reason::settings_unavailable;
    return d;
  }
  if (refuse_blocked(context, d)) return d;
  if (!snapshot.jwt.enabled) {
    d.reason = Reason::nothing_enabled;
    return d;
  }
  ChainNotes notes;
  ask_about_token(context, attempt.auth_data.value_or(std::string_view{}), notes, d);
  d.token_shown = notes.token_shown;
  if (d.verdict != Verdict::allow) return d;
  const bool same = holder == holder_of(d);
  work.trace.add({.kind = StepKind::holder_checked,
                  .who = Authenticator::jwt,
                  .passed = same,
                  .reason = Reason::identity_changed});
  d.verdict = same ? Verdict::allow : Verdict::deny;
  d.reason = same ? Reason::renewed : Reason::identity_changed;
  return d;
}

}  // namespace sallyport
