#include "rules/token_rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/base64url.h"

namespace sallyport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TopicAnswer kAllow = TopicAnswer::allow, kDeny = TopicAnswer::deny, kNothing = TopicAnswer::no_match;

// The claims of one token, alive as long as its rights are read.
struct Token {
  std::string text;
  JsonTape tape;
  explicit Token(std::string claims) : text(std::move(claims)) {
    EXPECT_EQ(tape.parse(text.data(), text.size()), JsonError::none) << text;
  }
};

const TopicValues kClient{"emqx_u", "emqx_c", std::nullopt};

std::shared_ptr<const TopicRules> rights(const std::string& claims, const RightsPolicy& policy = {},
                                         const TopicValues& values = kClient) {
  const Token token(claims);
  auto read = read_token_rights(token.tape.root(), policy, values);
  EXPECT_TRUE(read) << claims << ": " << name(read.error());
  return read ? *read : nullptr;
}

std::string refusal(const std::string& claims, const RightsPolicy& policy = {}) {
  const Token token(claims);
  const auto read = read_token_rights(token.tape.root(), policy, kClient);
  return read ? "none" : std::string(name(read.error()));
}

TopicAnswer ask(const std::shared_ptr<const TopicRules>& rules, TopicAction action, std::string_view topic, int qos = 0,
                bool retain = false) {
  return rules->check({action, topic, static_cast<std::uint8_t>(qos), retain, "192.0.2.7"});
}
constexpr TopicAction kPublish = TopicAction::publish, kSubscribe = TopicAction::subscribe;

RightsPolicy oauth() {
  RightsPolicy policy;
  policy.scope_patterns.push_back(ScopePattern::compile("mqtt.{action}:{topic}").value());
  return policy;
}

TEST(TokenRightsTest, FindsNoneWhereTheTokenSpeaksOfNoTopic) {
  EXPECT_EQ(rights(R"({"sub":"a"})"), nullptr);
  EXPECT_EQ(rights(R"({"acl":[]})"), nullptr);
  EXPECT_EQ(rights(R"({"scope":"openid profile"})"), nullptr);
  EXPECT_EQ(rights(R"({"scope":{"a":1}})"), nullptr);
}

TEST(TokenRightsTest, ReadsListsOfTopicsAndDeniesTheRest) {
  const auto r = rights(
      R"({"acl":{"pub":["testpub1/${username}","testpub2/%u"],"sub":["testsub1/${clientid}","testsub2/%c"],"all":["testall/#"]}})");
  struct {
    TopicAction action;
    std::string_view topic;
    TopicAnswer answer;
  } const table[] = {
      {kPublish, "testpub1/emqx_u", kAllow},   {kPublish, "testpub2/emqx_u", kAllow},
      {kPublish, "testpub1/other", kDeny},     {kSubscribe, "testpub1/emqx_u", kDeny},
      {kSubscribe, "testsub1/emqx_c", kAllow}, {kSubscribe, "testsub2/emqx_c", kAllow},
      {kPublish, "testsub1/emqx_c", kDeny},    {kPublish, "testall/x", kAllow},
      {kSubscribe, "testall/#", kAllow},       {kSubscribe, "#", kDeny},
      {kPublish, "elsewhere", kDeny},
  };
  for (const auto& row : table) EXPECT_EQ(ask(r, row.action, row.topic), row.answer) << row.topic;
  EXPECT_EQ(ask(rights(R"({"acl":{}})"), kPublish, "a"), kDeny);
  EXPECT_EQ(ask(rights(R"({"acl":{"pub":[]}})"), kPublish, "a"), kDeny);
}

// The example of EMQX's "Access Control List" page, with what the page says of each rule.
TEST(TokenRightsTest, ReadsTheListOfRulesAsItIsDocumented) {
  const auto r = rights(R"({"acl":[
    {"permission":"allow","action":"publish","topic":"t/${clientid}"},
    {"permission":"allow","action":"subscribe","topic":"eq t/1/#","qos":[1]},
    {"permission":"deny","action":"publish","topic":"t/2","retain":true},
    {"permission":"deny","action":"all","topic":"t/3"}]})");
  struct {
    TopicAction action;
    std::string_view topic;
    int qos;
    bool retain;
    TopicAnswer answer;
  } const table[] = {
      {kPublish, "t/emqx_c", 0, false, kAllow},    {kSubscribe, "t/emqx_c", 0, false, kNothing},
      {kPublish, "t/other", 0, false, kNothing},   {kSubscribe, "t/1/#", 1, false, kAllow},
      {kSubscribe, "t/1/#", 0, false, kNothing},   {kSubscribe, "t/1/#", 2, false, kNothing},
      {kSubscribe, "t/1/x", 1, false, kNothing},   {kSubscribe, "t/1/y", 1, false, kNothing},
      {kPublish, "t/2", 0, true, kDeny},           {kPublish, "t/2", 0, false, kNothing},
      {kPublish, "t/3", 2, true, kDeny},           {kSubscribe, "t/3", 0, false, kDeny},
      {kPublish, "elsewhere", 0, false, kNothing},
  };
  for (const auto& row : table)
    EXPECT_EQ(ask(r, row.action, row.topic, row.qos, row.retain), row.answer) << row.topic << " qos " << row.qos;
}

