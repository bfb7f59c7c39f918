// UserShard: some hundred users in two blocks of memory: the records behind one
// another, and an open-addressing table of their places. Immutable once it is shared.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "crypto/keyed_hash.h"
#include "users/user_directory.h"

namespace sallyport {

// Record: version (8), name length (2), hash length (2), flags (1), name, hash.
inline constexpr std::size_t kUserRecordHead = 13;

// Appends a record as the shards hold it. Names and hashes over 65,535 bytes are cut by nobody: the store refuses them.
void append_user(std::vector<char>& records, const UserView& user);
UserView user_at(const char* record) noexcept;
std::size_t size_at(const char* record) noexcept;
bool is_weak_at(const char* record) noexcept;

class UserShard {
 public:
  // `hash_of` is the directory's keyed hash. A name that stands twice in `records` has its last record.
  UserShard(std::vector<char> records, const TableHash& hash_of);

  std::optional<UserView> find(std::uint64_t hash, std::string_view username) const noexcept;
  const std::vector<char>& records() const noexcept { return records_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t weak_hashes() const noexcept { return weak_; }
  std::size_t memory_bytes() const noexcept {
    return sizeof *this + records_.capacity() + slots_.capacity() * sizeof(Slot);
  }

 private:
  struct Slot {
    std::uint32_t place = 0;  // in records_, plus one; 0: empty
    std::uint32_t tag = 0;    // low half of the hash
  };
  std::vector<char> records_;
  std::vector<Slot> slots_;
  std::uint32_t mask_ = 0;
  std::size_t size_ = 0, weak_ = 0;
};

}  // namespace sallyport
