#include "users/password_memory.h"

#include <array>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/secret.h"
#include "crypto/keyed_hash.h"

namespace sallyport {
namespace {
constexpr std::size_t kWays = 4;
using Digest = SecretDigester::Digest;
struct Set {
  std::array<Digest, kWays> digests{};
  std::array<bool, kWays> used{};
  unsigned next = 0;
};
bool same(const Digest& a, const Digest& b) noexcept {
  return equal_constant_time({reinterpret_cast<const char*>(a.data()), a.size()},
                             {reinterpret_cast<const char*>(b.data()), b.size()});
}
}  // namespace

struct PasswordMemory::State {
  SecretDigester digest;
  mutable std::mutex mutex;
  std::vector<Set> sets;
  Set& set_of(const Digest& d) {
    std::uint64_t n;
    std::memcpy(&n, d.data(), sizeof n);
    return sets[n % sets.size()];
  }
};

PasswordMemory::PasswordMemory(std::size_t entries) : state_(std::make_unique<State>()) {
  state_->sets.resize(entries / kWays + 1);
}
PasswordMemory::~PasswordMemory() { wipe(state_->sets.data(), state_->sets.size() * sizeof(Set)); }

bool PasswordMemory::knows(std::string_view username, std::uint64_t version, std::string_view password) const noexcept {
  const Digest wanted = state_->digest(username, version, password);
  std::unique_lock lock(state_->mutex, std::try_to_lock);
  if (!lock) return false;
  const Set& set = state_->set_of(wanted);
  bool found = false;
  for (std::size_t i = 0; i < kWays; ++i) found |= set.used[i] && same(set.digests[i], wanted);
  return found;
}

void PasswordMemory::remember(std::string_view username, std::uint64_t version, std::string_view password) noexcept {
  const Digest digest = state_->digest(username, version, password);
  std::unique_lock lock(state_->mutex, std::try_to_lock);
  if (!lock) return;
  Set& set = state_->set_of(digest);
  set.digests[set.next % kWays] = digest;
  set.used[set.next % kWays] = true;
  ++set.next;
}

}  // namespace sallyport
