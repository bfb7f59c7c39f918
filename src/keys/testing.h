// For tests of this room: documents of fresh keys, a clock that is set, a fetcher that answers what it is told.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "jose/sign.h"
#include "keys/document_vault.h"
#include "keys/fetcher.h"

namespace sallyport::testing_keys {

class SetClock final : public Clock {
 public:
  UnixSeconds unix_seconds() const override { return 1'800'000'000 + monotonic_ms() / 1000; }
  std::int64_t monotonic_ms() const override { return ms_.load(); }
  void advance(std::int64_t ms) { ms_ += ms; }

 private:
  std::atomic<std::int64_t> ms_{1'000'000};
};

inline std::string jwk(const std::string& kid, KeyKind kind = KeyKind::ed25519, std::string_view alg = {}) {
  return (*generate_signing_key(kind))->jwk(false, alg, kid);
}
inline std::string set_of(const std::vector<std::string>& jwks) {
  std::string out = "{\"keys\":[";
  for (const std::string& one : jwks) out += (out.back() == '[' ? "" : ",") + one;
  return out + "]}";
}

inline FetchResult answer(FetchOutcome outcome, std::string body = {}, FetchHeaders headers = {}) {
  FetchResult r;
  r.outcome = outcome;
  r.status = outcome == FetchOutcome::ok ? 200 : outcome == FetchOutcome::not_modified ? 304 : 0;
  r.body = std::move(body);
  r.headers = std::move(headers);
  return r;
}

class MemoryVault final : public DocumentVault {
 public:
  std::optional<StoredDocument> load(const std::string& address) override {
    std::lock_guard lock(mutex_);
    const auto at = kept_.find(address);
    return at == kept_.end() ? std::nullopt : std::optional(at->second);
  }
  Result<void> save(const StoredDocument& document) override {
    std::lock_guard lock(mutex_);
    kept_[document.address] = document;
    return {};
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return kept_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, StoredDocument> kept_;
};

// Answers by `respond`; a nothing from it hangs until cancelled.
class FakeFetcher final : public Fetcher {
 public:
  using Respond = std::function<std::optional<FetchResult>(const FetchRequest&)>;
  explicit FakeFetcher(Respond respond) : respond_(std::move(respond)) {}

  void start(std::uint64_t id, FetchRequest request) override {
    std::lock_guard lock(mutex_);
    asked_.push_back(request.url);
    if (auto result = respond_(request))
      done_.push_back({id, std::move(*result)});
    else
      hanging_.insert(id);
    changed_.notify_all();
  }
  void cancel(std::uint64_t id) override {
    std::lock_guard lock(mutex_);
    std::erase_if(done_, [id](const Done& d) { return d.id == id; });
    hanging_.erase(id);
  }
  std::vector<Done> wait(std::int64_t timeout_ms) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(std::min<std::int64_t>(timeout_ms, 20)),
                      [&] { return woken_ || !done_.empty(); });
    woken_ = false;
    return std::exchange(done_, {});
  }
  void wake() noexcept override {
    std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  std::size_t count() const {
    std::lock_guard lock(mutex_);
    return asked_.size();
  }
  std::size_t hanging() const {
    std::lock_guard lock(mutex_);
    return hanging_.size();
  }
  std::vector<std::string> asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  void respond_with(Respond respond) {
    std::lock_guard lock(mutex_);
    respond_ = std::move(respond);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Respond respond_;
  std::vector<std::string> asked_;
  std::vector<Done> done_;
  std::set<std::uint64_t> hanging_;
  bool woken_ = false;
};

}  // namespace sallyport::testing_keys
