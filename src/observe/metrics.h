// Counters of one process, in Prometheus' names and units. Fixed labels, so that no
// client can make series. Incrementing is one relaxed atomic add.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "base/modes.h"
#include "base/reason.h"

namespace sallyport {

class Metrics {
 public:
  using Counter = std::atomic<std::uint64_t>;

  void count_decision(Verdict verdict, Authenticator authenticator, Reason reason) noexcept {
    decisions_[static_cast<std::size_t>(verdict)][static_cast<std::size_t>(authenticator)]
              [static_cast<std::size_t>(reason)]
                  .fetch_add(1, std::memory_order_relaxed);
  }
  Counter not_ours{0};  // clients that the gate never judged (certificate identity, PSK)
  Counter rechecks{0};  // answered from session state after a SIGHUP
  Counter reloads{0}, failed_reloads{0};
  Counter store_errors{0};
  Counter suppressed_log_lines{0};
  Counter topic_denials{0};
  Counter renewals{0}, refused_renewals{0};
  Counter notices{0};             // words of a coming end that were sent
  Counter lost_subscriptions{0};  // held, and not covered by the token that renewed the session
  Counter ended_sessions{0};      // sent away by the gate

  // One Prometheus page; gauges that live elsewhere are added by the caller with append_gauge().
  std::string to_prometheus() const;

 private:
  Counter decisions_[4][3][kReasonCount] = {};
};

void append_counter(std::string& page, const char* name, const char* help, std::uint64_t value);
void append_gauge(std::string& page, const char* name, const char* help, double value);

}  // namespace sallyport
