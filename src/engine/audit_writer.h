// AuditWriter: keeps decisions, behind them: a thread of its own takes from the ring what
// is new and writes it in batches. A decision pays nothing for it; what the ring could
// not hold until then is counted and said, and never waited for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/modes.h"
#include "engine/decision_ring.h"
#include "store/audit_store.h"

namespace sallyport {

// What the settings say now. No store or keep 0: nothing is kept.
struct AuditTarget {
  std::string store_url;
  std::int64_t keep = 0, max_bytes = 0;
};

class AuditWriter {
 public:
  using Log = std::function<void(LogLevel, const std::string&)>;
  AuditWriter(const DecisionRing& ring, const Clock& clock, std::string process, std::function<AuditTarget()> target,
              Log log);
  ~AuditWriter() { stop(); }
  Result<void> start();
  // Writes what is there, joins. The destructor does it too.
  void stop();

  std::uint64_t written() const noexcept { return written_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run();
  void write_new(const AuditTarget& target, std::uint64_t up_to, bool last);
  void prune_now_and_then(const AuditTarget& target);
  void failed(const Error& error);
  void dropped_more(std::uint64_t number);

  const DecisionRing& ring_;
  const Clock& clock_;
  const std::string process_;
  const std::function<AuditTarget()> target_;
  const Log log_;
  std::unique_ptr<AuditStore> store_;
  std::string opened_;  // the url of store_
  std::string last_fault_;
  std::uint64_t seen_ = 0, settled_ = 0, unsaid_ = 0;
  std::int64_t pruned_at_ms_ = 0, tried_at_ms_ = 0, said_at_ms_ = 0;
  std::atomic<std::uint64_t> written_{0}, dropped_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sallyport
