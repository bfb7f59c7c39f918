#include "rules/claim_rule.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

ClaimCheck check(std::string json, std::string_view claim, std::string_view expected,
                 TemplateValues values = {"ann", "c1"}) {
  JsonTape tape;
  EXPECT_EQ(tape.parse(json.data(), json.size()), JsonError::none) << json;
  return ClaimRule{ClaimPath(claim), Template::compile(expected).value()}.check(tape.root(), values);
}

TEST(ClaimRuleTest, TextIntegersAndBooleansMatchByTheirJsonForm) {
  EXPECT_EQ(check(R"({"username":"ann"})", "username", "%u"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"username":"bob"})", "username", "%u"), ClaimCheck::mismatch);
  EXPECT_EQ(check(R"({"site":7})", "site", "7"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"site":-7})", "site", "-7"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"site":123456789012345678901234567890})", "site", "123456789012345678901234567890"),
            ClaimCheck::match);
  EXPECT_EQ(check(R"({"ok":true})", "ok", "true"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"ok":true})", "ok", "1"), ClaimCheck::mismatch);
}

TEST(ClaimRuleTest, FractionsAndExponentsHaveNoOneSpellingAndNeverMatch) {
  EXPECT_EQ(check(R"({"site":7.0})", "site", "7.0"), ClaimCheck::mismatch);
  EXPECT_EQ(check(R"({"site":7e0})", "site", "7e0"), ClaimCheck::mismatch);
}

TEST(ClaimRuleTest, OneMemberOfAnArraySufficesAndNestedArraysDoNot) {
  EXPECT_EQ(check(R"({"groups":["x",7,"ann"]})", "groups", "%u"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"groups":["x",7]})", "groups", "7"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"groups":[["ann"]]})", "groups", "%u"), ClaimCheck::mismatch);
  EXPECT_EQ(check(R"({"groups":[]})", "groups", "%u"), ClaimCheck::mismatch);
}

TEST(ClaimRuleTest, NullObjectsAndMissingNeverMatch) {
  EXPECT_EQ(check(R"({"a":null})", "a", "null"), ClaimCheck::mismatch);
  EXPECT_EQ(check(R"({"a":null})", "a", ""), ClaimCheck::mismatch);
  EXPECT_EQ(check(R"({"a":{}})", "a", ""), ClaimCheck::mismatch);
  EXPECT_EQ(check(R"({})", "a", ""), ClaimCheck::missing);
  EXPECT_EQ(check(R"({"a":""})", "a", ""), ClaimCheck::match);
}

TEST(ClaimRuleTest, ANameIsTakenAsItStandsAndAPointerWalks) {
  EXPECT_EQ(check(R"({"a.b":"x","a":{"b":"y"}})", "a.b", "x"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"a.b":"x","a":{"b":"y"}})", "/a/b", "y"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"realm_access":{"roles":["r1","device"]}})", "/realm_access/roles", "device"), ClaimCheck::match);
  EXPECT_EQ(check(R"({"/a":"x"})", "/a", "x"), ClaimCheck::missing);
  EXPECT_EQ(check(R"({"https://x.example/site":"7"})", "https://x.example/site", "7"), ClaimCheck::match);
}

}  // namespace
}  // namespace sallyport
