#include "daemon/contracts/rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "daemon/testing.h"

namespace sallyport::daemon {
namespace {

using testing::Asked;
using testing::FakeDesk;
using ::testing::HasSubstr;
using testing::kNow;
using ::testing::Not;

ListedRights listed(std::vector<ListedRights::Right> rights, TopicVerdict rest = TopicVerdict::deny) {
  return {std::move(rights), rest};
}
ListedRights::Right may(TopicActions actions, std::string filter, bool exact = false) {
  TopicRule rule;
  rule.actions = actions;
  return {rule, std::move(filter), exact};
}
ListedRights::Right may_not(TopicActions actions, std::string filter) {
  ListedRights::Right out = may(actions, std::move(filter));
  out.rule.allows = false;
  return out;
}
std::string acl(const ListedRights& rights) {
  std::string out;
  append_emqx_acl(out, rights);
  return out;
}

TEST(EmqxAclTest, SaysWhatIsAllowedAndEndsWithTheDenial) {
  ListedRights::Right first = may(kMayPublish, "a/+/up");
  first.rule.qos = 0b011;
  first.rule.retain = false;
  EXPECT_EQ(acl(listed({first, may(kMayBoth, "b/#"), may(kMaySubscribe, "c/+", true)})),
            R"(,"acl":[{"permission":"allow","action":"publish","topic":"a/+/up","qos":[0,1],"retain":false},)"
            R"({"permission":"allow","action":"all","topic":"b/#"},)"
            R"({"permission":"allow","action":"subscribe","topic":"eq c/+"},)"
            R"({"permission":"deny","action":"all","topic":"#"}])");
  EXPECT_EQ(acl(listed({})), R"(,"acl":[{"permission":"deny","action":"all","topic":"#"}])");
}

TEST(EmqxAclTest, IsSilentWhereEmqxWouldReadItAsMore) {
  // A subscription to "a/#" fits EMQX's rule for "a/+".
  EXPECT_EQ(acl(listed({may(kMaySubscribe, "a/+")})), "");
  EXPECT_NE(acl(listed({may(kMayPublish, "a/+")})), "");
  // A subscription to "#" does not fit its denial of "a/b".
  EXPECT_EQ(acl(listed({may_not(kMayBoth, "a/b"), may(kMayBoth, "#")})), "");
  for (const char* filled : {"a/${username}", "a/%u", "eq a"}) EXPECT_EQ(acl(listed({may(kMayBoth, filled)})), "");
  ListedRights::Right from = may(kMayBoth, "a");
  from.rule.peer = IpRange::parse("10.0.0.0/8");
  EXPECT_EQ(acl(listed({from})), "");
}

TEST(EmqxAclTest, LeavesToTheAuthorizerWhatNoRuleFits) {
  EXPECT_EQ(acl(listed({may(kMayBoth, "a")}, TopicVerdict::defer)),
            R"(,"acl":[{"permission":"allow","action":"all","topic":"a"}])");
  EXPECT_EQ(acl(listed({may_not(kMayBoth, "$SYS/#")}, TopicVerdict::allow)), "");
}

// Java's expressions and ECMAScript's are alike in what is used here.
bool fits(const std::vector<std::string>& patterns, const std::string& text) {
  for (const std::string& pattern : patterns)
    if (std::regex_match(text, std::regex(pattern))) return true;
  return false;
}

TEST(TopicPatternsTest, FitWhatTheFilterFits) {
  const auto made =
      topic_patterns(listed({may(kMayPublish, "a/+/up"), may(kMayPublish, "b/#"), may(kMayPublish, "x.y")}));
  ASSERT_TRUE(made);
  for (const char* good : {"a/1/up", "a//up", "b", "b/", "b/c/d", "x.y"})
    EXPECT_TRUE(fits(made->publish, good)) << good;
  for (const char* bad : {"a/up", "a/1/2/up", "bc", "xzy", "a/1/up/", "$SYS/a"})
    EXPECT_FALSE(fits(made->publish, bad)) << bad;
  EXPECT_TRUE(made->subscribe.empty());
}

TEST(TopicPatternsTest, ASubscriptionIsNeverWiderThanItsRight) {
  const auto made = topic_patterns(listed({may(kMaySubscribe, "a/+"), may(kMaySubscribe, "b/#")}));
  ASSERT_TRUE(made);
  for (const char* good : {"a/1", "a/+", "b/#", "b/+/c", "b"}) EXPECT_TRUE(fits(made->subscribe, good)) << good;
  for (const char* bad : {"a/#", "#", "+/1", "a/1/2"}) EXPECT_FALSE(fits(made->subscribe, bad)) << bad;
  const auto wide = topic_patterns(listed({may(kMayBoth, "#")}));
  EXPECT_TRUE(fits(wide->publish, "a/b"));
  EXPECT_FALSE(fits(wide->publish, "$SYS/a"));
}

TEST(TopicPatternsTest, ThereAreNoneForDenialsAndConditions) {
  EXPECT_FALSE(topic_patterns(listed({may_not(kMayBoth, "a"), may(kMayBoth, "#")})));
  ListedRights::Right quiet = may(kMayBoth, "a");
  quiet.rule.qos = 0b001;
  EXPECT_FALSE(topic_patterns(listed({quiet})));
  EXPECT_FALSE(topic_patterns(listed({}, TopicVerdict::defer)));
  const auto open =
      topic_patterns(listed({may_not(kMayBoth, "$SYS/#"), may_not(kMayBoth, "$CONTROL/#")}, TopicVerdict::allow));
  ASSERT_TRUE(open);
  EXPECT_TRUE(fits(open->publish, "a/b"));
  for (const char* bad : {"$SYS/a", "$SYS", "$CONTROL/x"}) EXPECT_FALSE(fits(open->publish, bad)) << bad;
}

struct AnswersTest : ::testing::Test {
  FakeDesk desk;
  template <class Contract>
  std::string ask(Contract answer, std::string endpoint, std::string target, std::string body) {
    Asked asked("POST", target, std::move(body), "content-type: application/json\r\n");
    answer(endpoint, asked.request, desk, asked.response);
    return asked.said();
  }
};

TEST_F(AnswersTest, EmqxIsToldAttributesAndWithTheSettingRights) {
  const auto ask_emqx = [&] {
    return ask(answer_emqx, "authenticate", "/emqx/authenticate", R"({"clientid":"c","password":"t"})");
  };
  desk.says(Verdict::allow);
  desk.may(kMayPublish, "up/#");
  desk.ruling.decision.attributes = {{"site", "plant \"7\""}, {"line", "3"}};
  EXPECT_EQ(
      ask_emqx(),
      R"(200 {"result":"allow","is_superuser":false,"superuser":false,"client_attrs":{"site":"plant \"7\"","line":"3"}})");
  desk.said.emqx_acl = true;
  EXPECT_THAT(ask_emqx(), HasSubstr(R"("acl":[{"permission":"allow","action":"publish","topic":"up/#"})"));
  desk.ruling.decision.is_superuser = true;
  EXPECT_THAT(ask_emqx(), Not(HasSubstr("acl")));
}

TEST_F(AnswersTest, TbmqAlwaysGetsAResultAndRights) {
  const auto ask_tbmq = [&](std::string body) {
    return ask(answer_tbmq, "authenticate", "/tbmq/authenticate", std::move(body));
  };
  const std::string client = R"({"username":"alice","password":"tok","clientId":"c1"})";
  desk.says(Verdict::allow);
  desk.may(kMayPublish, "up/#");
  EXPECT_EQ(ask_tbmq(client),
            R"(200 {"result":"success","clientType":"DEVICE","authRules":{"pub":["up(/.*)?"],"sub":[]}})");
  EXPECT_EQ(desk.username + desk.password + desk.client_id, "alicetokc1");
  desk.says(Verdict::deny);
  EXPECT_EQ(ask_tbmq(client), R"(200 {"result":"failure"})");
  desk.says(Verdict::unavailable);
  EXPECT_EQ(ask_tbmq(client), R"(200 {"result":"failure"})");
  desk.says(Verdict::ignore);
  EXPECT_EQ(ask_tbmq(client), R"(200 {"result":"skipped"})");
  EXPECT_EQ(ask_tbmq("{"), R"(200 {"result":"failure"})");
  EXPECT_EQ(ask(answer_tbmq, "x", "/tbmq/x", client), R"(200 {"result":"failure"})");
}

TEST_F(AnswersTest, EventGridGetsAVerifiedNameOrNothing) {
  const auto ask_grid = [&](std::string body) {
    return ask(answer_eventgrid, "authenticate", "/eventgrid/authenticate", std::move(body));
  };
  const std::string client = R"({"userName":"alice","password":"dG9r","clientId":"c1"})";
  desk.says(Verdict::allow);
  desk.ruling.decision.principal = "device-7";
  desk.ruling.decision.principal_verified = true;
  desk.ruling.decision.attributes = {{"site", "7"}};
  desk.ruling.ends_at = kNow + 60;
  EXPECT_EQ(
      ask_grid(client),
      R"(200 {"decision":"allow","clientAuthenticationName":"device-7","attributes":{"site":"7"},"expiration":"1800000060"})");
  EXPECT_EQ(desk.password, "tok");
  desk.ruling.decision.principal_verified = false;
  EXPECT_THAT(ask_grid(client), HasSubstr("400 {\"decision\":\"deny\""));
  desk.says(Verdict::deny);
  EXPECT_EQ(ask_grid(client), R"(400 {"decision":"deny","errorReason":"refused"})");
  EXPECT_EQ(ask_grid(R"({"clientId":"c1","password":"?"})"), R"(400 {"decision":"deny","errorReason":"refused"})");
}

TEST_F(AnswersTest, IotOperationsGetsExpiryAttributesAndReasons) {
  const auto ask_ops = [&](std::string query, std::string body) {
    return ask(answer_iotops, "", "/iotops" + query, std::move(body));
  };
  const std::string client = R"({"type":"connect","username":"alice","password":"dG9r"})", query = "?api-version=0.5.0";
  desk.says(Verdict::allow);
  EXPECT_EQ(ask_ops(query, client), R"(200 {"attributes":{}})");
  EXPECT_EQ(desk.password, "tok");
  desk.ruling.decision.attributes = {{"site", "7"}};
  desk.ruling.ends_at = kNow;
  EXPECT_EQ(ask_ops(query, client), R"(200 {"attributes":{"site":"7"},"expiry":"2027-01-15T08:00:00Z"})");
  EXPECT_EQ(ask_ops(query, R"({"type":"auth"})"), R"(403 {"reason":135,"message":"refused"})");
  EXPECT_EQ(ask_ops("?api-version=9", client), R"(422 {"supportedVersions":["0.5.0"]})");
  desk.says(Verdict::unavailable);
  EXPECT_EQ(ask_ops(query, client), R"(403 {"reason":136,"message":"cannot decide now"})");
}

}  // namespace
}  // namespace sallyport::daemon
