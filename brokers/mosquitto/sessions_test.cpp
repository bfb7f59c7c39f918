#include "brokers/mosquitto/sessions.h"

#include <gtest/gtest.h>

namespace sallyport::mosquitto {
namespace {

// Pointers that are compared and never followed.
Sessions::Client at(std::uintptr_t n) { return reinterpret_cast<Sessions::Client>(n); }

Session admitted(const char* username = "u") {
  Session s;
  s.standing = Standing::admitted;
  s.username = username;
  return s;
}

TEST(SessionsTest, FindsByIdAndPointerAndByNeitherAlone) {
  Sessions all;
  all.enter("a", at(8), admitted());
  EXPECT_NE(all.find("a", at(8)), nullptr);
  EXPECT_EQ(all.find("a", at(16)), nullptr);
  EXPECT_EQ(all.find("b", at(8)), nullptr);
}

TEST(SessionsTest, LeavesOnlyWhereBothMatch) {
  Sessions all;
  all.enter("a", at(8), admitted());
  EXPECT_FALSE(all.leave("a", at(16), 0));
  EXPECT_FALSE(all.leave("b", at(8), 0));
  EXPECT_EQ(all.count(Standing::admitted), 1u);
  EXPECT_TRUE(all.leave("a", at(8), 0));
  EXPECT_EQ(all.count(Standing::admitted), 0u);
}

TEST(SessionsTest, RemembersWhoWasAdmittedAndNobodyElse) {
  Sessions all;
  all.enter("a", at(8), admitted());
  all.enter("b", at(16), Session{});
  all.leave("a", at(8), 0);
  all.leave("b", at(16), 0);
  EXPECT_NE(all.departed("a", at(8)), nullptr);
  EXPECT_NE(all.departed("a", nullptr), nullptr);
  EXPECT_EQ(all.departed("a", at(16)), nullptr);
  EXPECT_EQ(all.departed("b", nullptr), nullptr);
}

TEST(SessionsTest, ANewConnectionTakesThePointerFromWhoLeftButNotTheId) {
  Sessions all;
  all.enter("a", at(8), admitted());
  all.leave("a", at(8), 0);
  all.pointer_taken("a", at(8));
  EXPECT_EQ(all.departed("a", at(8)), nullptr);
  EXPECT_NE(all.departed("a", nullptr), nullptr);
}

TEST(SessionsTest, OneWhoLeftIsCheckedAgainOnceForEachSighupAfterwards) {
  Sessions all;
  all.enter("a", at(8), admitted());
  all.leave("a", at(8), 3);
  EXPECT_FALSE(all.check_departed_again("a", at(8), 3));
  EXPECT_TRUE(all.check_departed_again("a", at(8), 4));
  EXPECT_FALSE(all.check_departed_again("a", at(8), 4));
  EXPECT_FALSE(all.check_departed_again("a", at(16), 5));
}

TEST(SessionsTest, OneIdNeverGrowsForEver) {
  Sessions all;
  for (std::uintptr_t n = 1; n <= 1000; ++n) all.enter("a", at(n * 8), admitted());
  EXPECT_LE(all.count(Standing::admitted), 4u);
  EXPECT_NE(all.find("a", at(8000)), nullptr);
}

TEST(SessionsTest, WhoLeftIsForgottenFromTheOldestOn) {
  Sessions all;
  const auto come_and_go = [&](const std::string& id) {
    all.enter(id, at(8), admitted());
    all.leave(id, at(8), 0);
  };
  for (std::size_t n = 0; n < Sessions::kMaxDeparted + 10; ++n) come_and_go(std::to_string(n));
  EXPECT_EQ(all.departed_count(), Sessions::kMaxDeparted);
  EXPECT_EQ(all.departed("9", nullptr), nullptr);
  EXPECT_NE(all.departed("10", nullptr), nullptr);
  // One that comes and goes all the time is the youngest, however often.
  for (std::size_t n = 0; n < 3 * Sessions::kMaxDeparted; ++n) come_and_go("busy");
  EXPECT_NE(all.departed("busy", nullptr), nullptr);
  EXPECT_LE(all.departed_count(), Sessions::kMaxDeparted);
}

}  // namespace
}  // namespace sallyport::mosquitto
