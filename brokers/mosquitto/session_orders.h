// SessionOrders: an operator's order about sessions, from the control socket's thread to
// the broker's, which alone may touch clients. Each gate of the process answers once.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "control/session_verbs.h"

namespace sallyport::mosquitto {

class SessionOrders {
 public:
  struct Order {
    std::uint64_t number = 0;
    control::SessionOrder what;
  };

  // The broker's thread: a gate comes, a gate goes.
  void join() { count_gate(1); }
  void leave() { count_gate(-1); }

  // The control socket's thread: waits until every gate has answered; the number of sessions of all.
  Result<std::size_t> give(const control::SessionOrder& what,
                           std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    std::unique_lock lock(mutex_);
    if (gates_ == 0) return unexpected(Error{ErrorKind::kUnavailable, "no gate is at work yet", "", ""});
    auto order = std::make_shared<Order>();
    order->number = newest_.load(std::memory_order_relaxed) + 1;
    order->what = what;
    order_ = std::move(order);
    answers_ = sessions_ = 0;
    newest_.store(order_->number, std::memory_order_release);
    if (answered_.wait_for(lock, patience, [&] { return answers_ >= gates_; })) return sessions_;
    return unexpected(Error{ErrorKind::kUnavailable, "the broker did not come to it in time",
                            "is it busy? Mosquitto 2.0.11 with per_listener_settings true has no tick and never will",
                            ""});
  }

  // The broker's thread. One atomic load where there is nothing new.
  std::shared_ptr<const Order> newer_than(std::uint64_t number) const {
    if (newest_.load(std::memory_order_acquire) == number) return nullptr;
    const std::lock_guard lock(mutex_);
    return order_;
  }
  void answer(std::uint64_t number, std::size_t sessions) {
    {
      const std::lock_guard lock(mutex_);
      if (!order_ || order_->number != number) return;  // he who asked is gone
      ++answers_;
      sessions_ += sessions;
    }
    answered_.notify_all();
  }

 private:
  void count_gate(int by) {
    const std::lock_guard lock(mutex_);
    gates_ = static_cast<std::size_t>(static_cast<int>(gates_) + by);
  }

  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::atomic<std::uint64_t> newest_{0};
  std::shared_ptr<const Order> order_;
  std::size_t gates_ = 0, answers_ = 0, sessions_ = 0;
};

}  // namespace sallyport::mosquitto
