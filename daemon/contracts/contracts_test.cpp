// EMQX 5 and 4.4, VerneMQ, NanoMQ, proxies and our own: requests as their documents and
// logs have them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "daemon/testing.h"

namespace sallyport::daemon {
namespace {

using testing::Asked;
using testing::FakeDesk;
using ::testing::HasSubstr;
using testing::kNow;
using ::testing::Not;

constexpr const char* kDenyVernemq = R"(200 {"result":{"error":"not_allowed"}})";

struct ContractTest : ::testing::Test {
  FakeDesk desk;
};

// -- EMQX 5 and 6

struct EmqxTest : ContractTest {
  std::string ask(const std::string& endpoint, const std::string& json) {
    Asked asked("POST", "/emqx/" + endpoint, json, "content-type: application/json\r\n");
    answer_emqx(endpoint, asked.request, desk, asked.response);
    EXPECT_EQ(asked.response.content_type, "application/json");
    return asked.said();
  }
  static constexpr const char* kClient =
      R"({"username":"alice","clientid":"c1","password":"tok","peerhost":"192.0.2.7"})";
};

TEST_F(EmqxTest, AllowsWithTheEndInWholeSeconds) {
  desk.says(Verdict::allow);
  desk.ruling.ends_at = kNow + 60;
  EXPECT_EQ(ask("authenticate", kClient),
            R"(200 {"result":"allow","is_superuser":false,"superuser":false,"expire_at":1800000060})");
  EXPECT_EQ(desk.username, "alice");
  EXPECT_EQ(desk.client_id, "c1");
  EXPECT_EQ(desk.password, "tok");
  EXPECT_EQ(desk.address, "192.0.2.7");
  desk.ruling.ends_at.reset();
  desk.ruling.decision.is_superuser = true;
  EXPECT_EQ(ask("authenticate", kClient), R"(200 {"result":"allow","is_superuser":true,"superuser":true})");
}

TEST_F(EmqxTest, AnEndThatCouldBeMillisecondsIsBroughtNearer) {
  desk.says(Verdict::allow);
  desk.ruling.ends_at = std::numeric_limits<UnixSeconds>::max();
  EXPECT_THAT(ask("authenticate", kClient), HasSubstr("\"expire_at\":2115360000}"));
}

TEST_F(EmqxTest, WhateverIsNoYesIsATwoHundredThatSaysSo) {
  desk.says(Verdict::deny);
  EXPECT_EQ(ask("authenticate", kClient), R"(200 {"result":"deny"})");
  desk.says(Verdict::unavailable);
  EXPECT_EQ(ask("authenticate", kClient), R"(200 {"result":"deny"})");
  desk.says(Verdict::ignore);
  EXPECT_EQ(ask("authenticate", kClient), R"(200 {"result":"ignore"})");
  EXPECT_EQ(ask("authenticate", "{broken"), R"(200 {"result":"deny"})");
  EXPECT_EQ(ask("authenticate", R"({"username":"a","username":"b"})"), R"(200 {"result":"deny"})");
  EXPECT_EQ(ask("elsewhere", kClient), R"(200 {"result":"deny"})");
}

TEST_F(EmqxTest, WhatIsAbsentComesAsAnEmptyText) {
  desk.says(Verdict::deny);
  ask("authenticate", R"({"username":"","clientid":"c1","password":"","peerhost":"192.0.2.7"})");
  EXPECT_EQ(desk.username, "(absent)");
  EXPECT_EQ(desk.password, "(absent)");
}

TEST_F(EmqxTest, AuthorizesFromTheAdmission) {
  desk.may(kMayPublish, "a/+");
  desk.says(Verdict::allow);
  const char* question =
      R"({"username":"alice","clientid":"c1","topic":"a/b","action":"publish","qos":1,"retain":false,"peerhost":"192.0.2.7"})";
  EXPECT_EQ(ask("authorize", question), R"(200 {"result":"deny"})");
  ask("authenticate", kClient);
  EXPECT_EQ(ask("authorize", question), R"(200 {"result":"allow"})");
  EXPECT_EQ(ask("authorize", R"({"username":"alice","clientid":"c1","topic":"a/b","access":"2"})"),
            R"(200 {"result":"allow"})");
  EXPECT_EQ(ask("authorize", R"({"username":"alice","clientid":"c1","topic":"a/b","action":"subscribe"})"),
            R"(200 {"result":"deny"})");
  EXPECT_EQ(ask("authorize", R"({"username":"alice","clientid":"c1","topic":"b","action":"publish"})"),
            R"(200 {"result":"deny"})");
  EXPECT_EQ(ask("authorize", R"({"username":"bob","clientid":"c1","topic":"a/b","action":"publish"})"),
            R"(200 {"result":"deny"})");
  EXPECT_EQ(ask("authorize", R"({"username":"alice","clientid":"c1","topic":"a/b"})"), R"(200 {"result":"deny"})");
}

TEST_F(EmqxTest, ATopicThatSettingsLeaveToOthersIsHandedOn) {
  TopicPolicy policy;
  policy.no_match = NoMatch::defer;
  desk.policy = std::make_shared<const TopicPolicy>(std::move(policy));
  desk.says(Verdict::allow);
  ask("authenticate", kClient);
  EXPECT_EQ(ask("authorize", R"({"username":"alice","clientid":"c1","topic":"b","action":"publish"})"),
            R"(200 {"result":"ignore"})");
}

// -- EMQX 4.4

struct Emqx4Test : ContractTest {
  std::string ask(const std::string& endpoint, const std::string& form) {
    Asked asked("POST", "/emqx4/" + endpoint, form);
    answer_emqx4(endpoint, asked.request, desk, asked.response);
    return asked.said();
  }
};

TEST_F(Emqx4Test, AnswersByStatus) {
  const char* form = "clientid=c1&username=alice&password=tok";
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("auth", form), "200 allow");
  EXPECT_EQ(desk.password, "tok");
  desk.says(Verdict::deny);
  EXPECT_EQ(ask("auth", form), "401 deny");
  desk.says(Verdict::ignore);
  EXPECT_EQ(ask("auth", form), "200 ignore");
  desk.says(Verdict::unavailable);
  EXPECT_EQ(ask("auth", form), "503 unavailable");
}

TEST_F(Emqx4Test, SuperAndAclComeFromTheAdmission) {
  const char* acl = "access=2&username=alice&clientid=c1&ipaddr=192.0.2.7&topic=a%2Fb&mountpoint=";
  EXPECT_EQ(ask("acl", acl), "403 deny");
  desk.says(Verdict::allow);
  ask("auth", "clientid=c1&username=alice&password=tok");
  EXPECT_EQ(ask("super", "clientid=c1&username=alice"), "403 deny");
  EXPECT_EQ(ask("acl", acl), "200 allow");
  EXPECT_EQ(ask("acl", "access=3&username=alice&clientid=c1&topic=a"), "403 deny");
  desk.ruling.decision.is_superuser = true;
  ask("auth", "clientid=c1&username=alice&password=tok");
  EXPECT_EQ(ask("super", "clientid=c1&username=alice"), "200 allow");
}

// -- VerneMQ

struct VernemqTest : ContractTest {
  std::optional<Asked> last;
  std::string ask(const std::string& hook, const std::string& json) {
    last.emplace("POST", "/vernemq", json, "vernemq-hook: " + hook + "\r\n");
    answer_vernemq("", last->request, desk, last->response);
    return last->said();
  }
  void let_in() {
    desk.says(Verdict::allow);
    ask("auth_on_register", kRegister);
  }
  static constexpr const char* kRegister =
      R"({"addr":"192.0.2.7","port":1,"mountpoint":"m","client_id":"c1","username":"alice","password":"tok","clean_session":true})";
};

TEST_F(VernemqTest, BoundsTheConnectionByTheToken) {
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("auth_on_register", kRegister), R"(200 {"result":"ok"})");
  EXPECT_EQ(desk.address, "192.0.2.7");
  desk.ruling.ends_at = kNow + 90;
  EXPECT_EQ(ask("auth_on_register_m5", kRegister), R"(200 {"result":"ok","modifiers":{"max_connection_lifetime":90}})");
  EXPECT_THAT(last->response.headers, Not(HasSubstr("max-age")));
  desk.ruling.ends_at = std::numeric_limits<UnixSeconds>::max();
  EXPECT_EQ(ask("auth_on_register", kRegister),
            R"(200 {"result":"ok","modifiers":{"max_connection_lifetime":4294967}})");
}

