// RateLimiter: token buckets by key in bounded memory, for keys that strangers choose.
//
// Sets of four; a newcomer to a full set takes the place of the bucket with the most
// left in it, so that whoever takes most is forgotten last. Thread-safe: a small lock
// a set, held for nanoseconds. Time never goes back for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace sallyport {

class RateLimiter {
 public:
  // `burst` at once, then `per_second`; `entries` keys are remembered, about 24 bytes each.
  RateLimiter(double burst, double per_second, std::size_t entries);
  ~RateLimiter();
  // Takes one where one is left.
  bool take(std::string_view key, std::int64_t monotonic_ms) noexcept;
  void give_back(std::string_view key, std::int64_t monotonic_ms) noexcept;
  // What is left to a key; `burst` where it is not remembered.
  double left(std::string_view key, std::int64_t monotonic_ms) const noexcept;
  // As if it had never taken any.
  void forget(std::string_view key) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sallyport
