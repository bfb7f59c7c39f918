#include "base/secret.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(SecretTest, EqualBytesAreEqualAndOneOtherBitIsNot) {
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abb"));
  EXPECT_FALSE(equal_constant_time("abc", "abcd"));
  EXPECT_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

TEST(SecretTest, AMovedFromSecretIsEmptyAndTheValueIsKeptWhole) {
  Secret first(std::string_view("p\0w", 3));
  Secret second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the promise
  EXPECT_EQ(second.view(), std::string_view("p\0w", 3));
}

}  // namespace
}  // namespace sallyport
