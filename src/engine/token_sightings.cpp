#include "engine/token_sightings.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>

#include "rules/ip_range.h"

namespace sallyport {
namespace {

constexpr std::size_t kShown = 48;
constexpr std::size_t kWays = 4;
constexpr std::int64_t kTellAgainMs = 60'000;

struct Name {
  std::array<char, kShown> text{};
  std::uint8_t size = 0;
  void set(std::string_view from) noexcept {
    size = static_cast<std::uint8_t>(std::min(from.size(), kShown));
    std::copy_n(from.data(), size, text.data());
  }
  std::string_view view() const noexcept { return {text.data(), size}; }
};

struct Entry {
  Mark token;   // nothing: free
  Mark client;  // of the whole id
  Name client_id, address;
  std::int64_t seen_ms = 0, told_ms = 0;
  bool in_use = false, told = false;
};
struct Set {
  std::mutex mutex;
  std::array<Entry, kWays> entries{};
};

constexpr std::uint8_t kClientDomain = 28;

// ::ffff:192.0.2.7 is 192.0.2.7.
bool same_address(std::string_view a, std::string_view b) noexcept {
  if (a == b || a.empty() || b.empty()) return true;
  const auto one = parse_ip_address(a), other = parse_ip_address(b);
  return one && other && *one == *other;
}

}  // namespace

struct TokenSightings::State {
  std::vector<Set> sets{kEntries / kWays};
  std::atomic<std::uint64_t> suspected{0};
  std::mutex last_mutex;
  std::deque<TokenSuspicion> last;

  Set& set_of(const Mark& token) noexcept { return sets[token.low % sets.size()]; }
};

TokenSightings::TokenSightings() = default;
TokenSightings::~TokenSightings() = default;

// Some megabytes, made with the first token.
TokenSightings::State* TokenSightings::state() noexcept {
  const std::lock_guard lock(made_);
  try {
    if (!state_) state_ = std::make_unique<State>();
  } catch (const std::bad_alloc&) {
    // Nobody is watched for theft until there is memory.
  }
  return state_.get();
}

std::optional<TokenSuspicion> TokenSightings::seen(const Mark& token, std::string_view client_id,
                                                   std::string_view address, const Moment& now,
                                                   bool hears_of_ends) noexcept {
  State* const made = token ? state() : nullptr;
  if (!made) return std::nullopt;
  State& all = *made;
  Set& set = all.set_of(token);
  std::unique_lock lock(set.mutex, std::try_to_lock);
  if (!lock) return std::nullopt;
  Entry* entry = nullptr;
  Entry* oldest = &set.entries[0];
  for (Entry& e : set.entries) {
    if (e.token == token) entry = &e;
    if (!e.token || (oldest->token && e.seen_ms < oldest->seen_ms)) oldest = &e;
  }
  const Mark client = client_id.empty() ? Mark{} : mark_of(kClientDomain, client_id);
  std::optional<TokenSuspicion> suspicion;
  if (entry) {
    const bool in_use = entry->in_use && (hears_of_ends || now.monotonic_ms - entry->seen_ms < kInUseMs);
    const bool another = client && entry->client && client != entry->client;
    const bool elsewhere = !same_address(address, entry->address.view());
    if (in_use && (another || elsewhere)) {
      all.suspected.fetch_add(1, std::memory_order_relaxed);
      if (!entry->told || now.monotonic_ms - entry->told_ms >= kTellAgainMs) {
        entry->told = true;
        entry->told_ms = now.monotonic_ms;
        try {
          suspicion = {now.unix_seconds, std::string(client_id.substr(0, kShown)), std::string(entry->client_id.view()),
                       std::string(address), std::string(entry->address.view())};
          const std::lock_guard guard(all.last_mutex);
          all.last.push_front(*suspicion);
          if (all.last.size() > kKept) all.last.pop_back();
        } catch (const std::bad_alloc&) {
          suspicion.reset();
        }
      }
    }
  } else {
    entry = oldest;
    *entry = Entry{};
    entry->token = token;
  }
  entry->client = client;
  entry->client_id.set(client_id);
  entry->address.set(address);
  entry->seen_ms = now.monotonic_ms;
  entry->in_use = true;
  return suspicion;
}

void TokenSightings::gone(const Mark& token, std::string_view client_id) noexcept {
  State* const made = token ? state() : nullptr;
  if (!made) return;
  Set& set = made->set_of(token);
  const std::lock_guard lock(set.mutex);
  const Mark client = client_id.empty() ? Mark{} : mark_of(kClientDomain, client_id);
  for (Entry& e : set.entries)
    if (e.token == token && e.client == client) e.in_use = false;
}

std::uint64_t TokenSightings::suspected() const noexcept {
  const std::lock_guard lock(made_);
  return state_ ? state_->suspected.load(std::memory_order_relaxed) : 0;
}

std::vector<TokenSuspicion> TokenSightings::last() const {
  const std::lock_guard lock(made_);
  if (!state_) return {};
  const std::lock_guard guard(state_->last_mutex);
  return {state_->last.begin(), state_->last.end()};
}

}  // namespace sallyport
