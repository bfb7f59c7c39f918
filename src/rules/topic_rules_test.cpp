#include "rules/topic_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <random>

#include "rules/topic_filter.h"

namespace {
std::size_t allocations = 0;
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace sallyport {
namespace {

struct Given {
  TopicRule rule;
  std::vector<std::string> filters;
  bool exact = false;
};

TopicRule rule(bool allows, TopicActions actions = kMayBoth) {
  TopicRule made;
  made.allows = allows;
  made.actions = actions;
  return made;
}

std::shared_ptr<const TopicRules> compile(const std::vector<Given>& given, bool closed = false) {
  TopicRules::Builder builder;
  for (const Given& one : given) {
    builder.begin_rule(one.rule);
    for (const std::string& filter : one.filters) EXPECT_TRUE(builder.add_filter(filter, one.exact)) << filter;
  }
  if (closed) builder.close();
  const auto rules = builder.build();
  // As another node reads them they are the same, and half of them are nothing.
  std::string record, again;
  rules->append_record(record);
  const auto read = TopicRules::from_record(record);
  EXPECT_TRUE(read);
  if (read) read->append_record(again);
  EXPECT_EQ(record, again);
  EXPECT_FALSE(TopicRules::from_record(record.substr(0, record.size() - 1)));
  return read;
}

TopicRequest request(TopicAction action, std::string_view topic) { return {action, topic, 0, false, "192.0.2.7"}; }
TopicAnswer publish(const TopicRules& r, std::string_view topic) {
  return r.check(request(TopicAction::publish, topic));
}
TopicAnswer subscribe(const TopicRules& r, std::string_view topic) {
  return r.check(request(TopicAction::subscribe, topic));
}
TopicAnswer receive(const TopicRules& r, std::string_view topic) {
  return r.check(request(TopicAction::receive, topic));
}

constexpr TopicAnswer kAllow = TopicAnswer::allow, kDeny = TopicAnswer::deny, kNothing = TopicAnswer::no_match;

TEST(TopicRulesTest, LetsTheFirstRuleThatFitsWin) {
  const auto r = compile({{rule(false), {"a/secret"}}, {rule(true), {"a/#"}}, {rule(false), {"a/b"}}});
  EXPECT_EQ(publish(*r, "a/secret"), kDeny);
  EXPECT_EQ(publish(*r, "a/b"), kAllow);
  EXPECT_EQ(publish(*r, "c"), kNothing);
}

TEST(TopicRulesTest, LeavesNothingOpenOnceClosed) {
  const auto r = compile({{rule(true), {"a"}}}, true);
  EXPECT_EQ(publish(*r, "a"), kAllow);
  EXPECT_EQ(publish(*r, "b"), kDeny);
  EXPECT_EQ(publish(*compile({}, true), "b"), kDeny);
}

TEST(TopicRulesTest, AllowsASubscriptionOnlyWhole) {
  const auto r = compile({{rule(true), {"a/b", "c/#"}}});
  EXPECT_EQ(subscribe(*r, "a/#"), kNothing);
  EXPECT_EQ(subscribe(*r, "a/b"), kAllow);
  EXPECT_EQ(subscribe(*r, "c/+/d"), kAllow);
  EXPECT_EQ(subscribe(*r, "#"), kNothing);
}

TEST(TopicRulesTest, DeniesASubscriptionThatReachesIntoWhatIsDenied) {
  const auto r = compile({{rule(false), {"a/secret/x"}}, {rule(true), {"#"}}});
  EXPECT_EQ(subscribe(*r, "a/#"), kDeny);
  EXPECT_EQ(subscribe(*r, "#"), kDeny);
  EXPECT_EQ(subscribe(*r, "a/+/x"), kDeny);
  EXPECT_EQ(subscribe(*r, "a/open/#"), kAllow);
  const auto later = compile({{rule(true), {"#"}}, {rule(false), {"a/secret/x"}}});
  EXPECT_EQ(subscribe(*later, "a/#"), kAllow);
}

TEST(TopicRulesTest, TellsPublishingFromSubscribing) {
  const auto r = compile({{rule(true, kMayPublish), {"up"}}, {rule(true, kMaySubscribe), {"down"}}});
  EXPECT_EQ(publish(*r, "up"), kAllow);
  EXPECT_EQ(subscribe(*r, "up"), kNothing);
  EXPECT_EQ(receive(*r, "up"), kNothing);
  EXPECT_EQ(publish(*r, "down"), kNothing);
  EXPECT_EQ(subscribe(*r, "down"), kAllow);
  EXPECT_EQ(receive(*r, "down"), kAllow);
}

TEST(TopicRulesTest, NeedsARuleThatNamesSysAndControl) {
  const auto all = compile({{rule(true), {"#", "+/+", "+/broker/uptime"}}});
  EXPECT_EQ(receive(*all, "$SYS/broker/uptime"), kNothing);
  EXPECT_EQ(subscribe(*all, "$SYS/#"), kNothing);
  EXPECT_EQ(publish(*all, "$CONTROL/dynamic-security/v1"), kNothing);
  const auto named = compile({{rule(true), {"$SYS/broker/#"}}});
  EXPECT_EQ(subscribe(*named, "$SYS/broker/+"), kAllow);
  EXPECT_EQ(subscribe(*named, "$SYS/#"), kNothing);
}

TEST(TopicRulesTest, JudgesASharedSubscriptionByItsFilter) {
  const auto r = compile({{rule(true), {"a/#"}}});
  EXPECT_EQ(subscribe(*r, "$share/g/a/b"), kAllow);
  EXPECT_EQ(subscribe(*r, "$share/g/b"), kNothing);
  EXPECT_EQ(subscribe(*r, "$share/g"), kDeny);
  EXPECT_EQ(subscribe(*r, "$share/a/#"), kNothing) << "the filter of group a is #";
}

TEST(TopicRulesTest, DeniesWhatIsNoTopicAtAll) {
  const auto r = compile({{rule(true), {"#"}}});
  EXPECT_EQ(publish(*r, "a/+"), kDeny);
  EXPECT_EQ(publish(*r, ""), kDeny);
  EXPECT_EQ(subscribe(*r, "a/#/b"), kDeny);
  EXPECT_EQ(subscribe(*r, std::string_view("a\0b", 3)), kDeny);
  EXPECT_EQ(publish(*r, "a/b"), kAllow);
}

TEST(TopicRulesTest, TakesAnExactRuleForTheFilterItself) {
  const auto r = compile({{rule(true, kMaySubscribe), {"t/1/#"}, true}});
  EXPECT_EQ(subscribe(*r, "t/1/#"), kAllow);
  EXPECT_EQ(subscribe(*r, "t/1/x"), kNothing);
  EXPECT_EQ(subscribe(*r, "t/1/+"), kNothing);
  EXPECT_EQ(receive(*r, "t/1/x"), kAllow) << "what the filter brings";
  const auto denied = compile({{rule(false, kMaySubscribe), {"#"}, true}, {rule(true), {"a/#"}}});
  EXPECT_EQ(subscribe(*denied, "#"), kDeny);
  EXPECT_EQ(subscribe(*denied, "a/b"), kAllow);
  EXPECT_EQ(receive(*denied, "a/b"), kAllow);
}

TEST(TopicRulesTest, HoldsARuleToItsQos) {
  TopicRule one = rule(true);
  one.qos = 0b010;
  const auto r = compile({{one, {"a"}}});
  TopicRequest asked = request(TopicAction::publish, "a");
  for (std::uint8_t qos = 0; qos < 3; ++qos) {
    asked.qos = qos;
    EXPECT_EQ(r->check(asked), qos == 1 ? kAllow : kNothing);
  }
  asked.qos.reset();
  EXPECT_EQ(r->check(asked), kNothing) << "what is not known fulfils no condition of an allowance";
  EXPECT_EQ(receive(*r, "a"), kAllow) << "delivered at QoS 0, subscribed at 1";
  one.allows = false;
  const auto denying = compile({{one, {"a"}}, {rule(true), {"a"}}});
  EXPECT_EQ(denying->check(asked), kDeny) << "and every one of a denial";
  asked.qos = 0;
  EXPECT_EQ(denying->check(asked), kAllow);
}

TEST(TopicRulesTest, HoldsPublishingToRetain) {
  TopicRule no_retain = rule(false);
  no_retain.retain = true;
  const auto r = compile({{no_retain, {"t/2"}}, {rule(true), {"t/2"}}});
  TopicRequest asked = request(TopicAction::publish, "t/2");
  EXPECT_EQ(r->check(asked), kAllow);
  asked.retain = true;
  EXPECT_EQ(r->check(asked), kDeny);
  asked.retain.reset();
  EXPECT_EQ(r->check(asked), kDeny);
}

TEST(TopicRulesTest, HoldsARuleToAnAddress) {
  TopicRule inside = rule(true);
  inside.peer = IpRange::parse("10.0.0.0/8");
  const auto r = compile({{inside, {"a"}}});
  TopicRequest asked = request(TopicAction::publish, "a");
  EXPECT_EQ(r->check(asked), kNothing);
  for (std::string_view good : {"10.1.2.3", "::ffff:10.1.2.3"}) {
    asked.peer_address = good;
    EXPECT_EQ(r->check(asked), kAllow) << good;
  }
  asked.peer_address = "";
  EXPECT_EQ(r->check(asked), kNothing);
  inside.allows = false;
  EXPECT_EQ(compile({{inside, {"a"}}})->check(asked), kDeny);
}

TEST(TopicRulesTest, GivesNoMoreThanItsLimits) {
  TopicRules::Builder builder;
  builder.begin_rule(rule(true));
  ASSERT_TRUE(builder.add_filter("#", false));
  builder.limit_to({"site-7/#"});
  const auto r = builder.build();
  EXPECT_EQ(publish(*r, "site-7/a"), kAllow);
  EXPECT_EQ(publish(*r, "site-8/a"), kNothing);
  EXPECT_EQ(subscribe(*r, "site-7/+"), kAllow);
  EXPECT_EQ(subscribe(*r, "#"), kNothing);
  TopicRules::Builder none;
  none.begin_rule(rule(true));
  ASSERT_TRUE(none.add_filter("#", false));
  none.limit_to({});
  EXPECT_EQ(publish(*none.build(), "a"), kNothing);
}

TEST(TopicRulesTest, RefusesWhatIsNoFilterAndWhatIsTooMuch) {
  TopicRules::Builder builder;
  builder.begin_rule(rule(true));
  for (std::string_view bad : {"", "a#", "#/a", "$share/g/a", "$share"}) {
    const auto added = builder.add_filter(bad, false);
    ASSERT_FALSE(added) << bad;
    EXPECT_EQ(added.error(), Reason::malformed_rights);
  }
  for (std::size_t i = 0; i < kMaxTopicFilters; ++i) ASSERT_TRUE(builder.add_filter("a", false));
  EXPECT_FALSE(builder.add_filter("a", false));
  TopicRules::Builder large;
  large.begin_rule(rule(true));
  const std::string topic(60'000, 'x');
  int added = 0;
  while (large.add_filter(topic, false)) ++added;
  EXPECT_EQ(added, 8);
}

TEST(TopicRulesTest, GivesEveryClientItsOwnRenewalAndNoMore) {
  EXPECT_TRUE(is_held_by_right(TopicAction::publish, "$CONTROL/sallyport/v1/renew"));
  EXPECT_FALSE(is_held_by_right(TopicAction::subscribe, "$CONTROL/sallyport/v1/renew"));
  EXPECT_TRUE(is_held_by_right(TopicAction::subscribe, "$CONTROL/sallyport/v1/renew/response"));
  EXPECT_TRUE(is_held_by_right(TopicAction::receive, "$CONTROL/sallyport/v1/notice"));
  EXPECT_FALSE(is_held_by_right(TopicAction::publish, "$CONTROL/sallyport/v1/notice"));
  EXPECT_FALSE(is_held_by_right(TopicAction::subscribe, "$CONTROL/sallyport/v1/#"));
}

// -- against a model that looks at every rule ----------------------------------------------------------------------

TopicAnswer model(const std::vector<Given>& given, TopicAction action, const std::string& topic) {
  for (const Given& one : given) {
    if (!(one.rule.actions & (action == TopicAction::publish ? kMayPublish : kMaySubscribe))) continue;
    for (const std::string& filter : one.filters) {
      bool fits = false;
      if (action == TopicAction::subscribe)
        fits = one.exact ? filter == topic : one.rule.allows ? covers(filter, topic) : overlaps(filter, topic);
      else if (action == TopicAction::publish)
        fits = one.exact ? filter == topic : matches(filter, topic);
      else
        fits = (!one.exact || one.rule.allows) && matches(filter, topic);
      if (fits) return one.rule.allows ? kAllow : kDeny;
    }
  }
  return kNothing;
}

TEST(TopicRulesTest, AgreesWithAModelThatLooksAtEveryRule) {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  const char* const words[] = {"a", "b", "", "$s", "+", "#"};
  const auto filter = [&](bool wild) {
    std::string out;
    for (std::size_t left = 1 + (pick(20) == 0 ? 14 + pick(6) : pick(4)); left > 0; --left) {
      const std::string word = words[pick(wild ? 6 : 4)];
      out += word;
      if (word == "#" || left == 1) break;
      out += '/';
    }
    return out.empty() ? std::string("a") : out;
  };
  int decided = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<Given> given(1 + pick(40));
    for (Given& one : given) {
      one.rule = rule(pick(3) != 0, static_cast<TopicActions>(1 + pick(3)));
      one.exact = pick(8) == 0;
      for (std::size_t n = 1 + pick(3); n > 0; --n) one.filters.push_back(filter(true));
    }
    const auto compiled = compile(given);
    for (int ask = 0; ask < 60; ++ask) {
      const auto action = static_cast<TopicAction>(pick(3));
      const std::string topic = filter(action == TopicAction::subscribe);
      const TopicAnswer expected = model(given, action, topic);
      ASSERT_EQ(compiled->check(request(action, topic)), expected)
          << topic << " action " << static_cast<int>(action) << " round " << round;
      decided += expected != kNothing;
    }
  }
  EXPECT_GT(decided, 5000);
}

TEST(TopicRulesTest, AllocatesNothingForACheckAmongAThousandRules) {
  std::vector<Given> given;
  for (int i = 0; i < 1000; ++i) given.push_back({rule(i % 5 != 0), {"site/" + std::to_string(i) + "/+/state/#"}});
  const auto r = compile(given);
  EXPECT_LT(r->memory_bytes(), 256U * 1024);
  const std::size_t before = allocations;
  const auto start = std::chrono::steady_clock::now();
  int allowed = 0;
  for (int i = 0; i < 1000; ++i) allowed += publish(*r, "site/999/device-1/state/temperature") == kAllow;
  for (int i = 0; i < 1000; ++i) allowed += subscribe(*r, "site/999/+/state/temperature") == kAllow;
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(allowed, 2000);
  // Two thousand checks; a hundred times what they take, so that no busy machine fails it.
  EXPECT_LT(took, std::chrono::milliseconds(400));
  RecordProperty("nanoseconds_a_check",
                 static_cast<int>(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count() / 2000));
}

}  // namespace
}  // namespace sallyport
