#include "config/toml_tree.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(TomlTreeTest, ATableHeaderThatIsNoNameIsAnErrorAndNoStop) {
  for (const char* text : {"[!a]", "[[!a]]", "[ ]", "[a.!]", "[\xc3\xa9]", "[", "[[", "[!"}) {
    const auto parsed = parse_toml(text, "label");
    ASSERT_FALSE(parsed) << text;
    EXPECT_FALSE(parsed.error().cause.empty());
  }
  EXPECT_TRUE(parse_toml("[a.\"!\"]\nb = 1\n", "label"));
}

}  // namespace
}  // namespace sallyport
