#include "auth/rate_limiter.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "crypto/keyed_hash.h"

namespace sallyport {
namespace {

struct Bucket {
  std::uint64_t tag = 0;
  double left = 0;
  std::int64_t at_ms = 0;
  bool used = false;
};
struct Set {
  std::mutex mutex;
  std::array<Bucket, 4> buckets{};
};

}  // namespace

struct RateLimiter::State {
  double burst, per_second;
  TableHash hash;
  std::vector<Set> sets;

  State(double b, double p, std::size_t n) : burst(b), per_second(p), sets(std::max<std::size_t>(1, n / 4)) {}

  double left_now(const Bucket& b, std::int64_t now_ms) const noexcept {
    return std::min(burst,
                    b.left + static_cast<double>(std::max<std::int64_t>(0, now_ms - b.at_ms)) / 1000.0 * per_second);
  }
  Bucket& bucket(Set& set, std::uint64_t tag, std::int64_t now_ms) const noexcept {
    Bucket* fullest = nullptr;
    double most = -1;
    for (Bucket& b : set.buckets) {
      if (b.used && b.tag == tag) {
        b.left = left_now(b, now_ms);
        b.at_ms = std::max(b.at_ms, now_ms);
        return b;
      }
      const double left = b.used ? left_now(b, now_ms) : burst + 1;
      if (left > most) most = left, fullest = &b;
    }
    *fullest = {tag, burst, now_ms, true};
    return *fullest;
  }
};

RateLimiter::RateLimiter(double burst, double per_second, std::size_t entries)
    : state_(std::make_unique<State>(burst, per_second, entries)) {}
RateLimiter::~RateLimiter() = default;

bool RateLimiter::take(std::string_view key, std::int64_t now_ms) noexcept {
  const std::uint64_t tag = state_->hash(key);
  Set& set = state_->sets[tag % state_->sets.size()];
  std::lock_guard lock(set.mutex);
  Bucket& b = state_->bucket(set, tag, now_ms);
  if (b.left < 1) return false;
  b.left -= 1;
  return true;
}

void RateLimiter::give_back(std::string_view key, std::int64_t now_ms) noexcept {
  const std::uint64_t tag = state_->hash(key);
  Set& set = state_->sets[tag % state_->sets.size()];
  std::lock_guard lock(set.mutex);
  Bucket& b = state_->bucket(set, tag, now_ms);
  b.left = std::min(state_->burst, b.left + 1);
}

double RateLimiter::left(std::string_view key, std::int64_t now_ms) const noexcept {
  const std::uint64_t tag = state_->hash(key);
  Set& set = state_->sets[tag % state_->sets.size()];
  std::lock_guard lock(set.mutex);
  for (const Bucket& b : set.buckets)
    if (b.used && b.tag == tag) return state_->left_now(b, now_ms);
  return state_->burst;
}

void RateLimiter::forget(std::string_view key) noexcept {
  const std::uint64_t tag = state_->hash(key);
  Set& set = state_->sets[tag % state_->sets.size()];
  std::lock_guard lock(set.mutex);
  for (Bucket& b : set.buckets)
    if (b.used && b.tag == tag) b = Bucket{};
}

}  // namespace sallyport
