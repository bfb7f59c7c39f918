#include "rules/attributes.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;

Attributes read(std::string claims, const std::vector<std::pair<std::string, std::string>>& named) {
  JsonTape tape;
  EXPECT_EQ(tape.parse(claims.data(), claims.size()), JsonError::none);
  AttributePolicy policy;
  for (const auto& [name, claim] : named) policy.named.emplace_back(name, ClaimPath(claim));
  return read_attributes(tape.root(), policy);
}

TEST(AttributesTest, ClaimsFillTheNamesThatSettingsGiveThem) {
  EXPECT_EQ(
      read(R"({"site":"plant-7","a":{"line":3},"on":true})", {{"site", "/site"}, {"line", "/a/line"}, {"on", "on"}}),
      (Attributes{{"site", "plant-7"}, {"line", "3"}, {"on", "true"}}));
}

TEST(AttributesTest, TheTokensOwnComeBehindAndNeverInTheirPlace) {
  EXPECT_EQ(read(R"({"site":"plant-7","client_attrs":{"site":"other","line":"4"}})", {{"site", "/site"}}),
            (Attributes{{"site", "plant-7"}, {"line", "4"}}));
  EXPECT_EQ(read(R"({"client_attrs":{"site":"other","line":"4"}})", {{"site", "/site"}}), (Attributes{{"line", "4"}}));
  EXPECT_EQ(read(R"({"client_attrs":{"site":"other"}})", {}), (Attributes{{"site", "other"}}));
}

TEST(AttributesTest, WhatIsNoScalarOrNoNameIsLeftOut) {
  EXPECT_EQ(read(R"({"a":[1],"b":{},"c":null,"d":"","client_attrs":{"x y":"1","":"2","q\"":"3"}})",
                 {{"a", "a"}, {"b", "b"}, {"c", "c"}, {"d", "d"}}),
            Attributes{});
  EXPECT_EQ(read(R"({"client_attrs":"text"})", {}), Attributes{});
}

TEST(AttributesTest, TheyAreBounded) {
  std::string many = R"({"client_attrs":{"long":")" + std::string(kMaxAttributeBytes + 1, 'x') + "\"";
  for (int i = 0; i < 100; ++i) many += ",\"n" + std::to_string(i) + "\":\"v\"";
  EXPECT_EQ(read(many + "}}", {}).size(), kMaxAttributes);
}

TEST(AttributesTest, NamesAreLettersDigitsAndTwoMore) {
  EXPECT_TRUE(is_attribute_name("a-B_9"));
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("a.b"), std::string(65, 'x')})
    EXPECT_FALSE(is_attribute_name(bad)) << bad;
}

}  // namespace
}  // namespace sallyport
