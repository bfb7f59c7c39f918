#include "brokers/mosquitto/own_files.h"

#include <linux/close_range.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "base/start_thread.h"

namespace sallyport::mosquitto {
namespace {

// A copy of the table that holds nothing but the three standard streams: a client's socket that stayed open in it would
// keep a connection alive that the broker closed.
void leave_the_table_of_the_broker() noexcept {
#ifndef __SANITIZE_THREAD__  // which knows one table a process
  (void)::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE);
#endif
}

}  // namespace

std::shared_ptr<OwnFiles> OwnFiles::get() {
  static std::mutex mutex;
  static std::weak_ptr<OwnFiles> there;
  const std::lock_guard lock(mutex);
  if (auto one = there.lock()) return one;
  std::shared_ptr<OwnFiles> one(new OwnFiles);
  there = one;
  return one;
}

OwnFiles::OwnFiles() {
  if (Result<std::thread> started = start_thread([this] { serve(); })) thread_ = std::move(*started);
}

OwnFiles::~OwnFiles() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  asked_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void OwnFiles::serve() {
  leave_the_table_of_the_broker();
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_.wait(lock, [this] { return stop_ || work_; });
    if (!work_) return;
    try {
      (*work_)();
    } catch (...) {
      fault_ = std::current_exception();
    }
    work_ = nullptr;
    done_.notify_one();
  }
}

void OwnFiles::run(const std::function<void()>& work) {
  if (!thread_.joinable()) return work();
  std::unique_lock lock(mutex_);
  fault_ = nullptr;
  work_ = &work;
  asked_.notify_one();
  done_.wait(lock, [this] { return !work_; });
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
}

}  // namespace sallyport::mosquitto
