// SlowedList: which names and addresses were turned away for guessing, as text, for a
// person who asks. The brake itself knows hashes. Bounded: whoever was turned away
// longest ago makes room. Never waits: a list that is being read misses one entry.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport {

struct SlowedEntry {
  bool is_address = false;
  std::string text;
  std::uint64_t turned_away = 0;
  std::int64_t since_ms = 0, last_ms = 0;  // of the monotonic clock
};

class SlowedList {
 public:
  static constexpr std::size_t kMost = 1024;
  static constexpr std::size_t kMaxText = 256;  // longer names are slowed, and not listed

  void note(bool is_address, std::string_view text, std::int64_t now_ms) noexcept {
    if (text.size() > kMaxText) return;
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
    try {
      for (SlowedEntry& e : entries_)
        if (e.is_address == is_address && e.text == text) {
          ++e.turned_away;
          e.last_ms = now_ms;
          return;
        }
      if (entries_.size() >= kMost)
        entries_.erase(
            std::min_element(entries_.begin(), entries_.end(),
                             [](const SlowedEntry& a, const SlowedEntry& b) { return a.last_ms < b.last_ms; }));
      entries_.push_back({is_address, std::string(text), 1, now_ms, now_ms});
    } catch (const std::bad_alloc&) {
      // Not listing it changes nothing.
    }
  }
  // Those that `still` holds for; the others are forgotten.
  template <class Still>
  std::vector<SlowedEntry> all(Still still) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&](const SlowedEntry& e) { return !still(e); });
    return entries_;
  }
  bool remove(bool is_address, std::string_view text) {
    const std::lock_guard lock(mutex_);
    return std::erase_if(entries_, [&](const SlowedEntry& e) { return e.is_address == is_address && e.text == text; }) >
           0;
  }

 private:
  std::mutex mutex_;
  std::vector<SlowedEntry> entries_;
};

}  // namespace sallyport
