#include "rules/topic_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/ip_range.h"

namespace sallyport {
namespace {

std::string fill(std::string_view source, TopicValues values, FillFor purpose = FillFor::allow) {
  std::string out;
  switch (fill_topic(source, values, purpose, out)) {
    case FillResult::filled:
      return out;
    case FillResult::unfit:
      return "(unfit)";
    case FillResult::unknown:
      return "(unknown)";
  }
  return "";
}

TEST(TopicTemplateTest, FillsEveryPlaceholderInOnePass) {
  const TopicValues ann{"ann", "dev-1", std::nullopt};
  EXPECT_EQ(fill("d/%c/%u", ann), "d/dev-1/ann");
  EXPECT_EQ(fill("d/${clientid}/x-${username}", ann), "d/dev-1/x-ann");
  EXPECT_EQ(fill("100%/%d/$x/+/#", ann), "100%/%d/$x/+/#");
  EXPECT_EQ(fill("%u", {"%c", "dev-1", std::nullopt}), "%c") << "a user named %c stays %c";
}

TEST(TopicTemplateTest, NeverWidensByAValue) {
  for (std::string_view bad : {"#", "+", "a/b", "/", "a+", "", "$SYS"}) {
    EXPECT_EQ(fill("%c/#", {"u", bad, std::nullopt}), "(unfit)") << bad;
  }
  EXPECT_EQ(fill("%c/#", {"u", std::string_view("a\0b", 3), std::nullopt}), "(unfit)");
  EXPECT_EQ(fill("%c/#", {"u", std::nullopt, std::nullopt}), "(unfit)");
  EXPECT_EQ(fill("%c/#", {"u", "dev-1", std::nullopt}), "dev-1/#");
  EXPECT_EQ(fill("x/%c", {"u", "$SYS", std::nullopt}), "x/$SYS");
  EXPECT_EQ(fill("$SYS/%c", {"u", "dev", std::nullopt}), "$SYS/dev");
}

TEST(TopicTemplateTest, DeniesJustWhatTheRuleSaysOfThisClient) {
  EXPECT_EQ(fill("x/%c/secret", {"u", "a/b", std::nullopt}, FillFor::deny), "x/a/b/secret");
  EXPECT_EQ(fill("x/%c", {"u", "#", std::nullopt}, FillFor::deny), "(unfit)") << "no topic holds a #";
}

TEST(TopicTemplateTest, KnowsUnknownPlaceholders) {
  for (std::string_view bad : {"${zone}", "${", "${username", "${client_attrs.}", "${Username}"})
    EXPECT_EQ(fill(bad, {"u", "c", std::nullopt}), "(unknown)") << bad;
}

TEST(TopicTemplateTest, TakesAttributesFromTheTokenAlone) {
  std::string text = R"({"site":"north","n":7})";
  JsonTape tape;
  ASSERT_EQ(tape.parse(text.data(), text.size()), JsonError::none);
  const TopicValues values{"u", "c", tape.root()};
  EXPECT_EQ(fill("${client_attrs.site}/x", values), "north/x");
  EXPECT_EQ(fill("${client_attrs.n}/x", values), "(unfit)");
  EXPECT_EQ(fill("${client_attrs.other}/x", values), "(unfit)");
}

TEST(TopicTemplateTest, StopsGrowingAtWhatATopicCanBe) {
  const std::string long_id(60'000, 'c');
  EXPECT_EQ(fill("%c%c%c%c", {"u", long_id, std::nullopt}), "(unfit)");
  EXPECT_EQ(fill("%c", {"u", long_id, std::nullopt}), long_id);
}

TEST(IpRangeTest, HoldsNetworksOfBothFamilies) {
  const auto in = [](std::string_view range, std::string_view address) {
    return IpRange::parse(range)->contains(*parse_ip_address(address));
  };
  EXPECT_TRUE(in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(in("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(in("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(in("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(in("192.0.2.7", "::ffff:192.0.2.7"));
  EXPECT_TRUE(in("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(in("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(in("0.0.0.0/0", "2001:db8::1"));
}

TEST(IpRangeTest, RefusesWhatIsNoNetwork) {
  for (std::string_view bad :
       {"", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/8x", "::/129", "300.0.0.1", "10.0.0.1:80", "/8"})
    EXPECT_FALSE(IpRange::parse(bad)) << bad;
}

}  // namespace
}  // namespace sallyport
