#include "auth/subscription.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(SubscriptionTest, BringsWhatItsFilterMatchesSharedOrNot) {
  EXPECT_TRUE(brings("a/#", "a/1"));
  EXPECT_FALSE(brings("a/#", "b/1"));
  EXPECT_TRUE(brings("$share/g/a/+", "a/1"));
  EXPECT_FALSE(brings("$share/g/a/+", "b/1"));
  EXPECT_FALSE(brings("#", "$SYS/uptime"));
}

}  // namespace
}  // namespace sallyport
