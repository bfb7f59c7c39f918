#include "auth/rate_limiter.h"

#include <gtest/gtest.h>

#include "auth/guess_brake.h"

namespace sallyport {
namespace {

TEST(RateLimiterTest, GivesTheBurstThenThePace) {
  RateLimiter limiter(3, 2, 64);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.take("a", 1000));
  EXPECT_FALSE(limiter.take("a", 1000));
  EXPECT_FALSE(limiter.take("a", 1400));
  EXPECT_TRUE(limiter.take("a", 1500));
  EXPECT_FALSE(limiter.take("a", 1500));
  EXPECT_TRUE(limiter.take("b", 1500));
}

TEST(RateLimiterTest, AClockThatGoesBackGivesNothing) {
  RateLimiter limiter(1, 1000, 64);
  EXPECT_TRUE(limiter.take("a", 5000));
  EXPECT_FALSE(limiter.take("a", 1000));
}

TEST(RateLimiterTest, AFloodOfOtherKeysDoesNotMakeTheBusiestForgotten) {
  RateLimiter limiter(10, 0.001, 4);  // one set
  while (limiter.take("guesser", 0)) {
  }
  for (int i = 0; i < 1000; ++i) limiter.take("other" + std::to_string(i), 1);
  EXPECT_FALSE(limiter.take("guesser", 2));
}

TEST(GuessBrakeTest, SlowsOneNameFromManyAddresses) {
  GuessBrake brake;
  int permitted = 0;
  for (int i = 0; i < 100; ++i) permitted += brake.permit("ann", "192.0.2." + std::to_string(i), 0);
  EXPECT_EQ(permitted, 10);
  EXPECT_TRUE(brake.permit("bob", "192.0.2.200", 0));
}

TEST(GuessBrakeTest, SlowsOneAddressOverManyNames) {
  GuessBrake brake;
  int permitted = 0;
  for (int i = 0; i < 100; ++i) permitted += brake.permit("user" + std::to_string(i), "192.0.2.1", 0);
  EXPECT_EQ(permitted, 20);
}

TEST(GuessBrakeTest, RightPasswordsAreNeverSlowed) {
  GuessBrake brake;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(brake.permit("ann", "192.0.2.1", 0));
    brake.refund("ann", "192.0.2.1", 0);
  }
}

}  // namespace
}  // namespace sallyport
