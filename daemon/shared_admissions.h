// SharedAdmissions: between the table of this node and the store of all of them. What
// is admitted here is written by one thread, many in a transaction; what is not known
// here is looked up by another. No worker waits for either: a request is held, within a
// bound, and woken.
//
// With the store away nothing is held: the node serves what it admitted itself, keeps
// what it could not write, within a bound, and writes it when the store is back.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "daemon/admissions.h"
#include "store/admission_store.h"

namespace sallyport::daemon {

class SharedAdmissions {
 public:
  // A question to the store. Several requests may wait for one.
  struct Lookup {
    explicit Lookup(std::string k) : key(std::move(k)) {}
    const std::string key;
    std::atomic<bool> done{false};  // what was found is in the table of this node
  };
  // Counts what was offered; 0: nothing to wait for.
  using Ticket = std::uint64_t;

  struct Stores {
    std::unique_ptr<AdmissionStore> writing, reading;
  };
  SharedAdmissions(Admissions& local, Stores stores, std::size_t most_stored);
  ~SharedAdmissions();  // writes what waits, within a second, and joins

  // `progress`: something that may be waited for has come; called on the threads of this.
  Result<void> start(std::function<void()> progress);  // fails where the machine gives no thread

  // Until the store has answered once, or is known to be away: whoever asks a node that has just started is not to pay
  // for its first connection with a denial.
  void await_first_look(std::chrono::milliseconds most);

  // The store's clock, as well as it is known here, and never backwards: nodes whose own clocks differ must not take an
  // earlier decision for a later one.
  std::int64_t now_ms() noexcept;
  Ticket offer(std::string key, const Admission& admission);
  bool settled(Ticket ticket) const noexcept {
    return stored_.load(std::memory_order_acquire) >= ticket || !writes_.load(std::memory_order_acquire);
  }
  // Nothing: the store is away, or too many ask.
  std::shared_ptr<Lookup> ask(std::string key);
  // Somebody waited as long as he may: until the store answers again nobody waits.
  void gave_up_writing() noexcept { writes_.store(false, std::memory_order_release); }
  void gave_up_reading() noexcept { reads_.store(false, std::memory_order_release); }

  // From the listener: another node admitted these; something may have been missed.
  void heard(const std::vector<AdmissionNotice>& notices);
  void missed_some() noexcept { catch_up_.store(true, std::memory_order_release); }

  bool away() const noexcept {
    return !writes_.load(std::memory_order_acquire) || !reads_.load(std::memory_order_acquire);
  }
  std::size_t waiting() const;  // to be written
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  std::uint64_t lookups() const noexcept { return lookups_.load(std::memory_order_relaxed); }

 private:
  void write_on();
  void read_on();
  bool write_batch(std::vector<StoredAdmission> batch, Ticket last);
  void catch_up();

  Admissions& local_;
  Stores stores_;
  const std::size_t most_stored_;
  std::function<void()> progress_;

  mutable std::mutex write_mutex_;
  std::condition_variable write_wake_;
  std::deque<StoredAdmission> queue_;
  Ticket offered_ = 0;
  std::atomic<Ticket> stored_{0};

  std::mutex read_mutex_;
  std::condition_variable read_wake_, looked_at_;
  bool looked_ = false;
  std::vector<std::shared_ptr<Lookup>> asked_;
  std::unordered_map<std::string, std::shared_ptr<Lookup>> asked_by_key_;

  std::atomic<bool> writes_{true}, reads_{true}, catch_up_{true}, stop_{false};
  std::atomic<std::uint64_t> dropped_{0}, lookups_{0};
  std::atomic<std::int64_t> ahead_ms_{0};  // the store's clock before this machine's
  std::atomic<std::int64_t> latest_ms_{0};
  std::int64_t seen_until_ = 0;  // the reader's: the store's clock at the last catch-up
  std::thread writer_, reader_;
};

}  // namespace sallyport::daemon
