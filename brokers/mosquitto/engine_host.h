// EngineHost: the engine of one settings file, its log and its control socket. With
// per_listener_settings a process has several plugin instances; those that name the
// same file share one host.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/coarse_clock.h"
#include "base/error.h"
#include "base/result.h"
#include "brokers/mosquitto/log_bridge.h"
#include "brokers/mosquitto/own_files.h"
#include "brokers/mosquitto/session_board.h"
#include "brokers/mosquitto/session_orders.h"
#include "brokers/mosquitto/sessions.h"
#include "control/server.h"
#include "engine/engine.h"

namespace sallyport::mosquitto {

class EngineHost {
 public:
  // The host of this settings file (canonical path), opened and started where there is none yet. The broker's thread,
  // after its fork and its drop of privileges: plugin init is. Faults are logged before they are returned.
  // `clock`: a test's own; nothing: the system's. `files`: where it is opened and ended; nothing: by the caller, as
  // tests do that use the same store in the same process (SQLite knows one table of descriptors a process).
  static std::shared_ptr<EngineHost> acquire(const std::string& settings_file, const Clock* clock = nullptr,
                                             std::shared_ptr<OwnFiles> files = nullptr);
  ~EngineHost();

  Engine& engine() noexcept { return *engine_; }
  // At most ten milliseconds late, at a fraction of the cost.
  const Clock& quick_clock() const noexcept { return *quick_clock_; }
  LogBridge& log() noexcept { return log_; }
  SessionBoard& board() noexcept { return board_; }
  SessionOrders& orders() noexcept { return orders_; }
  // Connected clients by standing, of all instances together; shown by `status`.
  std::array<std::atomic<std::int64_t>, kStandings>& clients() noexcept { return clients_; }

 private:
  EngineHost() = default;
  bool open(const std::string& settings_file, const Clock* clock);
  void open_control_socket();
  void among_files(const std::function<void()>& work);

  std::shared_ptr<OwnFiles> files_;
  // In this order: what logs is gone before the log is.
  CoarseClock coarse_;
  const Clock* quick_clock_ = &coarse_;
  LogBridge log_;
  SessionBoard board_;
  std::array<std::atomic<std::int64_t>, kStandings> clients_{};
  SessionOrders orders_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<control::Server> control_;
};

// "place: cause; hint: …" on one line.
std::string one_line(const Error& error);

}  // namespace sallyport::mosquitto
