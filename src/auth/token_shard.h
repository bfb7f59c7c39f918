// TokenShard: one lock's worth of the token cache, in a fixed room.
//
// S3-FIFO (J. Yang et al., "FIFO queues are all you need for cache eviction", 2023): what is
// new waits in a small ring, a tenth of the room; what was asked for meanwhile goes on to the
// main one, the rest leaves and only a fingerprint stays for a while, which lets it straight
// into the main ring when it comes again. So tokens that come once push nobody out who comes
// again. A hit moves nothing: it raises a count.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "auth/entry_ring.h"

namespace sallyport {

class TokenShard {
 public:
  // An entry: this, the token, its packed parse. The hash decides where it is looked for; it is the token only where
  // all its bytes are.
  struct Entry {
    std::uint32_t size;  // of the whole, a multiple of 8, never 0
    std::uint8_t uses;   // since it came, or came round, at most kMaxUses
    bool dead;           // another one took its place; nothing finds it
    std::uint16_t tape_size;
    std::uint32_t token_size;
    std::uint32_t unused;
    std::uint64_t hash;
    std::uint64_t generation;
    const void* key;

    std::string_view token() const noexcept { return {reinterpret_cast<const char*>(this + 1), token_size}; }
    std::string_view tape() const noexcept { return {token().data() + token_size, tape_size}; }
  };
  static_assert(sizeof(Entry) == 40);

  // `room` is zeroed and aligned to 8.
  void take(std::span<char> room) noexcept;

  // The entry of these bytes; its use is counted.
  const Entry* find(std::uint64_t hash, std::string_view token, std::uint64_t generation) noexcept;
  // Room for an entry whose tape has so many bytes, which the caller fills at once; nothing where it is too large.
  char* remember(std::uint64_t hash, std::string_view token, std::uint64_t generation, const void* key,
                 std::size_t tape_size) noexcept;

  std::size_t entries() const noexcept { return count_; }
  std::size_t bytes() const noexcept { return small_.used() + main_.used(); }

 private:
  static constexpr std::uint8_t kMaxUses = 3;
  static constexpr int kMostSecondChances = 16;  // of one insertion: what it may cost is bounded
  struct Slot {
    std::uint32_t tag, place;  // place: 0 is none; else 1 + 2 * (offset / 8) + ring
  };
  struct Ghost {
    std::uint32_t fingerprint, left_at;
  };

  static std::uint32_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash >> 32); }
  // The lowest bits chose the shard.
  std::size_t ghost_of(std::uint64_t hash) const noexcept { return hash >> 8 & (ghosts_.size() - 1); }
  static std::uint32_t place_of(bool main, std::size_t offset) noexcept {
    return static_cast<std::uint32_t>(offset / 8 * 2 + (main ? 2 : 1));
  }
  Entry* at(std::uint32_t place) const noexcept;
  std::uint32_t slot_with(std::uint64_t hash) const noexcept;
  std::uint32_t slot_at(std::uint32_t tag, std::uint32_t place) const noexcept;
  void erase_slot(std::uint32_t i) noexcept;
  void insert_slot(std::uint32_t tag, std::uint32_t place) noexcept;
  void forget(Entry& entry, std::uint32_t place) noexcept;
  bool make_room_in_main(std::size_t bytes) noexcept;
  bool make_room_in_small(std::size_t bytes) noexcept;
  void evict_from_main(int& chances) noexcept;
  void evict_from_small() noexcept;
  bool was_here(std::uint64_t hash) const noexcept;

  std::span<Slot> slots_;
  std::span<Ghost> ghosts_;
  EntryRing small_, main_;
  std::size_t count_ = 0;
  std::uint32_t left_ = 0;  // how many left the small ring
};

}  // namespace sallyport
