// EndTimer: when which session ends, one heap for all of them. Entries are not taken out
// when a session leaves early; whoever takes a due one compares its ticket.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

struct mosquitto;

namespace sallyport::mosquitto {

class EndTimer {
 public:
  using Client = const ::mosquitto*;
  static constexpr UnixSeconds kNever = std::numeric_limits<UnixSeconds>::max();
  struct Entry {
    UnixSeconds at = kNever;
    std::string id;
    Client client = nullptr;  // compared, never followed
    std::uint64_t ticket = 0;
  };

  void arm(UnixSeconds at, std::string_view id, Client client, std::uint64_t ticket) {
    heap_.push_back({at, std::string(id), client, ticket});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  UnixSeconds next() const noexcept { return heap_.empty() ? kNever : heap_.front().at; }
  // By value: what is done with it may come back to the timer.
  std::optional<Entry> take_due(UnixSeconds now) {
    if (next() > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Entry due = std::move(heap_.back());
    heap_.pop_back();
    return due;
  }
  std::size_t size() const noexcept { return heap_.size(); }
  // Devices that come and go leave entries behind: once they outnumber those in use, `in_use` sorts them out.
  template <class InUse>
  void sweep(std::size_t sessions, InUse in_use) {
    if (heap_.size() <= 2 * sessions + 1024) return;
    std::erase_if(heap_, [&](const Entry& entry) { return !in_use(entry); });
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

 private:
  static bool later(const Entry& a, const Entry& b) noexcept { return a.at > b.at; }
  std::vector<Entry> heap_;
};

}  // namespace sallyport::mosquitto
