#include "admin/guess_delay.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(GuessDelayTest, TheFirstWrongOnesCostNothingAndThenEachCostsTwiceTheOneBefore) {
  GuessDelay delay;
  for (int i = 0; i < 2; ++i) delay.failed("ada", "192.0.2.1", 0);
  EXPECT_EQ(delay.wait("ada", "192.0.2.1", 0), 0);
  delay.failed("ada", "192.0.2.1", 0);
  EXPECT_EQ(delay.wait("ada", "192.0.2.1", 0), 1);
  delay.failed("ada", "192.0.2.1", 0);
  EXPECT_EQ(delay.wait("ada", "192.0.2.1", 0), 2);
  EXPECT_EQ(delay.wait("ada", "192.0.2.1", 2000), 0);
  for (int i = 0; i < 40; ++i) delay.failed("ada", "192.0.2.1", 0);
  EXPECT_EQ(delay.wait("ada", "192.0.2.1", 0), 900);
}

TEST(GuessDelayTest, AStrangerCannotLockTheOwnerOut) {
  GuessDelay delay;
  for (int i = 0; i < 14; ++i) delay.failed("ada", "203.0.113.9", 0);
  EXPECT_GT(delay.wait("ada", "203.0.113.9", 0), 0);
  EXPECT_EQ(delay.wait("ada", "192.0.2.1", 0), 0);
}

TEST(GuessDelayTest, AnAddressThatTriesManyNamesWaitsForAllOfThem) {
  GuessDelay delay;
  for (int i = 0; i < 15; ++i) delay.failed("n" + std::to_string(i), "203.0.113.9", 0);
  EXPECT_GT(delay.wait("ada", "203.0.113.9", 0), 0);
  EXPECT_EQ(delay.wait("ada", "192.0.2.1", 0), 0);
}

TEST(GuessDelayTest, AnIpv6NetworkIsOneAddress) {
  GuessDelay delay;
  for (int i = 0; i < 40; ++i) delay.failed("ada" + std::to_string(i), "2001:db8:0:1::" + std::to_string(i), 0);
  EXPECT_GT(delay.wait("bob", "2001:db8:0:1::ffff", 0), 0);
  EXPECT_EQ(delay.wait("bob", "2001:db8:0:2::1", 0), 0);
}

TEST(GuessDelayTest, ARightPasswordForgetsTheWrongOnesOfThatName) {
  GuessDelay delay;
  for (int i = 0; i < 5; ++i) delay.failed("ada", "192.0.2.1", 0);
  EXPECT_GT(delay.wait("ada", "192.0.2.1", 0), 0);
  delay.succeeded("ada", "192.0.2.1");
  EXPECT_EQ(delay.wait("ada", "192.0.2.1", 0), 0);
}

TEST(GuessDelayTest, StaysBoundedWhateverStrangersTry) {
  GuessDelay delay;
  for (int i = 0; i < 30'000; ++i) delay.failed("n", "a" + std::to_string(i), i);
  EXPECT_EQ(delay.wait("n", "a1", 30'000), 0);
}

}  // namespace
}  // namespace sallyport
