// RowPipe: from a store that pushes its rows to one that pulls them, with a bounded
// number between.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "store/tables.h"

namespace sallyport::cli {

class RowPipe {
 public:
  // `dump` runs on a thread of the pipe's own.
  explicit RowPipe(std::function<Result<void>(const RowSink&)> dump)
      : thread_([this, dump = std::move(dump)] {
          Result<void> done = dump([this](const Table& table, Row row) { return push({&table, std::move(row)}); });
          const std::lock_guard lock(mutex_);
          outcome_ = std::move(done);
          ended_ = true;
          changed_.notify_all();
        }) {}
  ~RowPipe() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  RowPipe(const RowPipe&) = delete;
  RowPipe& operator=(const RowPipe&) = delete;

  Result<NextRow> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !rows_.empty() || ended_; });
    if (rows_.empty()) {
      if (!outcome_) return unexpected(outcome_.error());
      return NextRow{};
    }
    NextRow row = std::move(rows_.front());
    rows_.pop_front();
    changed_.notify_all();
    return row;
  }

 private:
  Result<void> push(NextRow row) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return rows_.size() < kRoom || closed_; });
    if (closed_) return unexpected(Error{ErrorKind::kUnavailable, "the other store takes no more", "", ""});
    rows_.push_back(std::move(row));
    changed_.notify_all();
    return {};
  }

  static constexpr std::size_t kRoom = 4096;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<NextRow> rows_;
  Result<void> outcome_;
  bool ended_ = false, closed_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace sallyport::cli
