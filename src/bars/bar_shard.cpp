#include "bars/bar_shard.h"

#include <algorithm>
#include <unordered_map>

namespace sallyport {
namespace {
bool before(const Mark& a, const Mark& b) noexcept { return a.high != b.high ? a.high < b.high : a.low < b.low; }
}  // namespace

BarShard::BarShard(std::vector<BarDraft> drafts) {
  std::stable_sort(drafts.begin(), drafts.end(),
                   [](const BarDraft& a, const BarDraft& b) { return before(a.entry.mark, b.entry.mark); });
  entries_.reserve(drafts.size());
  // An import gives the same words to all of its rows.
  std::unordered_map<std::string_view, std::uint32_t> places;
  for (BarDraft& draft : drafts) {
    BarEntry entry = draft.entry;
    entry.why = 0;
    if (!draft.why.empty()) {
      const auto [known, is_new] = places.try_emplace(draft.why, static_cast<std::uint32_t>(words_.size()));
      if (is_new) {
        if (words_.empty()) {
          words_.push_back('\0');
          known->second = 1;
        }
        const std::size_t length = std::min(draft.why.size(), kMaxBarWhyShown);
        words_.push_back(static_cast<char>(length));
        words_.append(draft.why.substr(0, length));
      }
      entry.why = known->second;
    }
    if (!entries_.empty() && entries_.back().mark == entry.mark)
      entries_.back() = entry;
    else
      entries_.push_back(entry);
  }
  entries_.shrink_to_fit();
  words_.shrink_to_fit();
  for (const BarEntry& entry : entries_) earliest_end_ = std::min(earliest_end_, entry.until);
}

const BarEntry* BarShard::find(const Mark& mark, unsigned bits) const noexcept {
  const std::size_t n = entries_.size();
  auto i = static_cast<std::size_t>((((mark.high << bits) >> 32) * n) >> 32);
  int steps = 64;  // a guess that is further off than chance makes it is given up
  while (steps > 0 && i > 0 && !before(entries_[i - 1].mark, mark)) --i, --steps;
  while (steps > 0 && i < n && before(entries_[i].mark, mark)) ++i, --steps;
  if (steps == 0)
    i = static_cast<std::size_t>(std::lower_bound(entries_.begin(), entries_.end(), mark,
                                                  [](const BarEntry& e, const Mark& m) { return before(e.mark, m); }) -
                                 entries_.begin());
  return i < n && entries_[i].mark == mark ? &entries_[i] : nullptr;
}

std::string_view BarShard::why(const BarEntry& entry) const noexcept {
  if (entry.why == 0) return {};
  const auto length = static_cast<unsigned char>(words_[entry.why]);
  return std::string_view(words_).substr(entry.why + 1, length);
}

void BarShard::draft_into(std::vector<BarDraft>& out) const {
  for (const BarEntry& entry : entries_) out.push_back({entry, why(entry)});
}

}  // namespace sallyport
