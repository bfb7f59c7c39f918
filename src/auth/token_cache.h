// TokenCache: bytes that a key verified before need no second signature check.
//
// It remembers accepted signatures and nothing else: times, claims, revocation and
// rights are looked at again on each hit. An entry is the whole token (compared in
// full: a hash alone could be made to collide), the key and key generation that
// verified it, and where its payload's members lie; a snapshot with other keys finds
// nothing. Bounded by bytes, tables and all; in pages that no core dump holds.
//
// Thread-safe: sharded, a lock a shard, held for a lookup; where a lock is taken the
// lookup is a miss and the signature is checked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "auth/private_pages.h"
#include "base/result.h"
#include "jose/verify.h"
#include "keys/key_ring.h"

namespace sallyport {

class TokenCache {
 public:
  explicit TokenCache(std::size_t max_bytes = 64u << 20);
  ~TokenCache();

  // The key of `ring` that verified this very token under this ring's generation. The token's payload is then parsed.
  const VerificationKey* find(const CompactJws& jws, const KeyRing& ring) noexcept;
  void remember(const CompactJws& jws, const KeyRing& ring, const VerificationKey& key) noexcept;
  // A hit made into a VerifiedToken without a signature check.
  static Result<VerifiedToken, Reason> believe(const CompactJws& jws, const VerificationKey& key) {
    return Verifier::believe(jws, key);
  }
  std::size_t entries() const noexcept;
  std::size_t bytes() const noexcept;  // of tokens and what stands beside them

 private:
  struct Shard;
  template <class Count>
  std::size_t sum(Count&& count) const noexcept;

  PrivatePages pages_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace sallyport
