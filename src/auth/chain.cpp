#include "auth/chain.h"

#include "auth/authenticator.h"
#include "auth/guess_brake.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

bool too_long(const std::optional<std::string_view>& field) { return field && field->size() > kMaxFieldBytes; }

Decision end_of_chain(const AuthContext& c) {
  const ConnectAttempt& a = c.attempt;
  const bool anything_shown = shown(a.username) || shown(a.password) || a.auth_method || shown(a.auth_data);
  Decision d;
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
  return d;
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
  if (too_long(attempt.client_id) || too_long(attempt.username) || too_long(attempt.password) ||
      too_long(attempt.auth_data)) {
    d.reason = Reason::field_too_long;
    return d;
  }
  if (!snapshot.settings_known) {
    d.verdict = Verdict::unavailable;
    d.reason = Reason::settings_unavailable;
    return d;
  }
  if (!snapshot.password_enabled && !snapshot.jwt.enabled) {
    d.reason = Reason::nothing_enabled;
    return d;
  }
  ChainNotes notes;
  std::optional<Decision> answered = ask_password(context, notes);
  if (!answered) answered = ask_jwt(context, notes);
  d = answered ? *answered : end_of_chain(context);
  d.token_shown = notes.token_shown;
  spend_on_unknown_user(context, d, notes);
  return d;
}

}  // namespace sallyport
