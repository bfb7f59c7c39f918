#include "keys/refresh_policy.h"

#include <optional>
#include <vector>

namespace sallyport {
namespace {

constexpr RefreshBounds kBounds{300'000, 10'000, 86'400'000};
constexpr std::uint32_t kMiddle = 0x8000'0000u;  // no jitter

RefreshState after(std::initializer_list<std::pair<std::int64_t, RefreshAnswer>> answers, std::int64_t took = 100,
                   std::uint32_t dice = kMiddle) {
  RefreshState s;
  for (const auto& [at, answer] : answers) {
    const RefreshStep step = next(s, s.attempted_ms ? RefreshTrigger::refresh_now : RefreshTrigger::start, at, kBounds);
    EXPECT_TRUE(step.fetch) << "at " << at;
    s = next(step.state, answer, at + took, kBounds, dice);
  }
  return s;
}

constexpr RefreshAnswer kGood{true, {}, {}};
constexpr RefreshAnswer kBad{false, {}, {}};

struct TriggerRow {
  const char* what;
  RefreshTrigger trigger;
  std::int64_t at;
  bool fetch;
};
class TriggerTest : public ::testing::TestWithParam<TriggerRow> {};

// One good attempt at 0, which took 100 ms; the next is due at 300,100.
TEST_P(TriggerTest, FetchesOrWaits) {
  const RefreshState s = after({{0, kGood}});
  const RefreshStep step = next(s, GetParam().trigger, GetParam().at, kBounds);
  EXPECT_EQ(step.fetch, GetParam().fetch) << GetParam().what;
  EXPECT_EQ(step.state.in_flight, GetParam().fetch);
  if (step.fetch)
    EXPECT_EQ(step.state.attempted_ms, GetParam().at) << "stamped before the fetch";
  else
    EXPECT_EQ(step.state.attempted_ms, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TriggerTest,
    ::testing::Values(TriggerRow{"the timer before its time", RefreshTrigger::timer, 300'099, false},
                      TriggerRow{"the timer at its time", RefreshTrigger::timer, 300'100, true},
                      TriggerRow{"an unknown kid in the cool-down", RefreshTrigger::unknown_kid, 9'999, false},
                      TriggerRow{"an unknown kid after it", RefreshTrigger::unknown_kid, 10'000, true},
                      TriggerRow{"refresh now in the cool-down", RefreshTrigger::refresh_now, 9'999, false},
                      TriggerRow{"refresh now after it", RefreshTrigger::refresh_now, 10'000, true},
                      TriggerRow{"a reload in the cool-down", RefreshTrigger::reload, 9'999, false},
                      TriggerRow{"a reload after it", RefreshTrigger::reload, 10'000, true},
                      TriggerRow{"start again in the cool-down", RefreshTrigger::start, 9'999, false}));

TEST(RefreshPolicyTest, TheFirstStartFetchesAtOnceAndTheTimerAloneNever) {
  EXPECT_TRUE(next(RefreshState{}, RefreshTrigger::start, -5, kBounds).fetch);
  EXPECT_FALSE(next(RefreshState{}, RefreshTrigger::timer, 1'000'000, kBounds).fetch);
}

TEST(RefreshPolicyTest, WhatIsAskedWithinTheCoolDownIsDoneAtItsEnd) {
  for (const RefreshTrigger t : {RefreshTrigger::unknown_kid, RefreshTrigger::refresh_now, RefreshTrigger::reload}) {
    RefreshStep step = next(after({{0, kGood}}), t, 3'000, kBounds);
    EXPECT_FALSE(step.fetch);
    EXPECT_EQ(step.state.due_ms, 10'000);
    EXPECT_FALSE(next(step.state, RefreshTrigger::timer, 9'999, kBounds).fetch);
    EXPECT_TRUE(next(step.state, RefreshTrigger::timer, 10'000, kBounds).fetch);
  }
}

TEST(RefreshPolicyTest, WhatIsUnderWayIsNotDoubled) {
  RefreshState s = next(RefreshState{}, RefreshTrigger::start, 0, kBounds).state;
  for (const RefreshTrigger t : {RefreshTrigger::start, RefreshTrigger::timer, RefreshTrigger::unknown_kid,
                                 RefreshTrigger::refresh_now, RefreshTrigger::reload}) {
    const RefreshStep step = next(s, t, 60'000, kBounds);
    EXPECT_FALSE(step.fetch);
    EXPECT_TRUE(step.state.in_flight);
  }
}

TEST(RefreshPolicyTest, TenThousandMadeUpKidsCauseOneFetchACoolDown) {
  RefreshState s = after({{0, kGood}});
  int fetches = 0;
  for (std::int64_t now = 100; now < 100'000; now += 10) {
    RefreshStep step = next(s, RefreshTrigger::unknown_kid, now, kBounds);
    if (!step.fetch) step = next(step.state, RefreshTrigger::timer, now, kBounds);
    s = step.state;
    if (!step.fetch) continue;
    ++fetches;
    s = next(s, kGood, now + 5, kBounds, kMiddle);
  }
  EXPECT_EQ(fetches, 9);
}

TEST(RefreshPolicyTest, FailuresObeyTheCoolDownToo) {
  const RefreshState s = after({{0, kBad}});
  EXPECT_FALSE(next(s, RefreshTrigger::unknown_kid, 9'999, kBounds).fetch);
  EXPECT_TRUE(next(s, RefreshTrigger::unknown_kid, 10'000, kBounds).fetch);
}

TEST(RefreshPolicyTest, BackOffDoublesFromTheCoolDownToThePeriodAndAGoodAnswerEndsIt) {
  const std::int64_t expected[] = {10'000, 20'000, 40'000, 80'000, 160'000, 300'000, 300'000, 300'000};
  RefreshState s;
  std::int64_t now = 0;
  for (const std::int64_t delay : expected) {
    s = next(next(s, RefreshTrigger::reload, now, kBounds).state, kBad, now + 100, kBounds, kMiddle);
    EXPECT_EQ(s.due_ms - (now + 100), delay);
    now = s.due_ms;
  }
  s = next(next(s, RefreshTrigger::timer, now, kBounds).state, kGood, now + 100, kBounds, kMiddle);
  EXPECT_EQ(s.failures, 0u);
  EXPECT_EQ(s.due_ms, now + 100 + 300'000);
}

TEST(RefreshPolicyTest, JitterSpreadsTriesAndLeavesTheBounds) {
  for (const std::uint32_t dice : {0u, 1u, 0x7fff'ffffu, 0xffff'ffffu}) {
    RefreshState s;
    std::int64_t now = 0;
    for (int i = 0; i < 12; ++i) {
      s = next(next(s, RefreshTrigger::reload, now, kBounds).state, kBad, now, kBounds, dice);
      EXPECT_GE(s.due_ms - now, kBounds.cooldown_ms);
      EXPECT_LE(s.due_ms - now, kBounds.period_ms);
      now = s.due_ms;
    }
  }
  const auto third = [](std::uint32_t dice) {
    return after({{0, kBad}, {20'000, kBad}, {60'000, kBad}}, 0, dice).due_ms - 60'000;
  };
  EXPECT_EQ(third(0), 30'000);
  EXPECT_EQ(third(kMiddle), 40'000);
  EXPECT_NEAR(static_cast<double>(third(0xffff'ffffu)), 50'000, 1);
}

TEST(RefreshPolicyTest, TheServersFreshnessIsHonouredBetweenTheBounds) {
  const auto due = [](std::optional<std::int64_t> fresh_ms) { return after({{0, {true, fresh_ms, {}}}}, 0).due_ms; };
  EXPECT_EQ(due(std::nullopt), 300'000);
  EXPECT_EQ(due(60'000), 60'000);
  EXPECT_EQ(due(3'600'000), 300'000) << "the smaller of max-age and the period";
  EXPECT_EQ(due(0), 10'000) << "never sooner than the cool-down";
  EXPECT_EQ(due(9'999), 10'000);
}

TEST(RefreshPolicyTest, RetryAfterPutsOffEveryTriggerAndForNoLongerThanAPeriod) {
  RefreshState s = after({{0, {false, {}, 60'000}}}, 0);
  EXPECT_EQ(s.due_ms, 60'000);
  EXPECT_FALSE(next(s, RefreshTrigger::unknown_kid, 59'999, kBounds).fetch);
  EXPECT_TRUE(next(s, RefreshTrigger::unknown_kid, 60'000, kBounds).fetch);
  s = after({{0, {false, {}, 86'400'000}}}, 0);
  EXPECT_EQ(s.due_ms, 300'000);
  EXPECT_TRUE(next(s, RefreshTrigger::refresh_now, 300'000, kBounds).fetch);
  s = after({{0, {false, {}, 0}}}, 0);
  EXPECT_EQ(allowed_from(s, kBounds), 10'000) << "shorter than the cool-down changes nothing";
}

TEST(RefreshPolicyTest, AKidIsKnownNotToExistOnlyAfterAGoodAnswerAndUntilTheCoolDownEnds) {
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(known_until(RefreshState{}, kBounds), never);
  EXPECT_EQ(known_until(after({{0, kGood}}), kBounds), 10'000);
  EXPECT_EQ(known_until(after({{0, kBad}}), kBounds), never);
  EXPECT_EQ(known_until(after({{0, kGood}, {20'000, kBad}}), kBounds), never);
  RefreshState s = next(after({{0, kGood}}), RefreshTrigger::unknown_kid, 10'000, kBounds).state;
  EXPECT_EQ(known_until(s, kBounds), never) << "under way";
}

TEST(RefreshPolicyTest, KeysExpireAfterMaxStaleCountedFromTheirLastConfirmation) {
  EXPECT_FALSE(expired(RefreshState{}, 1'000'000'000'000, kBounds)) << "no keys";
  RefreshState s = after({{0, kGood}, {20'000, kBad}}, 0);
  EXPECT_FALSE(expired(s, 86'399'999, kBounds));
  EXPECT_TRUE(expired(s, 86'400'000, kBounds));
  s = after({{0, kGood}, {20'000, kGood}}, 0);
  EXPECT_FALSE(expired(s, 86'400'000, kBounds));
}

TEST(RefreshPolicyTest, WakesForWhatComesFirst) {
  EXPECT_EQ(wake_at(RefreshState{}, kBounds), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(wake_at(after({{0, kGood}}, 0), kBounds), 300'000);
  RefreshBounds short_life = kBounds;
  short_life.max_stale_ms = 50'000;
  RefreshState s = after({{0, kGood}}, 0);
  EXPECT_EQ(wake_at(s, short_life), 50'000);
  s = next(s, RefreshTrigger::refresh_now, 20'000, kBounds).state;
  EXPECT_EQ(wake_at(s, kBounds), 86'400'000) << "under way: only expiry";
}

}  // namespace
}  // namespace sallyport
