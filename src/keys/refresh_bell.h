// RefreshBell: how a decision asks for newer keys. An atomic flag and a wake-up; it
// never waits, and rung ten thousand times before anybody looks it rings once.
#pragma once

#include <atomic>
#include <memory>

#include "keys/fetcher.h"

namespace sallyport {

class RefreshBell {
 public:
  explicit RefreshBell(std::shared_ptr<Waker> waker) : waker_(std::move(waker)) {}
  void ring() noexcept {
    if (rung_.load(std::memory_order_relaxed) || rung_.exchange(true, std::memory_order_acq_rel)) return;
    if (waker_) waker_->wake();
  }
  // The refresher's. A bell stays rung until a fetch answers it: ringing it meanwhile costs a load.
  bool rung() const noexcept { return rung_.load(std::memory_order_acquire); }
  void quiet() noexcept { rung_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> rung_{false};
  std::shared_ptr<Waker> waker_;
};

}  // namespace sallyport
