#include "keys/key_ring.h"

#include <utility>

namespace sallyport {

bool remote_can_serve(Algorithm alg) noexcept { return !fits(alg, KeyKind::secret); }

KeyRing::KeyRing(std::vector<KeyPtr> in_order, std::uint64_t generation, PendingKeys pending)
    : generation_(generation), pending_(pending) {
  auto index = std::make_shared<Index>();
  index->keys = std::move(in_order);
  for (std::uint32_t i = 0; i < index->keys.size(); ++i) {
    const VerificationKey& key = *index->keys[i];
    for (std::size_t a = 0; a < kAlgorithmCount; ++a) {
      if (!(key.algorithms() & bit(static_cast<Algorithm>(a)))) continue;
      index->by_algorithm[a].push_back(i);
      if (!key.kid()) index->without_kid[a].push_back(i);
    }
    if (key.kid()) index->by_kid[*key.kid()].push_back(i);
  }
  index_ = std::move(index);
}

std::size_t KeyRing::candidates(Algorithm alg, std::optional<std::string_view> kid, Candidates& out) const noexcept {
  const auto a = static_cast<std::size_t>(alg);
  std::size_t filled = 0;
  if (!kid) {
    for (std::uint32_t i : index_->by_algorithm[a]) {
      if (filled == out.size()) break;
      out[filled++] = index_->keys[i].get();
    }
    return filled;
  }
  // Two ascending lists are merged: keys of that kid, and keys that have none.
  static const Positions nothing;
  const auto found = index_->by_kid.find(*kid);
  const Positions& named = found == index_->by_kid.end() ? nothing : found->second;
  const Positions& nameless = index_->without_kid[a];
  for (std::size_t n = 0, m = 0; filled < out.size() && (n < named.size() || m < nameless.size());) {
    const bool take_named = m == nameless.size() || (n < named.size() && named[n] < nameless[m]);
    const VerificationKey* key = index_->keys[take_named ? named[n++] : nameless[m++]].get();
    if (key->algorithms() & bit(alg)) out[filled++] = key;
  }
  return filled;
}

}  // namespace sallyport
