#include "daemon/http_metrics.h"

#include <fmt/format.h>

#include "observe/metrics.h"

namespace sallyport::daemon {

void HttpMetrics::count_response(std::optional<Contract> contract, int status) noexcept {
  std::size_t at = 0;
  while (at + 1 < kStatuses.size() && kStatuses[at] != status) ++at;
  responses_[contract ? static_cast<std::size_t>(*contract) : kContractCount][at].fetch_add(1,
                                                                                            std::memory_order_relaxed);
}

void HttpMetrics::count_time(std::uint64_t nanoseconds) noexcept {
  std::size_t at = 0;
  while (at < kBounds.size() && static_cast<double>(nanoseconds) > kBounds[at] * 1e9) ++at;
  times_[at].fetch_add(1, std::memory_order_relaxed);
  time_sum_.fetch_add(nanoseconds, std::memory_order_relaxed);
}

void HttpMetrics::append_to(std::string& page) const {
  page +=
      "# HELP sallyport_http_responses_total Responses by contract and status.\n# TYPE sallyport_http_responses_total "
      "counter\n";
  for (std::size_t c = 0; c <= kContractCount; ++c)
    for (std::size_t s = 0; s < kStatuses.size(); ++s) {
      const std::uint64_t n = responses_[c][s].load(std::memory_order_relaxed);
      if (n == 0) continue;
      page += fmt::format("sallyport_http_responses_total{{contract=\"{}\",status=\"{}\"}} {}\n",
                          c < kContractCount ? name(static_cast<Contract>(c)) : "none",
                          kStatuses[s] ? std::to_string(kStatuses[s]) : "other", n);
    }
  page +=
      "# HELP sallyport_http_answer_seconds Time from a whole request to its answer, without the time it was held.\n# "
      "TYPE sallyport_http_answer_seconds histogram\n";
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= kBounds.size(); ++i) {
    sum += times_[i].load(std::memory_order_relaxed);
    page += fmt::format("sallyport_http_answer_seconds_bucket{{le=\"{}\"}} {}\n",
                        i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf", sum);
  }
  page += fmt::format("sallyport_http_answer_seconds_sum {}\nsallyport_http_answer_seconds_count {}\n",
                      static_cast<double>(time_sum_.load(std::memory_order_relaxed)) / 1e9, sum);
  const auto counter = [&](const char* title, const char* help, const Counter& c) {
    append_counter(page, title, help, c.load(std::memory_order_relaxed));
  };
  append_gauge(page, "sallyport_http_connections", "Connections that are open.",
               static_cast<double>(connections_open.load(std::memory_order_relaxed)));
  counter("sallyport_http_connections_total", "Connections that were accepted.", connections_opened);
  counter("sallyport_http_connections_evicted_total", "Idle connections closed to make room for new ones.",
          connections_evicted);
  counter("sallyport_http_timeouts_total", "Connections closed because a phase of a request took too long.", timeouts);
  counter("sallyport_http_tls_failures_total", "TLS handshakes that failed.", tls_failures);
  counter("sallyport_http_unproven_callers_total", "Requests of callers who did not prove that they may ask.",
          unproven_callers);
  counter("sallyport_http_held_attempts_total", "Questions that were held while what they need was being fetched.",
          held_attempts);
  counter("sallyport_http_held_answers_total", "Answers that were held until their admission was stored.",
          held_answers);
  counter("sallyport_http_accept_errors_total", "Connections that could not be accepted (no file descriptors).",
          accept_errors);
}

}  // namespace sallyport::daemon
