#include "auth/token_shard.h"

#include <bit>
#include <cstring>

#include "base/secret.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kNone = 0xffff'ffff;
// A token's smallest entry is about so large; tables are made for as many, and what is smaller leaves earlier.
constexpr std::size_t kSmallEntry = 512;

constexpr std::size_t whole(std::size_t token, std::size_t tape) noexcept {
  return (sizeof(TokenShard::Entry) + token + tape + 7) & ~std::size_t{7};
}

}  // namespace

void TokenShard::take(std::span<char> room) noexcept {
  const std::size_t entries = std::bit_floor(room.size() / kSmallEntry);
  const std::size_t tables = 2 * entries * sizeof(Slot) + entries * sizeof(Ghost);
  if (entries < 8 || tables >= room.size()) return;
  slots_ = {reinterpret_cast<Slot*>(room.data()), 2 * entries};
  ghosts_ = {reinterpret_cast<Ghost*>(room.data() + slots_.size_bytes()), entries};
  left_ = static_cast<std::uint32_t>(entries);  // so that a zeroed ghost is long gone
  const std::span<char> rings = room.subspan(tables);
  const std::size_t tenth = rings.size() / 10 & ~std::size_t{7};
  small_ = EntryRing(rings.first(tenth));
  main_ = EntryRing(rings.subspan(tenth));
}

TokenShard::Entry* TokenShard::at(std::uint32_t place) const noexcept {
  const EntryRing& ring = place % 2 == 0 ? main_ : small_;
  return reinterpret_cast<Entry*>(ring.at((place - 1) / 2 * std::size_t{8}));
}

std::uint32_t TokenShard::slot_with(std::uint64_t hash) const noexcept {
  const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
  const std::uint32_t tag = tag_of(hash);
  for (std::uint32_t i = tag & mask; slots_[i].place != 0; i = (i + 1) & mask)
    if (slots_[i].tag == tag && at(slots_[i].place)->hash == hash) return i;
  return kNone;
}

std::uint32_t TokenShard::slot_at(std::uint32_t tag, std::uint32_t place) const noexcept {
  const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
  for (std::uint32_t i = tag & mask; slots_[i].place != 0; i = (i + 1) & mask)
    if (slots_[i].tag == tag && slots_[i].place == place) return i;
  return kNone;
}

void TokenShard::insert_slot(std::uint32_t tag, std::uint32_t place) noexcept {
  const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
  std::uint32_t i = tag & mask;
  while (slots_[i].place != 0) i = (i + 1) & mask;
  slots_[i] = {tag, place};
}

// Those behind it move up, so that no mark of the erased one has to stay (Knuth, TAOCP volume 3, 6.4, algorithm R).
void TokenShard::erase_slot(std::uint32_t i) noexcept {
  const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
  for (std::uint32_t j = i;;) {
    slots_[i] = {0, 0};
    for (;;) {
      j = (j + 1) & mask;
      if (slots_[j].place == 0) return;
      const std::uint32_t home = slots_[j].tag & mask;
      // It may stay where it is as long as its home lies cyclically behind the hole.
      if (((j - home) & mask) >= ((j - i) & mask)) break;
    }
    slots_[i] = slots_[j];
    i = j;
  }
}

const TokenShard::Entry* TokenShard::find(std::uint64_t hash, std::string_view token,
                                          std::uint64_t generation) noexcept {
  if (slots_.empty()) return nullptr;
  const std::uint32_t i = slot_with(hash);
  if (i == kNone) return nullptr;
  Entry* const entry = at(slots_[i].place);
  if (entry->generation != generation || entry->token() != token) return nullptr;
  if (entry->uses < kMaxUses) ++entry->uses;
  return entry;
}

bool TokenShard::was_here(std::uint64_t hash) const noexcept {
  const Ghost& ghost = ghosts_[ghost_of(hash)];
  return ghost.fingerprint == tag_of(hash) && left_ - ghost.left_at < ghosts_.size();
}

