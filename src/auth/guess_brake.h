// GuessBrake: slows guessing per user name and per address (of IPv6: per /64), before any hash, in
// bounded memory. Only failures cost: a permit takes one from both allowances and a
// right password gives it back. Tokens and remembered passwords never come here, so
// the owner of a guessed name stays in while he is remembered. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "auth/rate_limiter.h"
#include "auth/slowed_list.h"
#include "rules/subscriber.h"

namespace sallyport {

class GuessBrake {
 public:
  // Whether one more guess may cost a hash. Takes from both allowances when it may.
  bool permit(std::string_view username, std::string_view address, std::int64_t now_ms) noexcept {
    // Where no address is told (RabbitMQ's first question has none) all clients would share one, and one who guesses
    // would shut the others out.
    const Subscriber from(address);
    if (!address.empty() && !addresses_.take(from.text(), now_ms)) {
      slowed_.note(true, from.text(), now_ms);
      return false;
    }
    if (names_.take(username, now_ms)) return true;
    if (!address.empty()) addresses_.give_back(from.text(), now_ms);
    slowed_.note(false, username, now_ms);
    return false;
  }
  // Who would be turned away, or would have been within the last allowance.
  std::vector<SlowedEntry> slowed(std::int64_t now_ms) {
    return slowed_.all([&](const SlowedEntry& e) {
      return e.is_address ? addresses_.left(e.text, now_ms) < kAddressBurst : names_.left(e.text, now_ms) < kNameBurst;
    });
  }
  // An operator lets a name or an address go: it begins anew. False: it was not slowed.
  bool let_go(bool is_address, std::string_view text) {
    const Subscriber from(is_address ? text : std::string_view());
    if (is_address) text = from.text();
    (is_address ? addresses_ : names_).forget(text);
    return slowed_.remove(is_address, text);
  }
  // The guess was right: gives both back.
  void refund(std::string_view username, std::string_view address, std::int64_t now_ms) noexcept {
    if (!address.empty()) addresses_.give_back(Subscriber(address).text(), now_ms);
    names_.give_back(username, now_ms);
  }

 private:
  static constexpr std::size_t kEntries = 16'384;  // of each kind
  static constexpr double kNameBurst = 10, kAddressBurst = 20;
  RateLimiter names_{kNameBurst, 1, kEntries};         // ten wrong ones at once, then one a second
  RateLimiter addresses_{kAddressBurst, 4, kEntries};  // an address may serve a whole site: twenty, then four a second
  SlowedList slowed_;
};

}  // namespace sallyport