TEST_F(VernemqTest, RefusesInItsOwnWordsWithoutMaxAge) {
  for (const Verdict verdict : {Verdict::deny, Verdict::unavailable}) {
    desk.says(verdict);
    desk.said.cache_max_age = 60;
    EXPECT_EQ(ask("auth_on_register", kRegister), kDenyVernemq);
    EXPECT_EQ(last->response.headers, "");
  }
  desk.says(Verdict::ignore);
  EXPECT_EQ(ask("auth_on_register", kRegister), R"(200 {"result":"next"})");
}

TEST_F(VernemqTest, ANullIsAbsent) {
  desk.says(Verdict::deny);
  ask("auth_on_register", R"({"mountpoint":"","client_id":"c1","username":null,"password":null})");
  EXPECT_EQ(desk.username, "(absent)");
  EXPECT_EQ(desk.password, "(absent)");
}

TEST_F(VernemqTest, PublishesFromTheAdmissionOfItsMountpoint) {
  const char* publish =
      R"({"username":"alice","mountpoint":"m","client_id":"c1","qos":1,"topic":"a/b","payload":"aGk=","retain":false})";
  EXPECT_EQ(ask("auth_on_publish", publish), kDenyVernemq);
  let_in();
  EXPECT_EQ(ask("auth_on_publish", publish), R"(200 {"result":"ok"})");
  EXPECT_EQ(ask("auth_on_publish_m5", R"({"username":"alice","mountpoint":"","client_id":"c1","qos":1,"topic":"a/b"})"),
            kDenyVernemq);
}