TEST(TokenRightsTest, TakesEverySpellingOfAConditionThatIssuersUse) {
  const auto with = [](const std::string& condition) {
    return R"({"acl":[{"permission":"allow","action":"pub","topics":["a","b"],)" + condition + "}]}";
  };
  for (const char* qos : {R"("qos":1)", R"("qos":"1")", R"("qos":[1])", R"("qos":["1"])"}) {
    EXPECT_EQ(ask(rights(with(qos)), kPublish, "b", 1), kAllow) << qos;
    EXPECT_EQ(ask(rights(with(qos)), kPublish, "b", 0), kNothing) << qos;
  }
  EXPECT_EQ(ask(rights(with(R"("qos":"0,2")")), kPublish, "a", 2), kAllow);
  EXPECT_EQ(ask(rights(with(R"("qos":"0,2")")), kPublish, "a", 1), kNothing);
  for (const char* retain : {R"("retain":true)", R"("retain":"true")", R"("retain":1)", R"("retain":"1")"}) {
    EXPECT_EQ(ask(rights(with(retain)), kPublish, "a", 0, true), kAllow) << retain;
    EXPECT_EQ(ask(rights(with(retain)), kPublish, "a", 0, false), kNothing) << retain;
  }
  for (const char* any :
       {R"("retain":"all")", R"("qos":null)", R"("retain":null,"ipaddr":null)", R"("ipaddr":"192.0.2.0/24")"})
    EXPECT_EQ(ask(rights(with(any)), kPublish, "a", 0, true), kAllow) << any;
  EXPECT_EQ(ask(rights(with(R"("ipaddr":"198.51.100.1")")), kPublish, "a"), kNothing);
}

TEST(TokenRightsTest, RefusesConditionsThatItDoesNotKnow) {
  for (const char* condition : {R"("clientid_re":"^a")", R"("username_re":"^a")", R"("zone":"z")",
                                R"("listener":"tcp:default")", R"("Qos":1)", R"("who":"all")"}) {
    EXPECT_EQ(refusal(std::string(R"({"acl":[{"permission":"allow","action":"all","topic":"a",)") + condition + "}]}"),
              "unsupported_condition")
        << condition;
  }
  EXPECT_EQ(refusal(R"({"acl":{"pub":["a"],"deny":["b"]}})"), "unsupported_condition");
  EXPECT_EQ(refusal(R"({"acl":{"pub":["a/${zone}"]}})"), "unsupported_condition");
  EXPECT_EQ(refusal(R"({"acl":{"pub":["a/${clientid}"]}})"), "none");
}

