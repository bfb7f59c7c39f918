#include "auth/topic_rights.h"

#include <gtest/gtest.h>

#include "auth/testing.h"

namespace sallyport {
namespace {

using testing::Attempt;
using testing::gate;
using testing::judge;
using testing::token;

class TopicRightsTest : public ::testing::Test {
 protected:
  // What the gate says of this client; refusals have their reason in `decision`.
  TopicVerdict ask(const Attempt& attempt, TopicAction action, std::string_view topic) {
    decision = judge(attempt, snapshot, work);
    const TopicRights rights =
        decision.verdict == Verdict::allow ? TopicRights(decision, *attempt.client_id) : TopicRights();
    const TopicRequest request{action, topic, std::nullopt, std::nullopt, attempt.address};
    const TopicVerdict verdict = rights.check(request, snapshot.topics);
    // As another node reads them they say the same.
    std::string record;
    rights.append_record(record);
    const std::optional<TopicRights> read = TopicRights::from_record(record);
    EXPECT_TRUE(read && read->check(request, snapshot.topics) == verdict) << topic;
    EXPECT_FALSE(TopicRights::from_record(record + "x"));
    EXPECT_FALSE(TopicRights::from_record(record.substr(0, record.size() / 2)));
    return verdict;
  }
  TopicVerdict publish(const Attempt& attempt, std::string_view topic) {
    return ask(attempt, TopicAction::publish, topic);
  }
  void settings(NoMatch no_match, std::vector<TopicRuleSetting> rules = {}) {
    snapshot.topics = std::make_shared<const TopicPolicy>(
        TopicPolicy{no_match, SettingsTopicRules::compile(std::move(rules)).value()});
  }
  static TopicRuleSetting allow(std::string topic) {
    TopicRuleSetting rule;
    rule.topics = {std::move(topic)};
    return rule;
  }
  Reason refused(std::string_view payload) {
    decision = judge({"u", token(payload)}, snapshot, work);
    EXPECT_EQ(decision.verdict, Verdict::deny) << payload;
    return decision.reason;
  }
  GateSnapshot snapshot = gate();
  Workspace work;
  Decision decision;
};

TEST_F(TopicRightsTest, TheTokensOwnWordIsAskedBeforeTheSettings) {
  settings(NoMatch::deny, {allow("b")});
  const Attempt lists{"u", token(R"({"acl":{"pub":["a"]}})")},
      rules{"u", token(R"({"acl":[{"permission":"allow","action":"all","topic":"a"}]})")};
  EXPECT_EQ(publish(lists, "a"), TopicVerdict::allow);
  EXPECT_EQ(publish(lists, "b"), TopicVerdict::deny) << "what the lists do not cover is denied";
  EXPECT_EQ(publish(rules, "a"), TopicVerdict::allow);
  EXPECT_EQ(publish(rules, "b"), TopicVerdict::allow) << "the rules fall through";
  EXPECT_EQ(publish(rules, "c"), TopicVerdict::deny);
}

TEST_F(TopicRightsTest, NoMatchIsTheEnd) {
  const Attempt plain{"u", token("{}")};
  EXPECT_EQ(publish(plain, "a"), TopicVerdict::allow);
  settings(NoMatch::deny);
  EXPECT_EQ(publish(plain, "a"), TopicVerdict::deny);
  settings(NoMatch::defer);
  EXPECT_EQ(publish(plain, "a"), TopicVerdict::defer);
}

TEST_F(TopicRightsTest, ReservedTopicsNeedARuleThatNamesThem) {
  const Attempt plain{"u", token("{}")};
  for (const char* topic : {"$SYS", "$SYS/broker/uptime", "$CONTROL/dynamic-security/v1"}) {
    EXPECT_EQ(publish(plain, topic), TopicVerdict::deny) << topic;
    EXPECT_EQ(ask(plain, TopicAction::subscribe, topic), TopicVerdict::deny) << topic;
    EXPECT_EQ(ask(plain, TopicAction::subscribe, std::string("$share/g/") + topic), TopicVerdict::deny) << topic;
  }
  EXPECT_EQ(ask(plain, TopicAction::subscribe, "$SYS/#"), TopicVerdict::deny);
  EXPECT_EQ(publish(plain, "$SYSTEM/a"), TopicVerdict::allow);
  settings(NoMatch::allow, {allow("#"), allow("$SYS/#")});
  EXPECT_EQ(ask(plain, TopicAction::subscribe, "$SYS/#"), TopicVerdict::allow);
  EXPECT_EQ(publish(plain, "$CONTROL/x"), TopicVerdict::deny) << "\"#\" does not name it";
}

TEST_F(TopicRightsTest, ASuperuserMayDoEverythingAndIsOneByRecordOrByANamedClaim) {
  settings(NoMatch::deny);
  EXPECT_EQ(publish({"root", "right"}, "$CONTROL/x"), TopicVerdict::allow);
  EXPECT_EQ(publish({"ann", "right"}, "a"), TopicVerdict::deny);
  const Attempt claims_it{"u", token(R"({"admin":true})")};
  EXPECT_EQ(publish(claims_it, "a"), TopicVerdict::deny) << "by default no claim makes one";
  snapshot.jwt.plain.superuser_claim.emplace("admin");
  EXPECT_EQ(publish(claims_it, "a"), TopicVerdict::allow);
  for (const char* other : {R"({"admin":false})", R"({"admin":"true"})", R"({"admin":1})", R"({"admin":[true]})", "{}"})
    EXPECT_EQ(publish({"u", token(other)}, "a"), TopicVerdict::deny) << other;
}

TEST_F(TopicRightsTest, ATokenForSomebodyElseInheritsNothingOfTheNameInConnect) {
  TopicRuleSetting of_ann = allow("ann/#"), own = allow("own/%u");
  of_ann.users = {"ann"};
  settings(NoMatch::deny, {of_ann, own});
  EXPECT_EQ(publish({"ann", "right"}, "ann/x"), TopicVerdict::allow);
  EXPECT_EQ(publish({"mary", token(R"({"sub":"ann"})")}, "ann/x"), TopicVerdict::allow);
  EXPECT_EQ(publish({"mary", token(R"({"sub":"ann"})")}, "own/mary"), TopicVerdict::deny);
  // Without a claim that says who it is, the name is CONNECT's own say.
  const Attempt nobody{"eve", token(R"({"n":"eve"})")};
  EXPECT_EQ(publish(nobody, "own/eve"), TopicVerdict::deny);
  snapshot.jwt.plain.claims.push_back({ClaimPath("n"), Template::compile("%u").value()});
  EXPECT_EQ(publish(nobody, "own/eve"), TopicVerdict::allow) << "a claim had to equal it";
  EXPECT_TRUE(decision.principal_verified);
}

TEST_F(TopicRightsTest, TheClientIdCountsForPasswordUsersAndWhereAClaimBoundIt) {
  settings(NoMatch::deny, {allow("devices/%c")});
  const Attempt with_token{"u", token(R"({"id":"c1"})")};
  EXPECT_EQ(publish({"ann", "right"}, "devices/c1"), TopicVerdict::allow);
  EXPECT_EQ(publish(with_token, "devices/c1"), TopicVerdict::deny);
  snapshot.jwt.plain.claims.push_back({ClaimPath("id"), Template::compile("%c").value()});
  EXPECT_EQ(publish(with_token, "devices/c1"), TopicVerdict::allow);
  snapshot.jwt.plain.verify_claims = false;
  EXPECT_EQ(publish(with_token, "devices/c1"), TopicVerdict::deny);
}

TEST_F(TopicRightsTest, RulesSpeakOfTheGroupsOfAToken) {
  TopicRuleSetting ops = allow("ops/#");
  ops.groups = {"operators"};
  settings(NoMatch::deny, {ops});
  const Attempt operator_token{"u", token(R"({"realm_access":{"roles":["x","operators"]}})")};
  EXPECT_EQ(publish(operator_token, "ops/a"), TopicVerdict::deny);
  snapshot.jwt.plain.groups_claims.emplace_back("/realm_access/roles");
  EXPECT_EQ(publish(operator_token, "ops/a"), TopicVerdict::allow);
  EXPECT_EQ(publish({"u", token(R"({"realm_access":{"roles":["x"]}})")}, "ops/a"), TopicVerdict::deny);
  EXPECT_EQ(publish({"ann", "right"}, "ops/a"), TopicVerdict::deny);
}

TEST_F(TopicRightsTest, AnIssuerGrantsNoMoreThanItMay) {
  snapshot.jwt.plain.rights.may_grant = {{"site-7/#"}};
  const Attempt everything{"u", token(R"({"acl":{"all":["#"]}})")};
  EXPECT_EQ(publish(everything, "site-7/a"), TopicVerdict::allow);
  EXPECT_EQ(publish(everything, "site-8/a"), TopicVerdict::deny);
  EXPECT_EQ(ask(everything, TopicAction::subscribe, "#"), TopicVerdict::deny);
}

TEST_F(TopicRightsTest, RightsThatCannotBeReadRefuseTheToken) {
  EXPECT_EQ(refused(R"({"acl":7})"), Reason::malformed_rights);
  EXPECT_EQ(refused(R"({"acl":{"pub":["a/#/b"]}})"), Reason::malformed_rights);
  EXPECT_EQ(refused(R"({"acl":[{"permission":"allow","action":"all","topic":"a","weekday":"monday"}]})"),
            Reason::unsupported_condition);
  // The same under another name is nobody's business.
  snapshot.jwt.plain.rights.acl = ClaimPath("rights");
  EXPECT_EQ(publish({"u", token(R"({"acl":7})")}, "a"), TopicVerdict::allow);
}

TEST_F(TopicRightsTest, NewSettingsHoldForThoseWhoAreIn) {
  settings(NoMatch::deny, {allow("a")});
  decision = judge({"ann", "right"}, snapshot, work);
  const TopicRights rights(decision, "c1");
  const TopicRequest a{TopicAction::publish, "a", {}, {}, {}}, b{TopicAction::publish, "b", {}, {}, {}};
  EXPECT_EQ(rights.check(a, snapshot.topics), TopicVerdict::allow);
  settings(NoMatch::deny, {allow("b")});
  EXPECT_EQ(rights.check(a, snapshot.topics), TopicVerdict::deny);
  EXPECT_EQ(rights.check(b, snapshot.topics), TopicVerdict::allow);
}

TEST_F(TopicRightsTest, WhoWasNotAdmittedHasNoRights) {
  settings(NoMatch::deny, {});
  EXPECT_EQ(publish({"ann", "wrong"}, "a"), TopicVerdict::deny);
}

}  // namespace
}  // namespace sallyport
