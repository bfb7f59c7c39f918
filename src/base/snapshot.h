// SnapshotBox<T>: an immutable T that is swapped in whole, and read without waiting.
//
// std::atomic<std::shared_ptr> is not lock-free in libstdc++ 12 and trips TSan, so
// this is the one place that knows how to swap. A reader keeps its own shared_ptr
// and asks one atomic number whether there is a newer one; only then it tries the
// mutex, which a writer holds for a pointer swap and never while it builds. If that
// very moment is missed, the reader goes on with the snapshot that it has.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace sallyport {

template <class T>
class SnapshotBox {
 public:
  explicit SnapshotBox(std::shared_ptr<const T> first) : current_(std::move(first)) {}

  // Any thread. The old snapshot lives until its last reader lets go.
  void store(std::shared_ptr<const T> next) {
    {
      std::lock_guard lock(mutex_);
      current_.swap(next);
      generation_.fetch_add(1, std::memory_order_release);
    }  // `next`, the old one, is destroyed outside the lock
  }
  // Any thread; may wait for a pointer swap. For slow paths; decisions use a Reader.
  std::shared_ptr<const T> load() const {
    std::lock_guard lock(mutex_);
    return current_;
  }

  // One a thread. get() never waits and never allocates.
  class Reader {
   public:
    explicit Reader(const SnapshotBox& box)
        : box_(&box), seen_(box.generation_.load(std::memory_order_acquire)), held_(box.load()) {}
    const T& get() {
      const std::uint64_t now = box_->generation_.load(std::memory_order_acquire);
      if (now != seen_ && box_->mutex_.try_lock()) {
        std::shared_ptr<const T> old = std::exchange(held_, box_->current_);
        seen_ = box_->generation_.load(std::memory_order_relaxed);
        box_->mutex_.unlock();
      }
      return *held_;
    }
    const std::shared_ptr<const T>& held() const { return held_; }

   private:
    const SnapshotBox* box_;
    std::uint64_t seen_;
    std::shared_ptr<const T> held_;
  };

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> current_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace sallyport