TEST(TokenRightsTest, RefusesRightsThatCannotBeRead) {
  const char* const rules[] = {
      R"(7)",
      R"("a/b")",
      R"(null)",
      R"(true)",
      R"(["a"])",
      R"([{}])",
      R"({"pub":"a"})",
      R"({"pub":[7]})",
      R"({"pub":[""]})",
      R"({"pub":["a#"]})",
      R"({"sub":null})",
      R"([{"permission":"allow","action":"all"}])",
      R"([{"permission":"allow","topic":"a"}])",
      R"([{"action":"all","topic":"a"}])",
      R"([{"permission":"Allow","action":"all","topic":"a"}])",
      R"([{"permission":"allow","action":"write","topic":"a"}])",
      R"([{"permission":"allow","action":"all","topic":["a"]}])",
      R"([{"permission":"allow","action":"all","topics":"a"}])",
      R"([{"permission":"allow","action":"all","topic":"a","topics":["b"]}])",
      R"([{"permission":"allow","action":"all","topic":"a/#/b"}])",
      R"([{"permission":"allow","action":"all","topic":"eq "}])",
      R"([{"permission":"allow","action":"all","topic":"$share/g/a"}])",
      R"([{"permission":"allow","action":"all","topic":"a","qos":3}])",
      R"([{"permission":"allow","action":"all","topic":"a","qos":[0,"x"]}])",
      R"([{"permission":"allow","action":"all","topic":"a","qos":true}])",
      R"([{"permission":"allow","action":"all","topic":"a","retain":2}])",
      R"([{"permission":"allow","action":"all","topic":"a","ipaddr":"10.0.0.0/99"}])",
      R"([{"permission":"allow","action":"all","topic":"a","ipaddr":["10.0.0.1"]}])",
  };
  for (const char* acl : rules) EXPECT_EQ(refusal(std::string(R"({"acl":)") + acl + "}"), "malformed_rights") << acl;
  EXPECT_EQ(
      refusal(
          R"({"acl":[{"permission":"allow","action":"all","topic":"a","qos":[0,2],"retain":false,"ipaddr":"10.0.0.0/8"}]})"),
      "none");
}

TEST(TokenRightsTest, NeverWidensByWhatTheClientCallsItself) {
  const std::string claims = R"({"acl":{"all":["devices/%c/#","%c/#","u/%u"]}})";
  for (std::string_view evil : {"#", "+", "a/b", "+/#"}) {
    const auto r = rights(claims, {}, {evil, evil, std::nullopt});
    for (std::string_view topic : {"devices/x", "devices/a/b/c", "x/y", "a/b", "u/a"})
      EXPECT_EQ(ask(r, kPublish, topic), kDeny) << evil << " " << topic;
    for (std::string_view filter : {"devices/#", "devices/+/#", "#", "+/#", "u/#", "u/+", "devices/a/b/#"})
      EXPECT_EQ(ask(r, kSubscribe, filter), kDeny) << evil << " " << filter;
  }
  EXPECT_EQ(ask(rights(claims, {}, {"u", "$SYS", std::nullopt}), kSubscribe, "$SYS/#"), kDeny);
  EXPECT_EQ(ask(rights(claims, {}, {std::nullopt, std::nullopt, std::nullopt}), kPublish, "devices//x"), kDeny);
  EXPECT_EQ(ask(rights(claims), kPublish, "devices/emqx_c/x"), kAllow);
}

TEST(TokenRightsTest, ReadsEqBeforeItFillsValuesIn) {
  const auto r = rights(R"({"acl":{"sub":["%c"]}})", {}, {"u", "eq a", std::nullopt});
  EXPECT_EQ(ask(r, kSubscribe, "a"), kDeny);
  EXPECT_EQ(ask(r, kSubscribe, "eq a"), kAllow);
}

