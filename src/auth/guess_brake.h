// GuessBrake: slows guessing per user name and per address, before any hash, in
// bounded memory. Only failures cost: a permit takes one from both allowances and a
// right password gives it back. Tokens and remembered passwords never come here.
//
// Thread-safe: each set of four entries has its own small lock, held for nanoseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace sallyport {

class GuessBrake {
 public:
  struct Allowance {
    double burst;       // failures at once
    double per_second;  // failures a second after that
  };
  struct Limits {
    Allowance name{10, 1};
    Allowance address{20, 4};
    std::size_t entries = 16'384;  // of each kind; 24 bytes each
  };
  explicit GuessBrake(Limits limits);
  GuessBrake() : GuessBrake(Limits{}) {}
  ~GuessBrake();

  // Whether one more guess may cost a hash. Takes from both allowances when it may.
  bool permit(std::string_view username, std::string_view address, std::int64_t monotonic_ms) noexcept;
  // The guess was right: gives both back.
  void refund(std::string_view username, std::string_view address, std::int64_t monotonic_ms) noexcept;

 private:
  struct Table;
  std::unique_ptr<Table> names_, addresses_;
};

}  // namespace sallyport
