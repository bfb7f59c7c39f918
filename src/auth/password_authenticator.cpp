// Default authentication: user name and password. An unknown user name is not its
// kind of credential; a known one ends the chain either way, and no token saves a
// wrong password.

#include "auth/authenticator.h"
#include "auth/guess_brake.h"
#include "users/password_hash.h"
#include "users/password_memory.h"

namespace sallyport {
namespace {

void answer(const AuthContext& c, Decision& d, Verdict verdict, Reason reason, const UserView* user) {
  c.work.trace.add({.kind = StepKind::password_checked,
                    .who = Authenticator::password,
                    .passed = verdict == Verdict::allow,
                    .reason = reason});
  answer(d, Authenticator::password, verdict, reason);
  if (user) {
    d.principal = user->username;
    d.principal_verified = verdict == Verdict::allow;
    d.is_superuser = verdict == Verdict::allow && user->is_superuser;
    d.client_id_bound = verdict == Verdict::allow;
  }
}

// The account's own state counts only for whoever knows the password, so that a stranger cannot tell it by time or
// code.
void answer_right_password(const AuthContext& c, Decision& d, const UserView& user) {
  if (!user.enabled) return answer(c, d, Verdict::deny, Reason::user_disabled, &user);
  answer(c, d, Verdict::allow, Reason::password_ok, &user);
}

// Of a user who is known.
void judge_password(const AuthContext& c, const UserView& user, Decision& d) {
  const std::string_view password = c.attempt.password.value_or(std::string_view{});
  if (password.empty()) return answer(c, d, Verdict::deny, Reason::wrong_password, &user);
  if (c.memory.passwords && c.memory.passwords->knows(user.username, user.version, password)) {
    c.work.trace.add({.kind = StepKind::remembered, .who = Authenticator::password, .passed = true});
    return answer_right_password(c, d, user);
  }
  GuessBrake* const brake = c.memory.brake;
  if (brake && !brake->permit(user.username, c.attempt.peer.address, c.now.monotonic_ms)) {
    c.work.trace.add({.kind = StepKind::braked, .who = Authenticator::password, .passed = false});
    return answer(c, d, Verdict::deny, Reason::too_many_attempts, &user);
  }
  if (!verify_password(user.hash, password)) {
    // An imported hash of microseconds would tell by time that the name exists, and that it is worth guessing at.
    if (c.memory.equalize_timing && is_weak_hash(user.hash)) spend_dummy_hash(password);
    return answer(c, d, Verdict::deny, Reason::wrong_password, &user);
  }
  if (brake) brake->refund(user.username, c.attempt.peer.address, c.now.monotonic_ms);
  if (c.memory.passwords) c.memory.passwords->remember(user.username, user.version, password);
  answer_right_password(c, d, user);
  d.wants_rehash = d.verdict == Verdict::allow && is_weak_hash(user.hash);
}

}  // namespace

bool ask_password(const AuthContext& c, ChainNotes& notes, Decision& d) {
  const auto step = [&](StepKind kind, bool passed = false) {
    c.work.trace.add({.kind = kind, .who = Authenticator::password, .passed = passed});
  };
  if (!c.snapshot.password_enabled) {
    step(StepKind::switched_off);
    return false;
  }
  if (!shown(c.attempt.username)) {
    step(StepKind::absent);
    return false;
  }
  if (!c.snapshot.users) {
    // Nobody can say whether this name is known; going on would let a token in past a wrong password.
    step(StepKind::users_missing);
    answer(d, Authenticator::password, Verdict::unavailable, Reason::users_unavailable);
    return true;
  }
  const std::optional<UserView> user = c.snapshot.users->find(*c.attempt.username);
  if (!user && c.snapshot.must_fetch(*c.attempt.username)) {
    step(StepKind::users_missing);
    answer(d, Authenticator::password, Verdict::unavailable, Reason::users_unavailable);
    d.wants_user = true;
    return true;
  }
  if (!user) {
    step(StepKind::unknown_user);
    notes.user_unknown = true;
    return false;
  }
  step(StepKind::user_found, true);
  judge_password(c, *user, d);
  return true;
}

}  // namespace sallyport