TEST(TokenRightsTest, FillsAttributesFromTheTokensOwnClaim) {
  const std::string acl = R"("acl":{"all":["s/${client_attrs.site}/#"]})";
  EXPECT_EQ(ask(rights(R"({"client_attrs":{"site":"north"},)" + acl + "}"), kPublish, "s/north/x"), kAllow);
  for (const char* other :
       {R"("client_attrs":{"site":"#"},)", R"("client_attrs":{"site":7},)", R"("client_attrs":"north",)", ""})
    EXPECT_EQ(ask(rights(std::string("{") + other + acl + "}"), kPublish, "s/north/x"), kDeny) << other;
}

TEST(TokenRightsTest, FindsTheClaimWhereTheSettingsSay) {
  RightsPolicy policy;
  policy.acl = ClaimPath("/mqtt/rights");
  EXPECT_EQ(ask(rights(R"({"acl":7,"mqtt":{"rights":{"pub":["a"]}}})", policy), kPublish, "a"), kAllow);
  policy.acl = ClaimPath("");
  EXPECT_EQ(rights(R"({"acl":{"pub":["a"]}})", policy), nullptr);
}

// RFC 9431, figure 2: AIF-MQTT.
TEST(TokenRightsTest, ReadsAScopeOfRfc9431) {
  const std::string aif = R"([["topic1",["pub","sub"]],["topic2/#",["pub"]],["+/topic3",["sub"]]])";
  for (const std::string& claims : {R"({"scope":")" + encode_base64url(aif) + R"("})", R"({"scope":)" + aif + "}"}) {
    const auto r = rights(claims);
    EXPECT_EQ(ask(r, kPublish, "topic1"), kAllow);
    EXPECT_EQ(ask(r, kSubscribe, "topic1"), kAllow);
    EXPECT_EQ(ask(r, kPublish, "topic2/a/b"), kAllow);
    EXPECT_EQ(ask(r, kSubscribe, "topic2/a"), kDeny);
    EXPECT_EQ(ask(r, kSubscribe, "x/topic3"), kAllow);
    EXPECT_EQ(ask(r, kPublish, "elsewhere"), kDeny);
  }
  EXPECT_EQ(ask(rights(R"({"scope":")" + encode_base64url("[]") + R"("})"), kPublish, "a"), kDeny)
      << "an empty AIF gives nothing";
}

TEST(TokenRightsTest, RefusesAScopeThatWasMeantAsRfc9431AndIsNot) {
  for (const char* bad :
       {R"([["a"]])", R"([["a","pub"]])", R"([["a",["pub"],1]])", R"([["a",["write"]]])", R"([[7,["pub"]]])",
        R"(["a"])", R"([["a#",["pub"]]])", R"([["a",["pub"])", R"([ ["a",["pub"]],])"})
    EXPECT_EQ(refusal(R"({"scope":")" + encode_base64url(bad) + R"("})"), "malformed_rights") << bad;
  EXPECT_EQ(refusal(R"({"scope":")" + encode_base64url("[x") + R"("})"), "none")
      << "a word that only begins so by chance";
  std::string cut = encode_base64url(R"([["devices/#",["pub"]]])");
  cut.resize(cut.size() - 1 - (cut.size() % 4 == 2));
  EXPECT_EQ(refusal(R"({"scope":")" + cut + R"(="})"), "malformed_rights");
}

TEST(TokenRightsTest, ReadsWordsOfAnOAuthScope) {
  const auto r = rights(R"({"scope":"openid mqtt.publish:devices/%c/# mqtt.sub:cmd/%c  mqtt.all:both"})", oauth());
  EXPECT_EQ(ask(r, kPublish, "devices/emqx_c/x"), kAllow);
  EXPECT_EQ(ask(r, kSubscribe, "devices/emqx_c/x"), kDeny);
  EXPECT_EQ(ask(r, kSubscribe, "cmd/emqx_c"), kAllow);
  EXPECT_EQ(ask(r, kSubscribe, "both"), kAllow);
  EXPECT_EQ(ask(r, kPublish, "elsewhere"), kDeny);
  EXPECT_EQ(ask(rights(R"({"scope":["mqtt.pub:a","x"]})", oauth()), kPublish, "a"), kAllow);
  EXPECT_EQ(rights(R"({"scope":"openid mqtt.publish: mqtt.fly:a xmqtt.publish:a"})", oauth()), nullptr);
  EXPECT_EQ(refusal(R"({"scope":"mqtt.publish:a#"})", oauth()), "malformed_rights");
  EXPECT_EQ(rights(R"({"scope":"mqtt.publish:a"})"), nullptr) << "without a pattern a word is a word";
}

TEST(TokenRightsTest, CompilesOnlyPatternsThatCanBeRead) {
  for (std::string_view good : {"mqtt.{action}:{topic}", "{action}:{topic}", "x:{action}-{topic}"})
    EXPECT_TRUE(ScopePattern::compile(good)) << good;
  for (std::string_view bad :
       {"", "mqtt.publish:{topic}", "{action}{topic}", "{topic}:{action}", "{action}:{topic}x", "a {action}:{topic}"})
    EXPECT_FALSE(ScopePattern::compile(bad)) << bad;
}

TEST(TokenRightsTest, AddsUpAllShapesThatATokenHas) {
  const auto r =
      rights(R"({"acl":[{"permission":"deny","action":"all","topic":"a/secret"}],"scope":"mqtt.all:a/#"})", oauth());
  EXPECT_EQ(ask(r, kPublish, "a/x"), kAllow);
  EXPECT_EQ(ask(r, kPublish, "a/secret"), kDeny);
  EXPECT_EQ(ask(r, kPublish, "b"), kDeny);
}

TEST(TokenRightsTest, GrantsNoMoreThanTheIssuerMay) {
  RightsPolicy policy = oauth();
  policy.may_grant = {"site-7/#"};
  for (const char* claims : {R"({"acl":{"all":["#"]}})", R"({"scope":"mqtt.all:#"})"}) {
    const auto r = rights(claims, policy);
    EXPECT_EQ(ask(r, kPublish, "site-7/a"), kAllow);
    EXPECT_EQ(ask(r, kSubscribe, "#"), kDeny);
    EXPECT_EQ(ask(r, kPublish, "site-8/a"), kDeny);
  }
  const auto list = rights(
      R"({"acl":[{"permission":"allow","action":"all","topic":"#"},{"permission":"deny","action":"all","topic":"x"}]})",
      policy);
  EXPECT_EQ(ask(list, kPublish, "site-8/a"), kNothing) << "left to the settings' rules";
  EXPECT_EQ(ask(list, kPublish, "x"), kDeny) << "denials are not limited";
}

TEST(TokenRightsTest, BoundsWhatATokenCanMakeItHold) {
  std::string many = R"({"acl":{"pub":[)";
  for (int i = 0; i < 5000; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + '"';
  EXPECT_EQ(refusal(many + "]}}"), "malformed_rights");
  const std::string long_id(50'000, 'c');
  std::string bomb = R"({"acl":{"pub":["%c")";
  for (int i = 0; i < 1000; ++i) bomb += R"(,"%c")";
  const Token token(bomb + "]}}");
  const auto read = read_token_rights(token.tape.root(), {}, {"u", long_id, std::nullopt});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), Reason::malformed_rights);
}

TEST(GroupsTest, ReadsRolesListsAndScopes) {
  const Token token(
      R"({"realm_access":{"roles":["admin","ops"]},"groups":"solo","scope":"a b  c","bad":7,"mixed":["x",1,null,""]})");
  std::vector<ClaimPath> paths;
  for (const char* path : {"/realm_access/roles", "groups", "scope", "bad", "mixed", "missing"})
    paths.emplace_back(path);
  EXPECT_THAT(read_groups(token.tape.root(), paths), ElementsAre("admin", "ops", "solo", "a", "b", "c", "x"));
  EXPECT_THAT(read_groups(token.tape.root(), {}), IsEmpty());
}

}  // namespace
}  // namespace sallyport
