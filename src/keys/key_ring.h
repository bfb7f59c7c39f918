// KeyRing: all keys that one authority may verify with, in the fixed order of trial
// (secret, public key, JWKS), indexed once when it is made, so that looking keys up
// costs the same among 1 and 10,000. Immutable, shared by all threads.
#pragma once

#include <array>
#include <cstdint>
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
  bool none_yet = false;      // a source has never had keys: nothing can be said of tokens that it might serve
  bool refreshing = false;    // a refresh is under way or allowed now: an unknown kid may still arrive
};

class KeyRing {
 public:
  // `generation` names this content: remembered tokens hold for one generation.
  KeyRing(std::vector<KeyPtr> in_order, std::uint64_t generation, PendingKeys pending = {});

  // Fills `out` with keys that can serve `alg` and whose kid does not contradict, in the order
  // of trial; the number filled. One more than kMaxSignatureChecks is enough to know "too many".
  using Candidates = std::array<const VerificationKey*, kMaxSignatureChecks + 1>;
  std::size_t candidates(Algorithm alg, std::optional<std::string_view> kid, Candidates& out) const noexcept;
  bool can_serve(Algorithm alg) const noexcept { return !by_algorithm_[static_cast<std::size_t>(alg)].empty(); }
  bool empty() const noexcept { return keys_.empty(); }
  std::span<const KeyPtr> keys() const noexcept { return keys_; }
  std::uint64_t generation() const noexcept { return generation_; }
  const PendingKeys& pending() const noexcept { return pending_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  using Index = std::vector<std::uint32_t>;  // positions in keys_, ascending
  std::vector<KeyPtr> keys_;
  std::array<Index, kAlgorithmCount> by_algorithm_;    // all that can serve it
  std::array<Index, kAlgorithmCount> without_kid_;     // those of them that have no kid
  std::unordered_map<std::string, Index, Hash, std::equal_to<>> by_kid_;
  std::uint64_t generation_;
  PendingKeys pending_;
};

}  // namespace sallyport
