// BarShard: some hundred bars in one block of memory, in the order of their marks, and
// the words why beside. Immutable once it is shared. 48 bytes a bar, and its words once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bars/bar.h"
#include "bars/token_marks.h"

namespace sallyport {

struct BarEntry {
  Mark mark;
  UnixSeconds issued_before = kForever;
  UnixSeconds until = kForever;
  std::int64_t id = 0;
  std::uint32_t why = 0;  // place in the shard's words; 0: none
  BarKind kind{};
  bool of_issuer = false;
  std::uint8_t prefix = 0;  // of an address

  bool over(UnixSeconds now) const noexcept { return until <= now; }
};
static_assert(sizeof(BarEntry) == 48);

// An entry on its way into a shard; `why` is not its place yet.
struct BarDraft {
  BarEntry entry;
  std::string_view why;
};

class BarShard {
 public:
  // Of two drafts of one mark the later one is kept.
  explicit BarShard(std::vector<BarDraft> drafts);

  // `bits`: those of the mark that chose the shard. Marks are as good as random, so their place can be guessed.
  const BarEntry* find(const Mark& mark, unsigned bits) const noexcept;
  std::string_view why(const BarEntry& entry) const noexcept;
  const std::vector<BarEntry>& entries() const noexcept { return entries_; }
  UnixSeconds earliest_end() const noexcept { return earliest_end_; }
  std::size_t memory_bytes() const noexcept {
    return sizeof *this + entries_.capacity() * sizeof(BarEntry) + words_.capacity();
  }
  // All of them, as drafts whose words live as long as this shard.
  void draft_into(std::vector<BarDraft>& out) const;

 private:
  std::vector<BarEntry> entries_;
  std::string words_;  // length and bytes of each; its first byte is nobody's
  UnixSeconds earliest_end_ = kForever;
};

}  // namespace sallyport
