#include "daemon/house.h"

#include <chrono>
#include <thread>

#include "codec/json.h"
#include "daemon/standing.h"
#include "observe/metrics.h"

namespace sallyport::daemon {
namespace {

void append_causes(std::string& out, std::string_view title, const std::vector<std::string>& causes) {
  out += ",\"";
  out += title;
  out += "\":[";
  for (std::size_t i = 0; i < causes.size(); ++i) {
    if (i) out += ',';
    append_json_string(out, causes[i]);
  }
  out += ']';
}

}  // namespace

std::shared_ptr<const House::Readiness> House::readiness() {
  const std::int64_t now = engine.clock().monotonic_ms();
  const bool drains = draining.load(std::memory_order_relaxed);
  const std::lock_guard lock(readiness_mutex_);
  if (readiness_ && now - readiness_at_ms_ < 1000 && !(drains && readiness_->ready)) return readiness_;
  Health health = engine.status().health;
  if (shared && shared->away())
    health.degraded.push_back(
        "the store does not take admissions: this node serves those that it made itself, and hands them on later");
  if (drains) {
    health.ready = false;
    health.not_ready.push_back("the daemon is stopping");
  }
  for (std::string& cause : endings.degraded()) health.degraded.push_back(std::move(cause));
  auto made = std::make_shared<Readiness>();
  made->ready = health.ready;
  made->with_causes = health.ready ? "{\"ready\":true" : "{\"ready\":false";
  append_causes(made->with_causes, "not_ready", health.not_ready);
  append_causes(made->with_causes, "degraded", health.degraded);
  made->with_causes += '}';
  readiness_ = std::move(made);
  readiness_at_ms_ = now;
  return readiness_;
}

void House::tell_of_unproven(std::string_view address, Contract contract) {
  const std::int64_t now = engine.clock().monotonic_ms();
  std::int64_t last = told_at_ms_.load(std::memory_order_relaxed);
  if (now - last < 1000 || !told_at_ms_.compare_exchange_strong(last, now, std::memory_order_relaxed)) return;
  std::string line = "who asks from ";
  line += address.empty() ? "a unix socket" : address;
  line += " did not prove that he may ask ";
  line += name(contract);
  engine.log(LogLevel::notice, line + "; hint: compare his secret with [[http.callers]]");
}

Standing House::standing(Contract contract, const ClientName& client, bool ask_the_store) {
  const std::string key = Admissions::key_of(contract, client);
  std::optional<Admission> admission = admissions.find(key, engine.clock().unix_seconds());
  if (!admission && ask_the_store && shared) {
    // Another node may have let him in since.
    const std::shared_ptr<SharedAdmissions::Lookup> lookup = shared->ask(key);
    for (int i = 0; lookup && i < 100 && !lookup->done.load(std::memory_order_acquire); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    admission = admissions.find(key, engine.clock().unix_seconds());
  }
  if (!admission) return {};
  if (const std::optional<EndCause> cause =
          out_because(*admission, client, *engine.snapshot(), engine.clock().unix_seconds()))
    return {.may_stay = false, .ends_at = {}, .cause = *cause};
  return {.may_stay = true, .ends_at = admission->ends_at, .cause = {}};
}

void House::end_who_is_out() {
  const std::shared_ptr<const GateSnapshot> snapshot = engine.snapshot();
  if (snapshot != looked_with_) endings.look_at_all();
  looked_with_ = snapshot;
  endings.tick();
  operator_ends.tick();
}

std::string House::metrics_text() {
  std::string page = engine.metrics_text();
  metrics.append_to(page);
  append_gauge(page, "sallyport_admissions", "Admitted clients that are remembered.",
               static_cast<double>(admissions.size()));
  append_counter(page, "sallyport_admissions_forgotten_total", "Admitted clients forgotten for want of room.",
                 admissions.forgotten());
  append_gauge(page, "sallyport_admissions_unstored", "Admissions that the store has not taken yet.",
               shared ? static_cast<double>(shared->waiting()) : 0);
  append_counter(page, "sallyport_admissions_lost_total", "Admissions that no other node hears of, for want of room.",
                 shared ? shared->dropped() : 0);
  append_counter(page, "sallyport_admission_lookups_total", "Clients that were looked for in the store.",
                 shared ? shared->lookups() : 0);
  endings.append_to(page);
  return page;
}

}  // namespace sallyport::daemon
