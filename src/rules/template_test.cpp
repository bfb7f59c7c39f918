#include "rules/template.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

bool matches(std::string_view source, std::string_view text, TemplateValues values) {
  const Result<Template> t = Template::compile(source);
  EXPECT_TRUE(t) << source;
  return t && t->matches(text, values);
}

TEST(TemplateTest, PlaceholdersStandAnywhereInBothSpellings) {
  const TemplateValues v{"ann", "c1"};
  EXPECT_TRUE(matches("%u", "ann", v));
  EXPECT_TRUE(matches("${username}", "ann", v));
  EXPECT_TRUE(matches("site/%c/of/%u", "site/c1/of/ann", v));
  EXPECT_TRUE(matches("${clientid}%c", "c1c1", v));
  EXPECT_FALSE(matches("site/%c", "site/c2", v));
  EXPECT_FALSE(matches("%u", "ann2", v));
  EXPECT_FALSE(matches("%u", "an", v));
}

TEST(TemplateTest, AValueThatLooksLikeAPlaceholderIsNotReplacedAgain) {
  EXPECT_TRUE(matches("%u", "%c", {"%c", "secret-client"}));
  EXPECT_FALSE(matches("%u", "secret-client", {"%c", "secret-client"}));
}

TEST(TemplateTest, APlaceholderWithNothingBehindItNeverMatches) {
  EXPECT_FALSE(matches("%u", "", {std::nullopt, "c1"}));
  EXPECT_FALSE(matches("%u", "", {"", "c1"}));
  EXPECT_FALSE(matches("x%u", "x", {std::nullopt, "c1"}));
  EXPECT_FALSE(matches("x%u", "x%u", {std::nullopt, "c1"}));
  EXPECT_TRUE(matches("x%u", "xann", {"ann", std::nullopt}));
}

TEST(TemplateTest, AnythingElseIsText) {
  EXPECT_TRUE(matches("100%", "100%", {}));
  EXPECT_TRUE(matches("%x$y{z}", "%x$y{z}", {}));
  EXPECT_TRUE(matches("", "", {}));
}

TEST(TemplateTest, AnUnknownPlaceholderIsRefusedWhenItIsMade) {
  EXPECT_FALSE(Template::compile("${user}"));
  EXPECT_FALSE(Template::compile("a${username"));
  EXPECT_TRUE(Template::compile("a${username}"));
}

}  // namespace
}  // namespace sallyport
