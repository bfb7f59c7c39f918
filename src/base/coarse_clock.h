// The system's clocks as of the kernel's last tick, at most ten milliseconds ago: what decisions need, at a tenth of
// the cost.
#pragma once

#include <time.h>

#include "base/clock.h"

namespace sallyport {

class CoarseClock final : public Clock {
 public:
  UnixSeconds unix_seconds() const override { return read(kReal).tv_sec; }
  std::int64_t monotonic_ms() const override {
    const timespec t = read(kMonotonic);
    return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
  }

 private:
#ifdef CLOCK_REALTIME_COARSE
  static constexpr clockid_t kReal = CLOCK_REALTIME_COARSE, kMonotonic = CLOCK_MONOTONIC_COARSE;
#else
  static constexpr clockid_t kReal = CLOCK_REALTIME, kMonotonic = CLOCK_MONOTONIC;
#endif
  static timespec read(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return t;
  }
};

}  // namespace sallyport
