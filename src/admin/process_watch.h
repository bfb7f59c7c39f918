// ProcessWatch: how the deciding processes do: the daemon's own engine and the brokers,
// asked over their control sockets every few seconds on a thread of its own, so that a
// page never waits for a broker. The last hour is kept, in steps.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "admin/key_history.h"
#include "base/clock.h"
#include "base/modes.h"
#include "base/reason.h"
#include "base/result.h"
#include "engine/engine.h"

namespace sallyport {

using ByVerdict = std::array<std::uint64_t, 4>;

// Decisions of one process since its start, by authenticator, verdict and reason.
struct DecisionCounts {
  std::array<std::array<std::array<std::uint64_t, kReasonCount>, 3>, 4> by{};  // verdict, authenticator, reason
  std::array<double, 3> seconds{};                                             // spent deciding, by authenticator
  ByVerdict totals() const;
};
// From its metrics page.
DecisionCounts read_decision_counts(std::string_view page);

struct ProcessState {
  std::string name, kind;  // "daemon", "broker"
  bool answers = false;
  std::string cause;      // why it does not
  nlohmann::json status;  // of the verb `status`
  DecisionCounts counts;
  std::int64_t sessions = 0;
  UnixSeconds started_at = 0;  // first seen with these counters
};

struct HourSeries {
  static constexpr std::int64_t kStep = 10;
  static constexpr std::size_t kSteps = 360;
  UnixSeconds from = 0;
  std::vector<ByVerdict> decisions;  // in each step, oldest first
  std::vector<std::int64_t> sessions;
  std::map<std::string, std::uint64_t> refused;  // by reason
  std::array<double, 4> rates{};                 // a second, over the last step that is whole
};

class ProcessWatch {
 public:
  ProcessWatch(Engine& engine, std::vector<std::string> broker_sockets);
  ~ProcessWatch();
  Result<void> start();

  std::vector<ProcessState> processes() const;
  HourSeries series() const;
  // Newest first.
  std::vector<KeyChange> key_changes() const;
  // Counts up with each look that found something else than the one before.
  std::uint64_t news() const noexcept { return news_.load(std::memory_order_relaxed); }
  std::size_t brokers() const noexcept { return sockets_.size(); }
  std::string broker_name(std::size_t index) const;
  // On the caller's thread.
  Result<nlohmann::json> ask_broker(std::size_t index, const nlohmann::json& request) const;

 private:
  struct Step {
    UnixSeconds at = 0;
    ByVerdict decisions{};
    std::int64_t sessions = 0;
    std::map<Reason, std::uint64_t> refused;
  };
  void run();
  void look();
  ProcessState look_at_broker(std::size_t index) const;
  ProcessState look_at_self() const;
  void look_at_keys();
  void add_to_hour(const std::vector<ProcessState>& now);

  Engine& engine_;
  const std::vector<std::string> sockets_;
  mutable std::mutex mutex_;
  std::vector<ProcessState> states_;
  std::vector<Step> steps_;
  KeyHistory keys_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::atomic<std::uint64_t> news_{1};
  std::thread thread_;
};

}  // namespace sallyport
