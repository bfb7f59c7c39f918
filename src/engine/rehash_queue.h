// RehashQueue: weak imported hashes that were just proven right wait here for the
// watcher, which hashes the password anew and writes it behind. Bounded; what does
// not fit is done at the user's next connect.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/secret.h"

namespace sallyport {

class RehashQueue {
 public:
  struct Job {
    std::string username;
    std::uint64_t version = 0;
    Secret password;
  };
  // Never waits: a queue that is being emptied, or is full, takes nothing.
  void offer(std::string_view username, std::uint64_t version, std::string_view password) noexcept {
    std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || jobs_.size() >= kMax) return;
    try {
      for (const Job& job : jobs_)
        if (job.username == username) return;
      jobs_.push_back({std::string(username), version, Secret(password)});
    } catch (const std::bad_alloc&) {
    }
  }
  std::vector<Job> take_all() {
    std::lock_guard lock(mutex_);
    return std::exchange(jobs_, {});
  }

 private:
  static constexpr std::size_t kMax = 256;
  std::mutex mutex_;
  std::vector<Job> jobs_;
};

}  // namespace sallyport
