#include "observe/metrics.h"

#include <cstdio>

namespace sallyport {
namespace {
void append_header(std::string& page, const char* name, const char* help, const char* type) {
  page.append("# HELP ")
      .append(name)
      .append(" ")
      .append(help)
      .append("\n# TYPE ")
      .append(name)
      .append(" ")
      .append(type)
      .append("\n");
}
}  // namespace

void append_counter(std::string& page, const char* name, const char* help, std::uint64_t value) {
  append_header(page, name, help, "counter");
  page.append(name).append(" ").append(std::to_string(value)).append("\n");
}
void append_gauge(std::string& page, const char* name, const char* help, double value) {
  append_header(page, name, help, "gauge");
  char text[40];
  std::snprintf(text, sizeof text, " %.17g\n", value);
  page.append(name).append(text);
}

std::string Metrics::to_prometheus() const {
  std::string page;
  constexpr const char* kDecisions = "sallyport_decisions_total";
  append_header(page, kDecisions, "Decisions by verdict, authenticator and reason.", "counter");
  for (std::size_t v = 0; v < 4; ++v)
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t r = 0; r < kReasonCount; ++r) {
        const std::uint64_t n = decisions_[v][a][r].load(std::memory_order_relaxed);
        if (n == 0) continue;
        page.append(kDecisions).append("{verdict=\"").append(name(static_cast<Verdict>(v)));
        page.append("\",authenticator=\"").append(name(static_cast<Authenticator>(a)));
        page.append("\",reason=\"")
            .append(name(static_cast<Reason>(r)))
            .append("\"} ")
            .append(std::to_string(n))
            .append("\n");
      }
  const auto counter = [&](const char* title, const char* help, const Counter& c) {
    append_counter(page, title, help, c.load(std::memory_order_relaxed));
  };
  counter("sallyport_not_ours_total", "Clients that the gate never judged (certificate identity, PSK).", not_ours);
  counter("sallyport_rechecks_total", "Clients answered from session state after a broker reload.", rechecks);
  counter("sallyport_reloads_total", "Settings put in force.", reloads);
  counter("sallyport_failed_reloads_total", "Settings that did not load; the old ones stayed.", failed_reloads);
  counter("sallyport_store_errors_total", "Failed reads and writes of the store.", store_errors);
  counter("sallyport_suppressed_log_lines_total", "Refusals not logged because their source has many.",
          suppressed_log_lines);
  counter("sallyport_topic_denials_total", "Topic questions answered with no.", topic_denials);
  counter("sallyport_renewals_total", "Sessions renewed without a new connection.", renewals);
  counter("sallyport_refused_renewals_total", "Renewals that were refused or could not be judged.", refused_renewals);
  counter("sallyport_notices_total", "Clients told of their coming end.", notices);
  counter("sallyport_lost_subscriptions_total", "Subscriptions that a renewing token no longer covers.",
          lost_subscriptions);
  counter("sallyport_ended_sessions_total", "Clients sent away by the gate.", ended_sessions);
  return page;
}

}  // namespace sallyport