TEST_F(VernemqTest, AnAnswerIsRememberedNoLongerThanThePromiseOrTheToken) {
  const char* publish = R"({"username":"alice","mountpoint":"m","client_id":"c1","qos":1,"topic":"a/b"})";
  let_in();
  ask("auth_on_publish", publish);
  EXPECT_EQ(last->response.headers, "");
  desk.said.cache_max_age = 60;
  ask("auth_on_publish", publish);
  EXPECT_EQ(last->response.headers, "cache-control: max-age=60\r\n");
  desk.ruling.ends_at = kNow + 7;
  let_in();
  ask("auth_on_publish", publish);
  EXPECT_EQ(last->response.headers, "cache-control: max-age=7\r\n");
}

TEST_F(VernemqTest, RefusesSingleFilters) {
  desk.may(kMaySubscribe, "a/#");
  let_in();
  const auto both = [&](const char* topics) {
    return std::string(R"({"username":"alice","mountpoint":"m","client_id":"c1","topics":)") + topics + "}";
  };
  EXPECT_EQ(ask("auth_on_subscribe", both(R"([["a/b",1]])")), R"(200 {"result":"ok"})");
  EXPECT_EQ(ask("auth_on_subscribe", both(R"([["a/b",1],["c",2]])")),
            R"(200 {"result":"ok","topics":[{"topic":"a/b","qos":1},{"topic":"c","qos":128}]})");
  EXPECT_EQ(ask("auth_on_subscribe_m5", both(R"([["c",2]])")),
            R"(200 {"result":"ok","modifiers":{"topics":[{"topic":"c","qos":135}]}})");
  EXPECT_EQ(ask("auth_on_subscribe", both("[]")), kDenyVernemq);
  EXPECT_EQ(ask("auth_on_subscribe", both(R"([["a"]])")), kDenyVernemq);
  EXPECT_EQ(ask("auth_on_subscribe", both(R"([["a/b",9]])")),
            R"(200 {"result":"ok","topics":[{"topic":"a/b","qos":128}]})");
}

TEST_F(VernemqTest, KnowsItsHooks) {
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("auth_on_everything", kRegister), R"(404 {"error":"no such hook"})");
  EXPECT_EQ(ask("auth_on_register", "[]"), R"(400 {"error":"no JSON object"})");
  EXPECT_EQ(desk.asked, 0);
  ask("on_auth_m5",
      R"({"username":"a","client_id":"c","mountpoint":"","properties":{"p_authentication_method":"JWT","p_authentication_data":"x"}})");
  EXPECT_EQ(desk.auth_method, "JWT");
}

// -- NanoMQ

struct NanomqTest : ContractTest {
  std::string ask(const std::string& endpoint, const std::string& form) {
    Asked asked("POST", "/nanomq/" + endpoint, form);
    answer_nanomq(endpoint, asked.request, desk, asked.response);
    return asked.said();
  }
};

