#include "keys/key_ring.h"

#include <utility>

namespace sallyport {

KeyRing::KeyRing(std::vector<KeyPtr> in_order, std::uint64_t generation, PendingKeys pending)
    : keys_(std::move(in_order)), generation_(generation), pending_(pending) {
  for (std::uint32_t i = 0; i < keys_.size(); ++i) {
    const VerificationKey& key = *keys_[i];
    for (std::size_t a = 0; a < kAlgorithmCount; ++a) {
      if (!(key.algorithms() & bit(static_cast<Algorithm>(a)))) continue;
      by_algorithm_[a].push_back(i);
      if (!key.kid()) without_kid_[a].push_back(i);
    }
    if (key.kid()) by_kid_[*key.kid()].push_back(i);
  }
}

std::size_t KeyRing::candidates(Algorithm alg, std::optional<std::string_view> kid, Candidates& out) const noexcept {
  const auto a = static_cast<std::size_t>(alg);
  std::size_t filled = 0;
  if (!kid) {
    for (std::uint32_t i : by_algorithm_[a]) {
      if (filled == out.size()) break;
      out[filled++] = keys_[i].get();
    }
    return filled;
  }
  // Two ascending lists are merged: keys of that kid, and keys that have none.
  static const Index nothing;
  const auto found = by_kid_.find(*kid);
  const Index& named = found == by_kid_.end() ? nothing : found->second;
  const Index& nameless = without_kid_[a];
  for (std::size_t n = 0, m = 0; filled < out.size() && (n < named.size() || m < nameless.size());) {
    const bool take_named = m == nameless.size() || (n < named.size() && named[n] < nameless[m]);
    const VerificationKey* key = keys_[take_named ? named[n++] : nameless[m++]].get();
    if (key->algorithms() & bit(alg)) out[filled++] = key;
  }
  return filled;
}

}  // namespace sallyport
