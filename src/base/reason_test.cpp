#include "base/reason.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

namespace sallyport {
namespace {

TEST(ReasonTest, EachReasonIsFoundByItsNameAndNamesAreUnique) {
  std::set<std::string_view> names;
  for (const ReasonEntry& e : kReasons) {
    EXPECT_TRUE(names.insert(e.name).second) << e.name;
    EXPECT_EQ(reason_from_name(e.name), e.reason);
    EXPECT_EQ(name(e.reason), e.name);
  }
  EXPECT_EQ(reason_from_name("no_such_reason"), std::nullopt);
}

TEST(ReasonTest, EachRefusalHasTextInLowerCaseWithoutAFullStop) {
  for (const ReasonEntry& e : kReasons) {
    ASSERT_FALSE(e.text.empty()) << e.name;
    EXPECT_FALSE(e.text.ends_with('.')) << e.name;
    EXPECT_FALSE(std::isupper(static_cast<unsigned char>(e.text[0]))) << e.name;
  }
}

}  // namespace
}  // namespace sallyport
