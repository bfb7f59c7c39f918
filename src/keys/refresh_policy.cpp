#include "keys/refresh_policy.h"

#include <algorithm>

namespace sallyport {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Doubles from the cool-down to the period, a quarter more or less, so that a thousand brokers that lost one server
// do not come back to it in one moment.
std::int64_t backoff(std::uint32_t failures, const RefreshBounds& b, std::uint32_t dice) {
  std::int64_t delay = b.cooldown_ms;
  for (std::uint32_t i = 1; i < failures && delay < b.period_ms; ++i) delay *= 2;
  delay = std::min(delay, b.period_ms);
  const std::int64_t spread = delay / 2;
  delay += spread * static_cast<std::int64_t>(dice >> 16) / 65'536 - spread / 2;
  return std::clamp(delay, b.cooldown_ms, std::max(b.cooldown_ms, b.period_ms));
}

}  // namespace

std::int64_t allowed_from(const RefreshState& s, const RefreshBounds& b) noexcept {
  const std::int64_t after_last =
      s.attempted_ms ? *s.attempted_ms + b.cooldown_ms : std::numeric_limits<std::int64_t>::min();
  return std::max(after_last, s.not_before_ms);
}

std::int64_t known_until(const RefreshState& s, const RefreshBounds& b) noexcept {
  return s.answered && !s.in_flight ? allowed_from(s, b) : std::numeric_limits<std::int64_t>::min();
}

bool expired(const RefreshState& s, std::int64_t now_ms, const RefreshBounds& b) noexcept {
  return s.confirmed_ms && now_ms - *s.confirmed_ms >= b.max_stale_ms;
}

std::int64_t wake_at(const RefreshState& s, const RefreshBounds& b) noexcept {
  return std::min(s.in_flight ? kNever : s.due_ms, s.confirmed_ms ? *s.confirmed_ms + b.max_stale_ms : kNever);
}

RefreshStep next(const RefreshState& state, RefreshTrigger trigger, std::int64_t now_ms, const RefreshBounds& bounds) {
  RefreshStep step{state, false};
  // What is under way is the answer to whoever asks now; if it is not, they ask again.
  if (state.in_flight) return step;
  if (trigger == RefreshTrigger::timer && now_ms < state.due_ms) return step;
  const std::int64_t from = allowed_from(state, bounds);
  if (now_ms < from) {
    step.state.due_ms = std::min(state.due_ms, from);
    return step;
  }
  step.state.attempted_ms = now_ms;
  step.state.in_flight = true;
  step.fetch = true;
  return step;
}

RefreshState next(const RefreshState& state, const RefreshAnswer& answer, std::int64_t now_ms,
                  const RefreshBounds& bounds, std::uint32_t dice) {
  RefreshState out = state;
  out.in_flight = false;
  out.answered = answer.good;
  out.not_before_ms = std::numeric_limits<std::int64_t>::min();
  if (answer.good) {
    out.failures = 0;
    out.confirmed_ms = now_ms;
    const std::int64_t fresh = std::min(answer.fresh_for_ms.value_or(bounds.period_ms), bounds.period_ms);
    out.due_ms = now_ms + std::max(fresh, bounds.cooldown_ms);
    return out;
  }
  if (out.failures < std::numeric_limits<std::uint32_t>::max()) ++out.failures;
  out.due_ms = now_ms + backoff(out.failures, bounds, dice);
  if (answer.retry_after_ms) {
    // RFC 9110 10.2.3. No server can put us off for longer than a period: it may have meant somebody else.
    out.not_before_ms = now_ms + std::min(*answer.retry_after_ms, bounds.period_ms);
    out.due_ms = std::max(out.due_ms, out.not_before_ms);
  }
  return out;
}

}  // namespace sallyport
