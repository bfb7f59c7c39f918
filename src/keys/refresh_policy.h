// RefreshPolicy: when keys are fetched. Pure: state, event and moment in, state and
// action out. Whatever the trigger, one attempt a cool-down; failures obey it too,
// because an attempt is stamped before its fetch. All times are Moment::monotonic_ms.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace sallyport {

struct RefreshBounds {
  std::int64_t period_ms = 300'000;
  std::int64_t cooldown_ms = 10'000;
  std::int64_t max_stale_ms = 86'400'000;
};

enum class RefreshTrigger : std::uint8_t { start, timer, unknown_kid, refresh_now, reload };

struct RefreshAnswer {
  bool good = false;                           // new keys, or 304
  std::optional<std::int64_t> fresh_for_ms;    // max-age, or Expires; not negative
  std::optional<std::int64_t> retry_after_ms;  // of a refusal; not negative
};

struct RefreshState {
  std::optional<std::int64_t> attempted_ms;  // stamped before the fetch
  std::optional<std::int64_t> confirmed_ms;  // the keys that are here were current then; nothing: no keys
  std::int64_t due_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t not_before_ms = std::numeric_limits<std::int64_t>::min();  // Retry-After
  std::uint32_t failures = 0;                                             // in a row
  bool in_flight = false;
  bool answered = false;  // the last attempt told what the keys are
};

struct RefreshStep {
  RefreshState state;
  bool fetch = false;
};

// A trigger within the cool-down is kept: the refresh becomes due at its end.
RefreshStep next(const RefreshState& state, RefreshTrigger trigger, std::int64_t now_ms, const RefreshBounds& bounds);
// `dice`: random, for the jitter of back-off.
RefreshState next(const RefreshState& state, const RefreshAnswer& answer, std::int64_t now_ms,
                  const RefreshBounds& bounds, std::uint32_t dice);

// The first moment at which an attempt may begin.
std::int64_t allowed_from(const RefreshState& state, const RefreshBounds& bounds) noexcept;
// Until then a kid that is not here is known not to exist; from then on a refresh can still bring it.
std::int64_t known_until(const RefreshState& state, const RefreshBounds& bounds) noexcept;
// Keys that nobody has confirmed for max_stale are good for nothing any more.
bool expired(const RefreshState& state, std::int64_t now_ms, const RefreshBounds& bounds) noexcept;
// When something happens by itself: due, or expired. The maximum: never.
std::int64_t wake_at(const RefreshState& state, const RefreshBounds& bounds) noexcept;

}  // namespace sallyport
