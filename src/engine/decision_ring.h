// DecisionRing: the last decisions, kept to answer "why was it refused?" with no token
// in hand. Bounded, in memory, no secrets: names, reasons and step subjects only.
// Each slot has its own lock; a writer never waits (a slot being read is passed over).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/connect_attempt.h"
#include "auth/decision.h"
#include "auth/trace.h"

namespace sallyport {

struct KeptStep {
  StepKind kind{};
  Authenticator who{};
  bool passed = false;
  Reason reason{};
  std::string subject;
  std::int64_t number = 0;
};

struct KeptDecision {
  std::uint64_t number = 0;  // counts up from 1
  UnixSeconds at = 0;
  std::string client_id;  // cut at 128 bytes
  std::string username;   // cut at 128; "token 1a2b3c4d" where it looked like one
  std::string address;
  Verdict verdict{};
  Reason reason{};
  Authenticator authenticator{};
  std::string principal;
  std::string key;                // label of the key that verified
  std::string token_fingerprint;  // first 8 hex digits of the token's SHA-256; empty: no token
  std::optional<UnixSeconds> expires_at;
  std::vector<KeptStep> steps;
  std::string claims;  // keep_claims() of a verified token; empty: not asked for
};

class DecisionRing {
 public:
  explicit DecisionRing(std::size_t slots = 4096);
  ~DecisionRing();
  void keep(const ConnectAttempt& attempt, const Decision& decision, const Trace& trace, UnixSeconds now,
            std::string_view shown_username, std::string_view token_fingerprint, std::string_view claims = {}) noexcept;
  // Newest first, at most `limit`. refusals_only leaves out verdict allow.
  std::vector<KeptDecision> last(std::size_t limit, bool refusals_only) const;
  // Those with a larger number, oldest first. What left the ring meanwhile is a gap in their numbers.
  std::vector<KeptDecision> after(std::uint64_t number) const;
  std::uint64_t newest() const noexcept { return next_.load(std::memory_order_relaxed) - 1; }
  std::vector<KeptDecision> by_client_id(std::string_view client_id, std::size_t limit) const;

 private:
  struct Slot;
  std::unique_ptr<Slot[]> slots_;
  std::size_t count_;
  // A quarter of the slots is for those who came in, so that a storm of them pushes no refusal out.
  std::atomic<std::uint64_t> next_{1}, admitted_{0}, others_{0};
};

}  // namespace sallyport
