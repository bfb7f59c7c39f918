#include "auth/token_cache.h"

#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/secret.h"
#include "crypto/keyed_hash.h"

namespace sallyport {
namespace {
constexpr std::size_t kShards = 16;
constexpr std::size_t kEntryOverhead = 160;  // bytes: list node, map node, string header
// Of a token's last characters, which are its signature's: two tokens that verified share them only if somebody found a
// collision of the signature itself, and even then the full comparison tells them apart.
std::uint64_t hash_of(std::string_view token) noexcept {
  static const TableHash hash;
  return hash(token.substr(token.size() - std::min<std::size_t>(token.size(), 64)));
}
}  // namespace

struct TokenCache::Shard {
  struct Entry {
    std::uint64_t hash;
    std::uint64_t generation;
    const VerificationKey* key;  // valid while the ring of that generation lives; compared, never followed, without it
    std::string token;
  };
  mutable std::mutex mutex;
  mutable std::list<Entry> by_use;  // newest first
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> index;
  std::size_t bytes = 0;

  void drop(std::list<Entry>::iterator it) {
    bytes -= it->token.size() + kEntryOverhead;
    index.erase(it->hash);
    wipe(it->token.data(), it->token.size());
    by_use.erase(it);
  }
};

TokenCache::TokenCache(std::size_t max_bytes)
    : shards_(std::make_unique<Shard[]>(kShards)), max_bytes_per_shard_(max_bytes / kShards) {}

TokenCache::~TokenCache() {
  for (std::size_t i = 0; i < kShards; ++i)
    for (auto& entry : shards_[i].by_use) wipe(entry.token.data(), entry.token.size());
}

const VerificationKey* TokenCache::find(std::string_view token, const KeyRing& ring) const noexcept {
  const std::uint64_t hash = hash_of(token);
  const Shard& shard = shards_[hash % kShards];
  std::unique_lock lock(shard.mutex, std::try_to_lock);
  if (!lock) return nullptr;
  const auto found = shard.index.find(hash);
  if (found == shard.index.end()) return nullptr;
  const Shard::Entry& entry = *found->second;
  if (entry.generation != ring.generation() || entry.token != token) return nullptr;
  shard.by_use.splice(shard.by_use.begin(), shard.by_use, found->second);
  return entry.key;
}

void TokenCache::remember(std::string_view token, const KeyRing& ring, const VerificationKey& key) noexcept {
  const std::uint64_t hash = hash_of(token);
  Shard& shard = shards_[hash % kShards];
  const std::size_t cost = token.size() + kEntryOverhead;
  if (cost > max_bytes_per_shard_) return;
  std::unique_lock lock(shard.mutex, std::try_to_lock);
  if (!lock) return;
  try {
    if (const auto found = shard.index.find(hash); found != shard.index.end()) shard.drop(found->second);
    while (shard.bytes + cost > max_bytes_per_shard_) shard.drop(std::prev(shard.by_use.end()));
    shard.by_use.push_front({hash, ring.generation(), &key, std::string(token)});
    shard.index.emplace(hash, shard.by_use.begin());
    shard.bytes += cost;
  } catch (const std::bad_alloc&) {
    // Not remembering is always right.
  }
}

std::size_t TokenCache::entries() const noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    std::lock_guard lock(shards_[i].mutex);
    n += shards_[i].by_use.size();
  }
  return n;
}
std::size_t TokenCache::bytes() const noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    std::lock_guard lock(shards_[i].mutex);
    n += shards_[i].bytes;
  }
  return n;
}

}  // namespace sallyport
