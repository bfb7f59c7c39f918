#include "auth/token_cache.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "auth/token_shard.h"
#include "crypto/keyed_hash.h"

namespace sallyport {
namespace {
constexpr std::size_t kShards = 16;
// Of a token's last characters, which are its signature's: two tokens that verified share them only if somebody found a
// collision of the signature itself, and even then the full comparison tells them apart.
std::uint64_t hash_of(std::string_view token) noexcept {
  static const ShortTableHash hash;
  return hash(token.substr(token.size() - std::min(token.size(), ShortTableHash::kMaxBytes)));
}
}  // namespace

// Its own cache line: shards are taken by different threads.
struct alignas(64) TokenCache::Shard {
  std::atomic<bool> taken{false};
  TokenShard tokens;
};

namespace {
// Nobody waits for a shard: what cannot be looked up at once is looked at anew.
class Hold {
 public:
  explicit Hold(std::atomic<bool>& taken) : taken_(taken), has_(!taken.exchange(true, std::memory_order_acquire)) {}
  ~Hold() {
    if (has_) taken_.store(false, std::memory_order_release);
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  explicit operator bool() const noexcept { return has_; }

 private:
  std::atomic<bool>& taken_;
  const bool has_;
};
}  // namespace

TokenCache::TokenCache(std::size_t max_bytes) : pages_(max_bytes), shards_(std::make_unique<Shard[]>(kShards)) {
  const std::span<char> all = pages_.bytes();
  const std::size_t each = all.size() / kShards & ~std::size_t{63};
  for (std::size_t i = 0; i < kShards; ++i) shards_[i].tokens.take(all.subspan(i * each, each));
}

TokenCache::~TokenCache() = default;

const VerificationKey* TokenCache::find(const CompactJws& jws, const KeyRing& ring) noexcept {
  const std::string_view token = jws.token();
  const std::uint64_t hash = hash_of(token);
  Shard& shard = shards_[hash % kShards];
  const Hold hold(shard.taken);
  if (!hold) return nullptr;
  const TokenShard::Entry* const entry = shard.tokens.find(hash, token, ring.generation());
  if (!entry) return nullptr;
  if (entry->tape_size > 0) jws.adopt_parse(entry->tape());
  // Valid while a ring of that generation lives, which is `ring`.
  return static_cast<const VerificationKey*>(entry->key);
}

void TokenCache::remember(const CompactJws& jws, const KeyRing& ring, const VerificationKey& key) noexcept {
  const std::string_view token = jws.token();
  const std::uint64_t hash = hash_of(token);
  Shard& shard = shards_[hash % kShards];
  const Hold hold(shard.taken);
  if (!hold) return;
  const JsonTape* const parsed = jws.parsed_claims();
  const std::size_t tape = parsed ? parsed->packed_size() : 0;
  char* const room = shard.tokens.remember(hash, token, ring.generation(), &key, tape);
  if (room && tape > 0) parsed->pack(room);
}

// For tests and metrics: these wait.
template <class Count>
std::size_t TokenCache::sum(Count&& count) const noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < kShards; ++i)
    for (bool counted = false; !counted;) {
      const Hold hold(shards_[i].taken);
      counted = static_cast<bool>(hold);
      if (counted)
        n += count(shards_[i].tokens);
      else
        std::this_thread::yield();
    }
  return n;
}

std::size_t TokenCache::entries() const noexcept {
  return sum([](const TokenShard& shard) { return shard.entries(); });
}
std::size_t TokenCache::bytes() const noexcept {
  return sum([](const TokenShard& shard) { return shard.bytes(); });
}

}  // namespace sallyport
