// LogBridge: the gate's lines in the broker's log. Mosquitto's logger is not
// thread-safe: lines of the broker's own thread go out at once, lines of others wait
// in a bounded queue for the next callback.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/modes.h"

namespace sallyport::mosquitto {

// MOSQ_LOG_* of a level.
int broker_log_level(LogLevel level) noexcept;

class LogBridge {
 public:
  // One line to the broker; tests give their own.
  using Writer = std::function<void(int broker_level, const std::string& line)>;
  static constexpr std::size_t kMaxQueued = 1000;
  // 2.0's logger formats into 500 bytes and cuts the rest: longer lines go out in pieces.
  static constexpr std::size_t kPiece = 440;
  static constexpr std::size_t kMaxLine = 8 * 1024;

  // To be made on the broker's thread.
  explicit LogBridge(Writer writer = {});

  // Any thread.
  void write(LogLevel level, std::string_view line) noexcept;
  // The broker's thread; costs one atomic load where nothing waits.
  void drain() noexcept {
    if (waiting_.load(std::memory_order_acquire)) drain_waiting();
  }

 private:
  void emit(LogLevel level, std::string_view line);
  void drain_waiting() noexcept;

  Writer writer_;
  const std::thread::id broker_thread_;
  std::atomic<bool> waiting_{false};
  std::mutex mutex_;  // of what is below
  std::deque<std::pair<LogLevel, std::string>> queue_;
  std::size_t lost_ = 0;
};

}  // namespace sallyport::mosquitto
