// Alarm: wakes a thread that waits at descriptors, from threads that must not touch them: in a broker the engine's
// descriptors are not in the table of the broker's thread, and a byte that it sent there would go to a client.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/start_thread.h"

namespace sallyport {

class Alarm {
 public:
  // `ring` is called on a thread of the maker's, once or more often after each set().
  explicit Alarm(std::function<void()> ring) : ring_(std::move(ring)) {
    if (Result<std::thread> started = start_thread([this] { run(); })) thread_ = std::move(*started);
  }
  ~Alarm() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // False: the machine gave no thread, and nobody is woken; who waits must look for himself.
  bool works() const noexcept { return thread_.joinable(); }
  // Any thread; no descriptor, and a lock that nobody holds for longer than this.
  void set() noexcept {
    {
      const std::lock_guard lock(mutex_);
      set_ = true;
    }
    wake_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stop_ || set_; });
      if (stop_) return;
      set_ = false;
      lock.unlock();
      ring_();
      lock.lock();
    }
  }

  std::function<void()> ring_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool set_ = false, stop_ = false;  // under mutex_
  std::thread thread_;               // the last member: it uses all others
};

}  // namespace sallyport
