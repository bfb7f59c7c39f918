// GuessBrake: slows guessing per user name and per address, before any hash, in
// bounded memory. Only failures cost: a permit takes one from both allowances and a
// right password gives it back. Tokens and remembered passwords never come here, so
// the owner of a guessed name stays in while he is remembered. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "auth/rate_limiter.h"

namespace sallyport {

class GuessBrake {
 public:
  // Whether one more guess may cost a hash. Takes from both allowances when it may.
  bool permit(std::string_view username, std::string_view address, std::int64_t now_ms) noexcept {
    // Where no address is told (RabbitMQ's first question has none) all clients would share one, and one who guesses
    // would shut the others out.
    if (!address.empty() && !addresses_.take(address, now_ms)) return false;
    if (names_.take(username, now_ms)) return true;
    if (!address.empty()) addresses_.give_back(address, now_ms);
    return false;
  }
  // The guess was right: gives both back.
  void refund(std::string_view username, std::string_view address, std::int64_t now_ms) noexcept {
    if (!address.empty()) addresses_.give_back(address, now_ms);
    names_.give_back(username, now_ms);
  }

 private:
  static constexpr std::size_t kEntries = 16'384;  // of each kind
  RateLimiter names_{10, 1, kEntries};             // ten wrong ones at once, then one a second
  RateLimiter addresses_{20, 4, kEntries};         // an address may serve a whole site: twenty, then four a second
};

}  // namespace sallyport
