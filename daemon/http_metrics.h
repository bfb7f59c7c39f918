// What the HTTP side counts. Fixed labels; one relaxed add each.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "daemon/contract.h"

namespace sallyport::daemon {

class HttpMetrics {
 public:
  using Counter = std::atomic<std::uint64_t>;
  static constexpr std::array<int, 16> kStatuses = {200, 400, 401, 403, 404, 405, 408, 413,
                                                    414, 415, 417, 431, 500, 503, 505, 0};
  static constexpr std::array<double, 8> kBounds = {0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.1, 1, 2.5};

  // `contract`: nothing for health, unknown paths and unreadable requests.
  void count_response(std::optional<Contract> contract, int status) noexcept;
  void count_time(std::uint64_t nanoseconds) noexcept;

  Counter connections_opened{0}, connections_open{0}, connections_evicted{0}, timeouts{0};
  Counter tls_failures{0}, unproven_callers{0}, held_attempts{0}, held_answers{0}, accept_errors{0};

  void append_to(std::string& page) const;

 private:
  std::array<std::array<Counter, kStatuses.size()>, kContractCount + 1> responses_{};
  std::array<Counter, kBounds.size() + 1> times_{};
  Counter time_sum_{0};
};

}  // namespace sallyport::daemon
