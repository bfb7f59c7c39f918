#include "rules/settings_topic_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport {
namespace {

using ::testing::HasSubstr;

constexpr TopicAnswer kAllow = TopicAnswer::allow, kDeny = TopicAnswer::deny, kNothing = TopicAnswer::no_match;

TopicRuleSetting rule(bool allows, std::vector<std::string> topics) {
  TopicRuleSetting made;
  made.allows = allows;
  made.topics = std::move(topics);
  return made;
}

SettingsTopicRules compile(std::vector<TopicRuleSetting> rules) {
  auto made = SettingsTopicRules::compile(std::move(rules));
  EXPECT_TRUE(made) << made.error().to_text();
  return made ? *made : SettingsTopicRules{};
}

std::string fault(TopicRuleSetting setting) {
  const auto made = SettingsTopicRules::compile({rule(true, {"#"}), std::move(setting)});
  return made ? "none" : made.error().to_text();
}

TopicAnswer ask(const SettingsTopicRules& rules, const TopicSubject& subject, std::string_view topic) {
  return rules.for_subject(subject)->check({TopicAction::publish, topic, 0, false, "192.0.2.7"});
}

const TopicSubject kAnn{"ann", true, "dev-1", true, {}};

TEST(SettingsTopicRulesTest, LetsTheFirstMatchWin) {
  const auto rules = compile({rule(false, {"a/secret"}), rule(true, {"a/#"})});
  EXPECT_EQ(ask(rules, kAnn, "a/secret"), kDeny);
  EXPECT_EQ(ask(rules, kAnn, "a/b"), kAllow);
  EXPECT_EQ(ask(rules, kAnn, "b"), kNothing);
}

TEST(SettingsTopicRulesTest, MeansThePrincipalAndNotWhatADeviceCallsItself) {
  TopicRuleSetting hers = rule(true, {"hers"});
  hers.users = {"ann"};
  const auto rules = compile({hers, rule(true, {"u/%u", "c/%c"})});
  EXPECT_EQ(ask(rules, kAnn, "hers"), kAllow);
  EXPECT_EQ(ask(rules, kAnn, "u/ann"), kAllow);
  EXPECT_EQ(ask(rules, kAnn, "c/dev-1"), kAllow);
  const TopicSubject claims_to_be_ann{"ann", false, "dev-1", false, {}};
  EXPECT_EQ(ask(rules, claims_to_be_ann, "hers"), kNothing);
  EXPECT_EQ(ask(rules, claims_to_be_ann, "u/ann"), kNothing);
  EXPECT_EQ(ask(rules, claims_to_be_ann, "c/dev-1"), kNothing);
}

TEST(SettingsTopicRulesTest, DeniesWhoeverSaysThatItIsTheOneMeant) {
  TopicRuleSetting mad = rule(false, {"#"});
  mad.client_ids = {"mad-device"};
  const auto rules = compile({mad, rule(true, {"#"})});
  EXPECT_EQ(ask(rules, {"x", false, "mad-device", false, {}}, "a"), kDeny);
  EXPECT_EQ(ask(rules, {"x", false, "other", false, {}}, "a"), kAllow);
}

TEST(SettingsTopicRulesTest, KnowsGroups) {
  TopicRuleSetting ops = rule(true, {"ops/#"});
  ops.groups = {"ops", "admin"};
  const auto rules = compile({ops});
  const std::vector<std::string> in{"x", "ops"}, out{"x"};
  EXPECT_EQ(ask(rules, {"a", true, "", false, in}, "ops/x"), kAllow);
  EXPECT_EQ(ask(rules, {"a", true, "", false, out}, "ops/x"), kNothing);
}

TEST(SettingsTopicRulesTest, AsksForEveryListThatIsThere) {
  TopicRuleSetting both = rule(true, {"x"});
  both.users = {"ann"};
  both.client_ids = {"dev-1"};
  const auto rules = compile({both});
  EXPECT_EQ(ask(rules, kAnn, "x"), kAllow);
  EXPECT_EQ(ask(rules, {"ann", true, "dev-2", true, {}}, "x"), kNothing);
  EXPECT_EQ(ask(rules, {"bob", true, "dev-1", true, {}}, "x"), kNothing);
}

TEST(SettingsTopicRulesTest, HoldsConditions) {
  TopicRuleSetting some = rule(true, {"a"});
  some.qos = {1, 2};
  some.ipaddr = "192.0.2.0/24";
  const auto rules = compile({some}).for_subject(kAnn);
  EXPECT_EQ(rules->check({TopicAction::publish, "a", 1, false, "192.0.2.7"}), kAllow);
  EXPECT_EQ(rules->check({TopicAction::publish, "a", 0, false, "192.0.2.7"}), kNothing);
  EXPECT_EQ(rules->check({TopicAction::publish, "a", 1, false, "198.51.100.7"}), kNothing);
}

TEST(SettingsTopicRulesTest, SharesOneObjectWhereNoRuleTellsClientsApart) {
  const auto same = compile({rule(true, {"a/#"})});
  EXPECT_EQ(same.for_subject(kAnn), same.for_subject({}));
  const auto apart = compile({rule(true, {"a/%u"})});
  EXPECT_NE(apart.for_subject(kAnn), apart.for_subject({}));
  EXPECT_EQ(ask(SettingsTopicRules{}, kAnn, "a"), kNothing);
}

TEST(SettingsTopicRulesTest, SaysWhichRuleIsWrongAndHowToMendIt) {
  EXPECT_THAT(fault(rule(true, {})), HasSubstr("rule 2, topics: a rule without topics"));
  EXPECT_THAT(fault(rule(true, {"a", "b/#/c"})), HasSubstr("no topic filter: \"b/#/c\""));
  EXPECT_THAT(fault(rule(true, {"${zone}"})), HasSubstr("unknown placeholder"));
  EXPECT_THAT(fault(rule(true, {"${client_attrs.a}"})), HasSubstr("token's own rules"));
  EXPECT_THAT(fault(rule(true, {"$share/g/a"})), HasSubstr("$share"));
  TopicRuleSetting qos = rule(true, {"a"});
  qos.qos = {3};
  EXPECT_THAT(fault(qos), HasSubstr("rule 2, qos"));
  TopicRuleSetting address = rule(true, {"a"});
  address.ipaddr = "10.0.0.0/40";
  EXPECT_THAT(fault(address), HasSubstr("rule 2, ipaddr"));
  EXPECT_EQ(fault(rule(true, {"eq a/#", "%u/%c", "${username}/${clientid}/+"})), "none");
}

}  // namespace
}  // namespace sallyport
