#include "users/user_directory.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "crypto/keyed_hash.h"
#include "users/user_shard.h"

namespace sallyport {
namespace {

constexpr unsigned kMaxShardBits = 12;
constexpr std::size_t kUsersPerShard = 256;

// The shard is chosen by the top bits, the slot in it by the low ones.
std::size_t shard_of(std::uint64_t hash, unsigned bits) noexcept { return bits == 0 ? 0 : hash >> (64 - bits); }

unsigned bits_for(std::size_t users) {
  unsigned bits = 0;
  while (bits < kMaxShardBits && (users >> bits) > kUsersPerShard) ++bits;
  return bits;
}

using Shards = std::vector<std::shared_ptr<const UserShard>>;

// Turns 2^kMaxShardBits buckets of records into 2^bits shards: neighbours are joined.
Shards shards_of(std::vector<std::vector<char>>& buckets, unsigned bits, const TableHash& hash_of) {
  const std::size_t joined = buckets.size() >> bits;
  Shards shards;
  shards.reserve(std::size_t{1} << bits);
  for (std::size_t i = 0; i < buckets.size(); i += joined) {
    std::size_t bytes = 0;
    for (std::size_t k = i; k < i + joined; ++k) bytes += buckets[k].size();
    std::vector<char> records;
    records.reserve(bytes);
    for (std::size_t k = i; k < i + joined; ++k) {
      records.insert(records.end(), buckets[k].begin(), buckets[k].end());
      std::vector<char>().swap(buckets[k]);
    }
    shards.push_back(std::make_shared<const UserShard>(std::move(records), hash_of));
  }
  return shards;
}

}  // namespace

struct UserDirectory::Impl {
  TableHash hash_of;  // every directory made from this one has the same
  unsigned bits = 0;
  Shards shards;
  std::size_t size = 0, weak = 0, memory = 0;

  void count() {
    size = weak = 0;
    memory = sizeof *this + shards.capacity() * sizeof(Shards::value_type);
    for (const auto& shard : shards) add(*shard);
  }
  void add(const UserShard& shard) {
    size += shard.size();
    weak += shard.weak_hashes();
    memory += shard.memory_bytes();
  }
  void subtract(const UserShard& shard) {
    size -= shard.size();
    weak -= shard.weak_hashes();
    memory -= shard.memory_bytes();
  }
  // More or fewer shards for the users that there are now.
  void spread(unsigned next_bits) {
    std::vector<std::vector<char>> buckets(std::size_t{1} << kMaxShardBits);
    for (auto& shard : shards) {
      const std::vector<char>& records = shard->records();
      for (std::size_t at = 0; at < records.size();) {
        const std::size_t length = size_at(&records[at]);
        std::vector<char>& bucket = buckets[shard_of(hash_of(user_at(&records[at]).username), kMaxShardBits)];
        bucket.insert(bucket.end(), &records[at], &records[at] + length);
        at += length;
      }
      shard.reset();
    }
    bits = next_bits;
    shards = shards_of(buckets, bits, hash_of);
    count();
  }
};

UserDirectory::UserDirectory() {
  auto impl = std::make_shared<Impl>();
  impl->shards.push_back(std::make_shared<const UserShard>(std::vector<char>(), impl->hash_of));
  impl->count();
  impl_ = std::move(impl);
}
UserDirectory::~UserDirectory() = default;

std::optional<UserView> UserDirectory::find(std::string_view username) const noexcept {
  const std::uint64_t hash = impl_->hash_of(username);
  return impl_->shards[shard_of(hash, impl_->bits)]->find(hash, username);
}
std::size_t UserDirectory::size() const noexcept { return impl_->size; }
std::size_t UserDirectory::weak_hashes() const noexcept { return impl_->weak; }
std::size_t UserDirectory::memory_bytes() const noexcept { return impl_->memory; }

std::shared_ptr<const UserDirectory> UserDirectory::with(std::span<const UserChange> changes) const {
  auto next = std::make_shared<Impl>(*impl_);
  const TableHash& hash_of = next->hash_of;
  // The last change of a name is the one that counts.
  std::unordered_map<std::size_t, std::unordered_map<std::string_view, const UserChange*>> touched;
  for (const UserChange& change : changes)
    touched[shard_of(hash_of(change.username), next->bits)][change.username] = &change;

  for (const auto& [index, named] : touched) {
    const UserShard& old = *next->shards[index];
    std::vector<char> records;
    records.reserve(old.records().size() + 256 * named.size());
    const std::vector<char>& from = old.records();
    for (std::size_t at = 0; at < from.size();) {
      const std::size_t length = size_at(&from[at]);
      if (!named.contains(user_at(&from[at]).username)) records.insert(records.end(), &from[at], &from[at] + length);
      at += length;
    }
    for (const auto& [name, change] : named)
      if (const auto& record = change->record)
        append_user(records, {record->username, record->hash, record->enabled, record->is_superuser, record->version});
    records.shrink_to_fit();
    next->subtract(old);
    next->shards[index] = std::make_shared<const UserShard>(std::move(records), hash_of);
    next->add(*next->shards[index]);
  }
  // Shards of twice the wanted size: spread. Growth by a factor of two between, so that it stays cheap per user.
  if (next->bits < kMaxShardBits && (next->size >> next->bits) > 2 * kUsersPerShard) next->spread(bits_for(next->size));
  auto directory = std::make_shared<UserDirectory>(*this);
  directory->impl_ = std::move(next);
  return directory;
}

std::shared_ptr<const UserDirectory> UserDirectory::thinned(std::size_t most, std::size_t turn) const {
  auto next = std::make_shared<Impl>(*impl_);
  const auto empty = std::make_shared<const UserShard>(std::vector<char>(), next->hash_of);
  for (std::size_t i = 0; i < next->shards.size() && next->size > most; ++i) {
    std::shared_ptr<const UserShard>& shard = next->shards[(turn + i) % next->shards.size()];
    if (shard->size() == 0) continue;
    next->subtract(*shard);
    shard = empty;
    next->add(*shard);
  }
  auto directory = std::make_shared<UserDirectory>(*this);
  directory->impl_ = std::move(next);
  return directory;
}

struct UserDirectory::Builder::State {
  TableHash hash_of;
  std::vector<std::vector<char>> buckets{std::size_t{1} << kMaxShardBits};
  std::size_t added = 0;
};

UserDirectory::Builder::Builder() : state_(std::make_unique<State>()) {}
UserDirectory::Builder::~Builder() = default;

void UserDirectory::Builder::add(const UserRecord& record) {
  append_user(state_->buckets[shard_of(state_->hash_of(record.username), kMaxShardBits)],
              {record.username, record.hash, record.enabled, record.is_superuser, record.version});
  ++state_->added;
}

std::shared_ptr<const UserDirectory> UserDirectory::Builder::build() {
  auto impl = std::make_shared<Impl>();
  impl->hash_of = state_->hash_of;
  impl->bits = bits_for(state_->added);
  impl->shards = shards_of(state_->buckets, impl->bits, impl->hash_of);
  impl->count();
  *state_ = State{};
  auto directory = std::make_shared<UserDirectory>();
  directory->impl_ = std::move(impl);
  return directory;
}

}  // namespace sallyport
