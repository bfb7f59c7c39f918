#include "admin/guess_delay.h"

#include <algorithm>
#include <vector>

#include "rules/subscriber.h"

namespace sallyport {
namespace {

constexpr std::size_t kMostRecords = 20'000;
constexpr unsigned kFreeForName = 3, kFreeForAddress = 15;  // wrong ones that cost nothing
constexpr std::int64_t kLongestMs = 900'000, kForgottenMs = 3'600'000;

}  // namespace

// Length first, so that ("ab", "c") and ("a", "bc") differ.
std::string GuessDelay::key_of(std::string_view name, std::string_view address) {
  const Subscriber from(address);
  return std::to_string(from.text().size()) + ":" + std::string(from.text()) + std::string(name);
}

// One second after the first that costs, then twice as long each time.
std::int64_t GuessDelay::until_ms(const Record& record, unsigned free) {
  if (record.failures < free) return 0;
  const unsigned doublings = std::min(record.failures - free, 20U);
  return record.last_ms + std::min<std::int64_t>(kLongestMs, std::int64_t{1000} << doublings);
}

std::int64_t GuessDelay::wait(std::string_view name, std::string_view address, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  std::int64_t until = 0;
  if (const auto it = records_.find(key_of(name, address)); it != records_.end())
    until = until_ms(it->second, kFreeForName);
  if (const auto it = records_.find(key_of({}, address)); it != records_.end())
    until = std::max(until, until_ms(it->second, kFreeForAddress));
  return until > now_ms ? (until - now_ms + 999) / 1000 : 0;
}

void GuessDelay::note(const std::string& key, std::int64_t now_ms) {
  if (records_.size() >= kMostRecords && !records_.contains(key)) {
    // A quarter at a time, the oldest: whoever comes from many addresses must not make each of his tries a long search.
    std::vector<std::int64_t> times;
    times.reserve(records_.size());
    for (const auto& [one, record] : records_) times.push_back(record.last_ms);
    const auto quarter = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 4);
    std::nth_element(times.begin(), quarter, times.end());
    std::erase_if(records_, [&](const auto& entry) { return entry.second.last_ms <= *quarter; });
  }
  Record& record = records_[key];
  if (now_ms - record.last_ms > kForgottenMs) record.failures = 0;
  ++record.failures;
  record.last_ms = now_ms;
}

void GuessDelay::failed(std::string_view name, std::string_view address, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  note(key_of(name, address), now_ms);
  note(key_of({}, address), now_ms);
}

void GuessDelay::succeeded(std::string_view name, std::string_view address) {
  const std::lock_guard lock(mutex_);
  records_.erase(key_of(name, address));
}

}  // namespace sallyport
