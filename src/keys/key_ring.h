// KeyRing: all keys that one authority may verify with, in the fixed order of trial
// (secret, public key, JWKS), indexed once when it is made, so that looking keys up
// costs the same among 1 and 10,000. Immutable, shared by all threads.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "jose/verification_key.h"
#include "jose/verify.h"

namespace sallyport {

// What remote sources owe this ring at the moment it was made.
struct PendingKeys {
  bool none_yet = false;    // a source has no keys: nothing can be said of tokens that it might serve
  bool refreshing = false;  // a refresh is under way or allowed now: an unknown kid may still arrive
  bool remote = false;      // there is a source that can be asked again
  std::int64_t known_until_ms =
      std::numeric_limits<std::int64_t>::min();  // its last answer holds until then (monotonic)
};
// What a source on the network can serve: it never holds a shared secret.
bool remote_can_serve(Algorithm alg) noexcept;

class KeyRing {
 public:
  // `generation` names this content: remembered tokens hold for one generation.
  KeyRing(std::vector<KeyPtr> in_order, std::uint64_t generation, PendingKeys pending = {});
  // The same keys of the same generation, owed something else. Costs nothing however many keys there are.
  KeyRing(const KeyRing& same, PendingKeys pending)
      : index_(same.index_), generation_(same.generation_), pending_(pending) {}

  // Fills `out` with keys that can serve `alg` and whose kid does not contradict, in the order
  // of trial; the number filled. One more than kMaxSignatureChecks is enough to know "too many".
  using Candidates = std::array<const VerificationKey*, kMaxSignatureChecks + 1>;
  std::size_t candidates(Algorithm alg, std::optional<std::string_view> kid, Candidates& out) const noexcept;
  bool can_serve(Algorithm alg) const noexcept { return !index_->by_algorithm[static_cast<std::size_t>(alg)].empty(); }
  // Whether a refresh can still bring a key for this algorithm.
  bool may_arrive(Algorithm alg, std::int64_t now_ms) const noexcept {
    if (pending_.refreshing && can_serve(alg)) return true;
    return remote_can_serve(alg) && (pending_.none_yet || (pending_.remote && now_ms >= pending_.known_until_ms));
  }
  bool knows_kid(std::string_view kid) const noexcept { return index_->by_kid.find(kid) != index_->by_kid.end(); }
  bool empty() const noexcept { return index_->keys.empty(); }
  std::span<const KeyPtr> keys() const noexcept { return index_->keys; }
  std::uint64_t generation() const noexcept { return generation_; }
  const PendingKeys& pending() const noexcept { return pending_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  using Positions = std::vector<std::uint32_t>;  // in keys, ascending
  struct Index {
    std::vector<KeyPtr> keys;
    std::array<Positions, kAlgorithmCount> by_algorithm;  // all that can serve it
    std::array<Positions, kAlgorithmCount> without_kid;   // those of them that have no kid
    std::unordered_map<std::string, Positions, Hash, std::equal_to<>> by_kid;
  };
  std::shared_ptr<const Index> index_;
  std::uint64_t generation_;
  PendingKeys pending_;
};

}  // namespace sallyport
