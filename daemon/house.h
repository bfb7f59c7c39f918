// House: what the daemon's threads share. Made once; its settings are swapped by a reload.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/snapshot.h"
#include "daemon/admissions.h"
#include "daemon/callers.h"
#include "daemon/desk.h"
#include "daemon/ending/endings.h"
#include "daemon/ending/operator_ends.h"
#include "daemon/http_metrics.h"
#include "daemon/shared_admissions.h"
#include "engine/engine.h"

namespace sallyport::daemon {

// What a reload of [http] changes at run time.
struct HouseRules {
  std::shared_ptr<const Callers> callers;
  std::shared_ptr<const ContractOptions> options;
};

struct House {
  House(Engine& e, std::size_t max_admissions, std::shared_ptr<const HouseRules> first)
      : engine(e),
        admissions(max_admissions),
        endings(
            [this](Contract contract, const ClientName& client, bool ask) { return standing(contract, client, ask); },
            [&e] { return e.clock().unix_seconds(); }, 2 * max_admissions,
            [&e](LogLevel level, std::string_view line) { e.log(level, line); }),
        rules(std::move(first)) {}

  Engine& engine;
  Admissions admissions;
  std::unique_ptr<SharedAdmissions> shared;  // nothing: one node alone. Made before the first Responder
  Endings endings;
  OperatorEnds operator_ends{*this};
  HttpMetrics metrics;
  SnapshotBox<HouseRules> rules;
  std::atomic<bool> draining{false};

  // {"ready":…}, made anew at most once a second: anybody may ask.
  struct Readiness {
    bool ready = false;
    std::string with_causes;
  };
  std::shared_ptr<const Readiness> readiness();
  std::string metrics_text();
  // Ends whose time it is, and whoever is out before his time; call it a few times a second.
  void end_who_is_out();
  // Of somebody who was admitted. Any thread but those that decide; with `ask_the_store` it may take a second.
  Standing standing(Contract contract, const ClientName& client, bool ask_the_store);
  // A line about a caller who did not prove who he is, at most one a second.
  void tell_of_unproven(std::string_view address, Contract contract);

 private:
  std::mutex readiness_mutex_;
  std::shared_ptr<const Readiness> readiness_;
  std::int64_t readiness_at_ms_ = 0;
  std::atomic<std::int64_t> told_at_ms_{-1000};
  std::shared_ptr<const GateSnapshot> looked_with_;  // end_who_is_out() alone
};

}  // namespace sallyport::daemon