// Nothing finds it any more, and its token is not there for whoever reads this memory by a fault elsewhere.
void TokenShard::forget(Entry& entry, std::uint32_t place) noexcept {
  if (!entry.dead) {
    const std::uint32_t i = slot_at(tag_of(entry.hash), place);
    if (i != kNone) erase_slot(i);
    --count_;
  }
  entry.dead = true;
  wipe(&entry + 1, entry.size - sizeof(Entry));
}

void TokenShard::evict_from_main(int& chances) noexcept {
  const std::size_t from = main_.oldest();
  const std::uint32_t old_place = place_of(true, from);
  Entry& entry = *at(old_place);
  const std::size_t size = entry.size;
  if (!entry.dead && entry.uses > 0 && chances > 0) {
    --chances;
    --entry.uses;
    const std::uint32_t i = slot_at(tag_of(entry.hash), old_place);
    main_.pop(size);
    if (i != kNone && main_.has_room(size)) {
      const std::size_t to = main_.next_place(size);
      std::memmove(main_.at(to), main_.at(from), size);  // they may overlap
      main_.push(size);
      slots_[i].place = place_of(true, to);
      return;
    }
    forget(entry, old_place);
    return;
  }
  forget(entry, old_place);
  main_.pop(size);
}

bool TokenShard::make_room_in_main(std::size_t bytes) noexcept {
  int chances = kMostSecondChances;
  while (!main_.has_room(bytes)) {
    if (main_.empty()) return false;
    evict_from_main(chances);
  }
  return true;
}

void TokenShard::evict_from_small() noexcept {
  const std::size_t from = small_.oldest();
  const std::uint32_t old_place = place_of(false, from);
  Entry& entry = *at(old_place);
  const std::size_t size = entry.size;
  const std::uint32_t tag = tag_of(entry.hash);
  if (!entry.dead && entry.uses > 0 && make_room_in_main(size)) {
    const std::uint32_t i = slot_at(tag, old_place);
    const std::size_t to = main_.next_place(size);
    entry.uses = 0;
    std::memcpy(main_.at(to), small_.at(from), size);
    main_.push(size);
    if (i != kNone) slots_[i].place = place_of(true, to);
    wipe(&entry + 1, size - sizeof(Entry));
  } else {
    if (!entry.dead) ghosts_[ghost_of(entry.hash)] = {tag, ++left_};
    forget(entry, old_place);
  }
  small_.pop(size);
}

bool TokenShard::make_room_in_small(std::size_t bytes) noexcept {
  while (!small_.has_room(bytes)) {
    if (small_.empty()) return false;
    evict_from_small();
  }
  return true;
}

char* TokenShard::remember(std::uint64_t hash, std::string_view token, std::uint64_t generation, const void* key,
                           std::size_t tape_size) noexcept {
  const std::size_t size = whole(token.size(), tape_size);
  if (slots_.empty() || tape_size > 0xffff || size > small_.size() / 2) return nullptr;
  if (const std::uint32_t i = slot_with(hash); i != kNone) {
    const std::uint32_t place = slots_[i].place;
    forget(*at(place), place);
  }
  // Half of the slots stay empty, or looking becomes a walk.
  while (count_ >= slots_.size() / 2) {
    int chances = 0;
    if (main_.empty())
      evict_from_small();
    else
      evict_from_main(chances);
  }
  const bool main = was_here(hash);
  if (!(main ? make_room_in_main(size) : make_room_in_small(size))) return nullptr;
  EntryRing& ring = main ? main_ : small_;
  const std::size_t to = ring.next_place(size);
  char* const begin = ring.at(to);
  const Entry entry{static_cast<std::uint32_t>(size),
                    0,
                    false,
                    static_cast<std::uint16_t>(tape_size),
                    static_cast<std::uint32_t>(token.size()),
                    0,
                    hash,
                    generation,
                    key};
  std::memcpy(begin, &entry, sizeof entry);
  std::memcpy(begin + sizeof entry, token.data(), token.size());
  ring.push(size);
  insert_slot(tag_of(hash), place_of(main, to));
  ++count_;
  return begin + sizeof entry + token.size();
}

}  // namespace sallyport
