// Time is a parameter of every decision; only the edges read a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace sallyport {

// Seconds since 1970-01-01T00:00:00Z, whole (RFC 7519 section 2, NumericDate).
using UnixSeconds = std::int64_t;

// Both clocks, read once at the edge and handed down.
struct Moment {
  UnixSeconds unix_seconds = 0;
  std::int64_t monotonic_ms = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixSeconds unix_seconds() const = 0;
  // Never goes back; for intervals, brakes and cool-downs. Milliseconds.
  virtual std::int64_t monotonic_ms() const = 0;
  Moment now() const { return {unix_seconds(), monotonic_ms()}; }
};

class SystemClock final : public Clock {
 public:
  UnixSeconds unix_seconds() const override {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
  }
  std::int64_t monotonic_ms() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  }
};

}  // namespace sallyport
