#include "engine/token_sightings.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

Mark token(int number) { return mark_of(31, std::to_string(number)); }

class TokenSightingsTest : public ::testing::Test {
 protected:
  std::optional<TokenSuspicion> seen(int number, std::string_view client, std::string_view address, std::int64_t ms,
                                     bool hears_of_ends = true) {
    return sightings.seen(token(number), client, address, {1'800'000'000, ms}, hears_of_ends);
  }
  TokenSightings sightings;
};

TEST_F(TokenSightingsTest, OneTokenOfOneClientIsNoSuspicion) {
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(seen(1, "a", "192.0.2.1", i));
  EXPECT_FALSE(seen(2, "b", "192.0.2.2", 5));
  EXPECT_EQ(sightings.suspected(), 0u);
}

TEST_F(TokenSightingsTest, TwoClientIdsAtOnceAreOne) {
  EXPECT_FALSE(seen(1, "a", "192.0.2.1", 0));
  const auto suspicion = seen(1, "b", "192.0.2.1", 1);
  ASSERT_TRUE(suspicion);
  EXPECT_EQ(suspicion->client_id, "b");
  EXPECT_EQ(suspicion->other_client_id, "a");
  EXPECT_EQ(suspicion->at, 1'800'000'000);
  EXPECT_EQ(sightings.suspected(), 1u);
  EXPECT_EQ(sightings.last().size(), 1u);
}

TEST_F(TokenSightingsTest, TwoAddressesAtOnceAreOneAndTwoFormsOfOneAreNot) {
  EXPECT_FALSE(seen(1, "a", "192.0.2.1", 0));
  EXPECT_FALSE(seen(1, "a", "::ffff:192.0.2.1", 1));
  const auto suspicion = seen(1, "a", "198.51.100.9", 2);
  ASSERT_TRUE(suspicion);
  EXPECT_EQ(suspicion->other_address, "::ffff:192.0.2.1");
}

TEST_F(TokenSightingsTest, AfterTheSessionEndedAnotherMayUseTheToken) {
  EXPECT_FALSE(seen(1, "a", "192.0.2.1", 0));
  sightings.gone(token(1), "stranger");
  EXPECT_TRUE(seen(1, "b", "192.0.2.1", 1));
  sightings.gone(token(1), "b");
  EXPECT_FALSE(seen(1, "c", "192.0.2.9", 2));
  EXPECT_EQ(sightings.suspected(), 1u);
}

TEST_F(TokenSightingsTest, WhereNobodyIsHeardToLeaveATokenIsInUseForAWhile) {
  EXPECT_FALSE(seen(1, "a", "192.0.2.1", 0, false));
  EXPECT_FALSE(seen(1, "b", "192.0.2.1", TokenSightings::kInUseMs, false));
  EXPECT_TRUE(seen(1, "a", "192.0.2.1", 2 * TokenSightings::kInUseMs - 1, false));
}

TEST_F(TokenSightingsTest, WhatIsNotKnownDiffersFromNothing) {
  EXPECT_FALSE(seen(1, "", "", 0));
  EXPECT_FALSE(seen(1, "a", "192.0.2.1", 1));
  EXPECT_FALSE(seen(1, "", "192.0.2.1", 2));
  EXPECT_FALSE(seen(1, "b", "", 3));
}

TEST_F(TokenSightingsTest, IsCountedEachTimeAndToldOnceAMinute) {
  int told = 0;
  for (int i = 0; i < 100; ++i) told += seen(1, i % 2 ? "a" : "b", "192.0.2.1", i * 1'000) ? 1 : 0;
  EXPECT_EQ(sightings.suspected(), 99u);
  EXPECT_EQ(told, 2);
}

TEST_F(TokenSightingsTest, AMillionTokensTakeNoMoreRoomThanTheirTable) {
  for (int i = 0; i < 200'000; ++i) EXPECT_FALSE(seen(i, "a", "192.0.2.1", i));
  EXPECT_TRUE(seen(199'999, "b", "192.0.2.1", 200'001));
  for (int i = 0; i < 200; ++i) {
    (void)seen(1'000'000 + i, "a", "", i);
    (void)seen(1'000'000 + i, "b", "", i);
  }
  EXPECT_EQ(sightings.last().size(), TokenSightings::kKept);
}

}  // namespace
}  // namespace sallyport
