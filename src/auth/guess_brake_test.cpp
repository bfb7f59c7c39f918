#include "auth/guess_brake.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(GuessBrakeTest, ListsWhoWasTurnedAwayAndForgetsWhoRestedEnough) {
  GuessBrake brake;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(brake.permit("ann", "192.0.2.7", 0));
  EXPECT_TRUE(brake.slowed(0).empty()) << "nobody was turned away yet";
  EXPECT_FALSE(brake.permit("ann", "192.0.2.7", 0));
  EXPECT_FALSE(brake.permit("ann", "192.0.2.8", 5));
  auto slowed = brake.slowed(5);
  ASSERT_EQ(slowed.size(), 1u);
  EXPECT_FALSE(slowed[0].is_address);
  EXPECT_EQ(slowed[0].text, "ann");
  EXPECT_EQ(slowed[0].turned_away, 2u);
  EXPECT_EQ(slowed[0].last_ms, 5);
  EXPECT_TRUE(brake.slowed(10'001).empty());
}

TEST(GuessBrakeTest, ListsAnAddressToo) {
  GuessBrake brake;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(brake.permit("user-" + std::to_string(i), "192.0.2.7", 0));
  EXPECT_FALSE(brake.permit("another", "192.0.2.7", 0));
  const auto slowed = brake.slowed(0);
  ASSERT_EQ(slowed.size(), 1u);
  EXPECT_TRUE(slowed[0].is_address);
  EXPECT_EQ(slowed[0].text, "192.0.2.7");
}

TEST(GuessBrakeTest, AnIpv6NetworkIsOneAddress) {
  GuessBrake brake;
  for (int i = 0; i < 20; ++i)
    EXPECT_TRUE(brake.permit("user-" + std::to_string(i), "2001:db8:0:1::" + std::to_string(i), 0));
  EXPECT_FALSE(brake.permit("another", "2001:db8:0:1:a:b:c:d", 0)) << "whoever has one address of it has all";
  EXPECT_TRUE(brake.permit("another", "2001:db8:0:2::1", 0)) << "the neighbour is somebody else";
  EXPECT_TRUE(brake.permit("another", "::ffff:192.0.2.7", 0));
  ASSERT_EQ(brake.slowed(0).size(), 1u);
  EXPECT_EQ(brake.slowed(0)[0].text, "2001:db8:0:1::/64");
  EXPECT_TRUE(brake.let_go(true, "2001:db8:0:1::7"));
  EXPECT_TRUE(brake.permit("another", "2001:db8:0:1::1", 0));
  EXPECT_TRUE(brake.slowed(0).empty());
}

TEST(GuessBrakeTest, WhoIsLetGoBeginsAnew) {
  GuessBrake brake;
  for (int i = 0; i < 11; ++i) (void)brake.permit("ann", "", 0);
  EXPECT_FALSE(brake.permit("ann", "", 0));
  EXPECT_FALSE(brake.let_go(true, "ann")) << "it is no address";
  EXPECT_FALSE(brake.permit("ann", "", 0));
  EXPECT_TRUE(brake.let_go(false, "ann"));
  EXPECT_TRUE(brake.slowed(0).empty());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(brake.permit("ann", "", 0));
  EXPECT_FALSE(brake.permit("ann", "", 0));
}

TEST(GuessBrakeTest, TheListIsBounded) {
  GuessBrake brake;
  for (int name = 0; name < 1500; ++name)
    for (int i = 0; i < 11; ++i) (void)brake.permit("user-" + std::to_string(name), "", name);
  const auto slowed = brake.slowed(1500);
  EXPECT_LE(slowed.size(), SlowedList::kMost);
  EXPECT_GT(slowed.size(), SlowedList::kMost / 2);
  EXPECT_EQ(slowed.back().text, "user-1499");
}

}  // namespace
}  // namespace sallyport
