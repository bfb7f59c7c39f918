// Trace: the steps of one decision, for explaining it. A fixed array, so that
// recording allocates nothing; what does not fit is counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/modes.h"
#include "base/reason.h"

namespace sallyport {

enum class StepKind : std::uint8_t {
  switched_off,   // the authenticator is off
  absent,         // it finds nothing of its kind: the field is absent or empty
  unknown_user,   // no such user: not mine
  users_missing,  // the users are not loaded
  user_found,
  remembered,        // this very password, or token, was right before
  braked,            // too many guesses
  password_checked,  // passed: right
  not_a_token,       // passed: ignored by setting
  token_read,        // subject: alg; passed: well-formed
  type_checked,      // subject: typ
  key_tried,         // subject: key label; passed: it verified
  no_key_tried,      // subject: kid
  peer_checked,      // published secrets
  expiry_checked,    // number: exp
  start_checked,     // number: nbf
  lifetime_checked,  // number: exp - iat
  issuer_checked,    // expected, found
  audience_checked,
  claim_checked,       // subject: claim
  principal_found,     // subject: claim name; passed: from a verified claim
  no_match,            // the end of the chain
  method_checked,      // subject: the authentication method
  user_name_checked,   // a user name beside a method, which the store knows
  holder_checked,      // a renewal: principal, issuer and binding of the session
  topic_checked,       // subject: topic or filter; number: TopicAction
  session_over,        // number: when it was to end; 0: what let it in does so no more
  block_checked,       // subject: why it is blocked; number: the block
  revocation_checked,  // subject: why it is revoked; number: the revocation
  binding_checked,     // subject: the member of cnf
};

struct Step {
  StepKind kind{};
  Authenticator who = Authenticator::none;
  bool passed = false;
  Reason reason{};              // where it did not pass
  std::string_view subject{};   // a name: key label, claim, alg. Never a secret or a claim's value.
  std::string_view expected{};  // shown only with --show-values: setting's text
  std::string_view found{};     // shown only with --show-values: claim's value
  std::int64_t number = 0;
};

class Trace {
 public:
  void clear() noexcept { count_ = 0, dropped_ = 0; }
  // Field by field and inlined, so that no Step is made only to be copied: a dozen of them are a tenth of a decision.
  __attribute__((always_inline)) void add(const Step& step) noexcept {
    if (count_ == steps_.size()) {
      ++dropped_;
      return;
    }
    Step& to = steps_[count_++];
    to.kind = step.kind;
    to.who = step.who;
    to.passed = step.passed;
    to.reason = step.reason;
    to.subject = step.subject;
    to.expected = step.expected;
    to.found = step.found;
    to.number = step.number;
  }
  const Step* begin() const noexcept { return steps_.data(); }
  const Step* end() const noexcept { return steps_.data() + count_; }
  std::size_t size() const noexcept { return count_; }
  std::size_t dropped() const noexcept { return dropped_; }

 private:
  std::array<Step, 40> steps_{};
  std::size_t count_ = 0, dropped_ = 0;
};

}  // namespace sallyport
