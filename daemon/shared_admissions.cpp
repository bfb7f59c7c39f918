#include "daemon/shared_admissions.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "base/clock.h"
#include "base/start_thread.h"
#include "daemon/admission_record.h"

namespace sallyport::daemon {
namespace {

constexpr std::size_t kMostWaiting = 200'000;  // admissions that the store could not be told of yet
constexpr std::size_t kBatch = 500;
constexpr std::size_t kMostAsked = 20'000;  // lookups under way
constexpr std::size_t kMostCaughtUp = 100'000;
constexpr auto kRetry = std::chrono::milliseconds(200);
constexpr auto kCatchUpEvery = std::chrono::seconds(2);
constexpr auto kSweepEvery = std::chrono::seconds(30);
// Transactions that began before a catch-up may be committed after it.
constexpr std::int64_t kOverlapMs = 10'000;

}  // namespace

SharedAdmissions::SharedAdmissions(Admissions& local, Stores stores, std::size_t most_stored)
    : local_(local), stores_(std::move(stores)), most_stored_(most_stored) {}

Result<void> SharedAdmissions::start(std::function<void()> progress) {
  progress_ = std::move(progress);
  Result<std::thread> writer = start_thread([this] { write_on(); });
  if (!writer) return unexpected(writer.error());
  writer_ = std::move(*writer);
  Result<std::thread> reader = start_thread([this] { read_on(); });
  if (!reader) return unexpected(reader.error());
  reader_ = std::move(*reader);
  return {};
}

SharedAdmissions::~SharedAdmissions() {
  {
    const std::lock_guard write(write_mutex_);
    const std::lock_guard read(read_mutex_);
    stop_ = true;
  }
  write_wake_.notify_all();
  read_wake_.notify_all();
  if (writer_.joinable()) writer_.join();
  if (reader_.joinable()) reader_.join();
}

namespace {
std::int64_t own_clock_ms() noexcept {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}
}  // namespace

std::int64_t SharedAdmissions::now_ms() noexcept {
  const std::int64_t now = own_clock_ms() + ahead_ms_.load(std::memory_order_relaxed);
  std::int64_t latest = latest_ms_.load(std::memory_order_relaxed);
  while (latest < now && !latest_ms_.compare_exchange_weak(latest, now, std::memory_order_relaxed)) {
  }
  return std::max(latest, now);
}

SharedAdmissions::Ticket SharedAdmissions::offer(std::string key, const Admission& admission) {
  StoredAdmission record = to_record(std::move(key), admission);
  Ticket ticket = 0;
  {
    const std::lock_guard lock(write_mutex_);
    // The oldest are the ones whose clients asked their next questions long ago.
    if (queue_.size() >= kMostWaiting) {
      queue_.pop_front();
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    queue_.push_back(std::move(record));
    ticket = ++offered_;
  }
  write_wake_.notify_one();
  return ticket;
}

std::size_t SharedAdmissions::waiting() const {
  const std::lock_guard lock(write_mutex_);
  return queue_.size();
}

bool SharedAdmissions::write_batch(std::vector<StoredAdmission> batch, Ticket last) {
  // In the order of their keys, so that two nodes never wait for each other; the later one of two stays.
  std::map<std::string_view, StoredAdmission*> by_key;
  for (StoredAdmission& one : batch) {
    StoredAdmission*& place = by_key[one.key];
    if (!place || place->at_ms <= one.at_ms) place = &one;
  }
  std::vector<StoredAdmission> sorted;
  sorted.reserve(by_key.size());
  for (const auto& [key, one] : by_key) sorted.push_back(*one);
  const bool written = stores_.writing->put(sorted).has_value();
  if (written) {
    stored_.store(last, std::memory_order_release);
    writes_.store(true, std::memory_order_release);
  } else {
    writes_.store(false, std::memory_order_release);
    const std::lock_guard lock(write_mutex_);
    for (auto it = batch.rbegin(); it != batch.rend(); ++it) queue_.push_front(std::move(*it));
    while (queue_.size() > kMostWaiting) {
      queue_.pop_front();
      dropped_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  progress_();
  return written;
}

void SharedAdmissions::write_on() {
  auto swept = std::chrono::steady_clock::now();
  std::unique_lock lock(write_mutex_);
  for (;;) {
    // With the store away, a look at it now and then, whether somebody waits or not.
    write_wake_.wait_for(lock, writes_ ? std::chrono::milliseconds(1000) : kRetry,
                         [&] { return stop_ || (writes_ && !queue_.empty()); });
    if (stop_ && (queue_.empty() || !writes_)) return;
    std::vector<StoredAdmission> batch;
    while (!queue_.empty() && batch.size() < kBatch) {
      batch.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    const Ticket last = offered_ - queue_.size();
    lock.unlock();
    if (!batch.empty()) {
      write_batch(std::move(batch), last);
    } else {
      writes_.store(stores_.writing->find({}).has_value(), std::memory_order_release);
    }
    const auto now = std::chrono::steady_clock::now();
    if (writes_ && now - swept > kSweepEvery) {
      swept = now;
      (void)stores_.writing->sweep(SystemClock().unix_seconds(), most_stored_).has_value();
    }
    lock.lock();
  }
}

void SharedAdmissions::await_first_look(std::chrono::milliseconds most) {
  std::unique_lock lock(read_mutex_);
  looked_at_.wait_for(lock, most, [&] { return looked_ || stop_; });
}

std::shared_ptr<SharedAdmissions::Lookup> SharedAdmissions::ask(std::string key) {
  if (!reads_.load(std::memory_order_acquire)) return nullptr;
  lookups_.fetch_add(1, std::memory_order_relaxed);
  std::shared_ptr<Lookup> lookup;
  {
    const std::lock_guard lock(read_mutex_);
    std::shared_ptr<Lookup>& place = asked_by_key_[key];
    if (place) return place;
    if (asked_.size() >= kMostAsked) {
      asked_by_key_.erase(key);
      return nullptr;
    }
    lookup = place = std::make_shared<Lookup>(std::move(key));
    asked_.push_back(lookup);
  }
  read_wake_.notify_one();
  return lookup;
}

void SharedAdmissions::heard(const std::vector<AdmissionNotice>& notices) {
  for (const AdmissionNotice& one : notices) local_.forget_older(one.key, one.at_ms);
}

void SharedAdmissions::catch_up() {
  const Result<AdmissionStore::Stored> stored =
      stores_.reading->stored_since(seen_until_ ? seen_until_ - kOverlapMs : INT64_MAX, kMostCaughtUp);
  if (!stored) {
    reads_.store(false, std::memory_order_release);
    missed_some();
    return;
  }
  ahead_ms_.store(stored->now - own_clock_ms(), std::memory_order_relaxed);
  reads_.store(true, std::memory_order_release);
  heard(stored->admissions);
  // More than can be told one by one: what is not known here is asked for.
  if (stored->admissions.size() == kMostCaughtUp) local_.forget_all_older(stored->admissions.back().at_ms);
  seen_until_ = stored->now;
}

void SharedAdmissions::read_on() {
  auto caught_up = std::chrono::steady_clock::now();
  std::unique_lock lock(read_mutex_);
  for (;;) {
    read_wake_.wait_for(lock, looked_ ? kRetry : std::chrono::milliseconds(0),
                        [&] { return stop_ || !asked_.empty(); });
    if (stop_) return;
    std::vector<std::shared_ptr<Lookup>> batch;
    if (asked_.size() <= kBatch) {
      batch.swap(asked_);
    } else {
      batch.assign(asked_.begin(), asked_.begin() + kBatch);
      asked_.erase(asked_.begin(), asked_.begin() + kBatch);
    }
    for (const auto& one : batch) asked_by_key_.erase(one->key);
    lock.unlock();
    const auto now = std::chrono::steady_clock::now();
    if (!batch.empty()) {
      std::vector<std::string> keys;
      keys.reserve(batch.size());
      for (const auto& one : batch) keys.push_back(one->key);
      const Result<std::vector<StoredAdmission>> found = stores_.reading->find(keys);
      reads_.store(found.has_value(), std::memory_order_release);
      if (found)
        for (const StoredAdmission& one : *found)
          if (std::optional<Admission> admission = from_record(one)) local_.admit(one.key, std::move(*admission));
      for (const auto& one : batch) one->done.store(true, std::memory_order_release);
      progress_();
    } else if (!reads_ || catch_up_.exchange(false) || now - caught_up > kCatchUpEvery) {
      caught_up = now;
      catch_up();
    }
    lock.lock();
    if (!std::exchange(looked_, true)) looked_at_.notify_all();
  }
}

}  // namespace sallyport::daemon