TEST_F(NanomqTest, AnswersByStatusAlone) {
  const char* form = "clientid=c1&username=alice&password=eyJ.a%2Bb%2F%26%3D%25%C3%A9%20p";
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("auth", form), "200 allow");
  EXPECT_EQ(desk.password, "eyJ.a+b/&=%\xc3\xa9 p");
  for (const Verdict verdict : {Verdict::deny, Verdict::ignore, Verdict::unavailable}) {
    desk.says(verdict);
    EXPECT_EQ(ask("auth", form), "403 deny");
  }
}

TEST_F(NanomqTest, EveryFilterOfASubscribeMustBeAllowed) {
  desk.may(kMayBoth, "t/#");
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("acl", "clientid=c1&username=alice&access=1&ipaddr=127.0.0.1&topic=t%2F1"), "403 deny");
  ask("auth", "clientid=c1&username=alice&password=tok");
  EXPECT_EQ(ask("acl", "clientid=c1&username=alice&access=1&ipaddr=127.0.0.1&topic=t%2F1%2Ct%2F2"), "200 allow");
  EXPECT_EQ(ask("acl", "clientid=c1&username=alice&access=1&topic=t%2F1%2Cx"), "403 deny");
  EXPECT_EQ(ask("acl", "clientid=c1&username=alice&access=1&topic=t%2F1%2C"), "403 deny");
  EXPECT_EQ(ask("acl", "clientid=c1&username=alice&access=2&topic=x%2Ct%2F1"), "403 deny");
  EXPECT_EQ(ask("acl", "clientid=c1&username=alice&access=2&topic=t%2Fa%2Cx"), "200 allow");
}

TEST_F(NanomqTest, SuperIsDecidedAnewWhereThePasswordComesAgain) {
  const char* form = "clientid=c1&username=alice&password=tok";
  desk.ruling.decision.is_superuser = true;
  desk.says(Verdict::deny);
  EXPECT_EQ(ask("super", form), "403 deny");
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("super", form), "200 allow");
  desk.ruling.decision.is_superuser = false;
  EXPECT_EQ(ask("super", form), "403 deny");
  EXPECT_EQ(ask("super", "clientid=c2&username=alice"), "403 deny");
}

// -- nginx and Envoy

struct ProxyTest : ContractTest {
  std::optional<Asked> last;
  std::string ask(const std::string& headers, const std::string& endpoint = "check") {
    last.emplace("GET", "/proxy/" + endpoint, "", headers);
    answer_proxy(endpoint, last->request, desk, last->response);
    return last->said();
  }
};

TEST_F(ProxyTest, AllowsWithWhoItIsInHeaders) {
  desk.says(Verdict::allow);
  desk.ruling.decision.principal = "al\r\nice";
  desk.ruling.decision.principal_verified = true;
  desk.ruling.ends_at = kNow + 5;
  EXPECT_EQ(ask("authorization: Bearer a.b.c\r\n"), "200 allow");
  EXPECT_EQ(desk.password, "a.b.c");
  EXPECT_EQ(
      last->response.headers,
      "x-sallyport-principal: al%0D%0Aice\r\nx-sallyport-superuser: false\r\nx-sallyport-expires: 1800000005\r\n");
  desk.ruling.decision.principal_verified = false;
  ask("authorization: bEARER a.b.c\r\n");
  EXPECT_THAT(last->response.headers, HasSubstr("x-sallyport-principal: \r\n"));
  EXPECT_EQ(ask("authorization: Bearer a.b.c\r\n", "check/any/path"), "200 allow");
}

TEST_F(ProxyTest, TakesTheTokenAsTheUserNameWhereTokensAreThere) {
  desk.username_tokens = true;
  ask("authorization: Bearer a.b.c\r\n");
  EXPECT_EQ(desk.username, "a.b.c");
  EXPECT_EQ(desk.password, "(absent)");
}

TEST_F(ProxyTest, RefusesAsRfc6750Says) {
  desk.says(Verdict::deny);
  EXPECT_EQ(ask("authorization: Bearer a.b.c\r\n"), "401 deny");
  EXPECT_THAT(last->response.headers, HasSubstr("error=\"invalid_token\""));
  desk.says(Verdict::unavailable);
  EXPECT_EQ(ask("authorization: Bearer a.b.c\r\n"), "403 unavailable");
  desk.says(Verdict::allow);
  const int asked = desk.asked;
  for (const char* headers :
       {"", "authorization: Basic YTpi\r\n", "authorization: Bearer\r\n", "authorization: Bearer a b\r\n",
        "authorization: Bearer a,b\r\n", "authorization: Bearer a\r\nauthorization: Bearer b\r\n"}) {
    EXPECT_EQ(ask(headers), "401 deny") << headers;
    EXPECT_EQ(last->response.headers, "www-authenticate: Bearer realm=\"sallyport\"\r\n");
  }
  EXPECT_EQ(ask("authorization: Bearer a.b.c\r\n", "other"), "403 deny");
  EXPECT_EQ(desk.asked, asked);
}

// -- our own

struct V1Test : ContractTest {
  std::string ask(const std::string& endpoint, const std::string& json, bool may_explain = false) {
    Asked asked("POST", "/v1/" + endpoint, json);
    answer_v1(endpoint, asked.request, {may_explain}, desk, asked.response);
    return asked.said();
  }
};

TEST_F(V1Test, SaysTheDecisionInFull) {
  desk.says(Verdict::allow);
  desk.ruling.decision.authenticator = Authenticator::jwt;
  desk.ruling.decision.principal = "alice";
  desk.ruling.decision.expires_at = 7;
  EXPECT_EQ(
      ask("decide", R"({"id":1,"username":"u","clientid":"c","password":"p","peer":"192.0.2.7"})"),
      R"(200 {"id":1,"verdict":"allow","reason":"token_ok","class":"in","authenticator":"jwt","principal":"alice","principal_verified":false,"is_superuser":false,"expires_at":7})");
  EXPECT_EQ(desk.username, "u");
  EXPECT_EQ(desk.address, "192.0.2.7");
  EXPECT_EQ(desk.transport, Transport::http);
}

TEST_F(V1Test, ExplainsToThoseWhoMayAsk) {
  EXPECT_EQ(ask("decide", R"({"explain":true})"), R"(403 {"error":"this caller may not ask for explanations"})");
  EXPECT_EQ(desk.asked, 0);
  EXPECT_THAT(ask("decide", R"({"explain":true})", true), HasSubstr(R"("explanation":["jwt: a step"])"));
}

TEST_F(V1Test, ANameThatIsNotKnownIsAnErrorAndNotAbsent) {
  EXPECT_EQ(ask("decide", R"({"pasword":"p"})"), R"(400 {"error":"a name that is not known"})");
  EXPECT_EQ(ask("decide", R"({"now":1})"), R"(400 {"error":"a name that is not known"})");
  EXPECT_EQ(ask("decide", R"({"password":1})"), R"(400 {"error":"password is no text"})");
  EXPECT_EQ(ask("decide", R"([])"), R"(400 {"error":"an attempt is a JSON object"})");
  EXPECT_EQ(ask("decide", R"({"id":{}})"), R"(400 {"error":"id is neither a text nor a whole number"})");
  EXPECT_EQ(ask("decide", R"({"a":1}{)"), R"(400 {"error":"no strict JSON"})");
  EXPECT_EQ(desk.asked, 0);
}

TEST_F(V1Test, DecidesAList) {
  desk.says(Verdict::deny, Reason::expired);
  const std::string one =
      R"({"id":"a","verdict":"deny","reason":"expired","class":"time","authenticator":"none","principal":null,"principal_verified":false,"is_superuser":false,"expires_at":null})";
  EXPECT_EQ(ask("decide/batch", R"([{"id":"a"},{"id":"a"}])"), "200 {\"decisions\":[" + one + "," + one + "]}");
  EXPECT_EQ(ask("decide/batch", R"({"attempts":[]})"), R"(200 {"decisions":[]})");
  EXPECT_EQ(ask("decide/batch", R"({})"), R"(400 {"error":"a batch is a list of attempts"})");
}

TEST_F(V1Test, ChecksTopics) {
  desk.may(kMayPublish, "a/#");
  desk.says(Verdict::allow);
  EXPECT_THAT(ask("topics/check", R"({"password":"p","action":"publish","topics":["a/b","c"]})"),
              HasSubstr(R"("topics":[{"topic":"a/b","allowed":true},{"topic":"c","allowed":false}]})"));
  desk.says(Verdict::deny);
  EXPECT_THAT(ask("topics/check", R"({"password":"p","action":"publish","topics":["a/b"]})"),
              HasSubstr(R"("allowed":false)"));
  EXPECT_EQ(ask("topics/check", R"({"action":"read","topics":[]})"),
            R"(400 {"error":"action is neither publish nor subscribe"})");
}

}  // namespace
}  // namespace sallyport::daemon
