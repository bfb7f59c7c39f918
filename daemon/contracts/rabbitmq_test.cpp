// The requests are those that RabbitMQ 3.10, 4.0 and 4.3 were seen to send.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/testing.h"

namespace sallyport::daemon {
namespace {

using testing::Asked;
using testing::FakeDesk;

class RabbitmqTest : public ::testing::Test {
 protected:
  std::string ask(const std::string& endpoint, const std::string& form) {
    Asked asked("POST", "/rabbitmq/" + endpoint, form);
    answer_rabbitmq(endpoint, asked.request, desk, asked.response);
    return asked.said();
  }
  void let_in() {
    desk.says(Verdict::allow);
    ASSERT_EQ(ask("user", "username=alice&vhost=%2F&client_id=cid&password=tok"), "200 allow");
  }
  std::string resource(const std::string& kind, const std::string& title, const std::string& permission) {
    return ask("resource", "username=alice&vhost=%2F&resource=" + kind + "&name=" + title +
                               "&permission=" + permission + "&tags=&client_id=cid");
  }
  std::string topic(const std::string& permission, const std::string& key, const std::string& client = "cid") {
    return ask("topic", "username=alice&vhost=%2F&resource=topic&name=amq.topic&permission=" + permission +
                            "&tags=&routing_key=" + key + "&variable_map.client_id=" + client +
                            "&variable_map.username=alice&variable_map.vhost=%2F");
  }
  FakeDesk desk;
};

TEST_F(RabbitmqTest, ReadsTheUserQuestionInEitherOrderOfFields) {
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("user", "username=alice&vhost=%2F&client_id=cid&password=p+w%26%3D%25%2F%C3%A9"), "200 allow");
  EXPECT_EQ(desk.username, "alice");
  EXPECT_EQ(desk.password, "p w&=%/\xc3\xa9");
  EXPECT_EQ(desk.client_id, "cid");
  EXPECT_EQ(desk.transport, Transport::http);
  EXPECT_EQ(ask("user", "username=bob&password=tok&vhost=%2F&client_id=c2"), "200 allow");
  EXPECT_EQ(desk.username, "bob");
}

TEST_F(RabbitmqTest, AnswersAGetByItsQuery) {
  desk.says(Verdict::allow);
  Asked asked("GET", "/rabbitmq/user?username=alice&vhost=%2F&client_id=cid&password=t%2B", "");
  answer_rabbitmq("user", asked.request, desk, asked.response);
  EXPECT_EQ(asked.said(), "200 allow");
  EXPECT_EQ(desk.password, "t+");
}

TEST_F(RabbitmqTest, SaysAllowOrDenyAndNothingElse) {
  for (const Verdict verdict : {Verdict::deny, Verdict::ignore, Verdict::unavailable}) {
    desk.says(verdict);
    EXPECT_EQ(ask("user", "username=alice&vhost=%2F&client_id=cid&password=tok"), "200 deny");
  }
}

TEST_F(RabbitmqTest, AnEmptyUserNameComesInOnlyWhereTheTokenNamesItsUser) {
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("user", "username=&vhost=%2F&client_id=cid&password=tok"), "200 deny");
  desk.ruling.decision.principal_verified = true;
  EXPECT_EQ(ask("user", "username=&vhost=%2F&client_id=cid&password=tok"), "200 allow");
}

TEST_F(RabbitmqTest, TheWordNoneIsNoProofOfACertificate) {
  desk.says(Verdict::deny);
  EXPECT_EQ(ask("user", "username=O%3Dclient&vhost=%2F&client_id=cid&password=none"), "200 deny");
  EXPECT_EQ(desk.password, "none");
}

TEST_F(RabbitmqTest, LaterQuestionsAreAnsweredFromTheAdmissionAlone) {
  EXPECT_EQ(ask("vhost", "username=alice&vhost=%2F&ip=127.0.0.1&tags=&client_id=cid"), "200 deny");
  let_in();
  const int asked = desk.asked;
  EXPECT_EQ(ask("vhost", "username=alice&vhost=%2F&ip=127.0.0.1&tags=&client_id=cid"), "200 allow");
  EXPECT_EQ(ask("vhost", "username=alice&vhost=other&ip=127.0.0.1&tags=&client_id=cid"), "200 deny");
  EXPECT_EQ(ask("vhost", "username=alice&vhost=%2F&ip=127.0.0.1&tags=&client_id=cid2"), "200 deny");
  EXPECT_EQ(ask("vhost", "username=bob&vhost=%2F&ip=127.0.0.1&tags=&client_id=cid"), "200 deny");
  EXPECT_EQ(topic("write", "a.b.c"), "200 allow");
  EXPECT_EQ(topic("write", "a.b.c", "cid2"), "200 deny");
  EXPECT_EQ(desk.asked, asked);
}

TEST_F(RabbitmqTest, AFailedAttemptLeavesTheAdmissionAsItWas) {
  let_in();
  desk.says(Verdict::deny);
  EXPECT_EQ(ask("user", "username=alice&vhost=%2F&client_id=cid&password=wrong"), "200 deny");
  EXPECT_EQ(topic("write", "a"), "200 allow");
}

TEST_F(RabbitmqTest, AfterItsEndAnAdmissionIsNone) {
  desk.ruling.ends_at = testing::kNow;
  let_in();
  EXPECT_EQ(topic("write", "a"), "200 deny");
  desk.ruling.ends_at = testing::kNow + 1;
  let_in();
  EXPECT_EQ(topic("write", "a"), "200 allow");
}

TEST_F(RabbitmqTest, AQueueIsAClientsOwnByItsNameAlone) {
  let_in();
  for (const char* permission : {"configure", "read", "write"}) {
    EXPECT_EQ(resource("queue", "mqtt-subscription-cidqos0", permission), "200 allow");
    EXPECT_EQ(resource("queue", "mqtt-subscription-cidqos1", permission), "200 allow");
    EXPECT_EQ(resource("queue", "mqtt-will-cid", permission), "200 allow");
    for (const char* other :
         {"mqtt-subscription-cid2qos0", "mqtt-subscription-cidqos2", "mqtt-subscription-cid",
          "mqtt-subscription-cidqos0x", "mqtt-subscription-qos0", "mqtt-will-cid2", "mqtt-will-", "orders", ""})
      EXPECT_EQ(resource("queue", other, permission), "200 deny") << other;
  }
  EXPECT_EQ(resource("queue", "mqtt-will-cid", "delete"), "200 deny");
}

TEST_F(RabbitmqTest, OneExchangeIsForMqtt) {
  let_in();
  EXPECT_EQ(resource("exchange", "amq.topic", "read"), "200 allow");
  EXPECT_EQ(resource("exchange", "amq.topic", "write"), "200 allow");
  EXPECT_EQ(resource("exchange", "amq.topic", "configure"), "200 deny");
  EXPECT_EQ(resource("exchange", "amq.default", "write"), "200 allow");  // a delayed will
  EXPECT_EQ(resource("exchange", "amq.default", "read"), "200 deny");
  EXPECT_EQ(resource("exchange", "amq.fanout", "write"), "200 deny");
  desk.said.rabbitmq_exchange = "mqtt";
  EXPECT_EQ(resource("exchange", "mqtt", "write"), "200 allow");
  EXPECT_EQ(resource("exchange", "amq.topic", "write"), "200 deny");
}

TEST_F(RabbitmqTest, ARoutingKeyIsReadAsTheTopicThatItWas) {
  desk.may(kMaySubscribe, "d/+/up/#");
  let_in();
  EXPECT_EQ(topic("read", "d.%2A.up.%23"), "200 allow");
  EXPECT_EQ(topic("read", "d.x.up.y"), "200 allow");
  EXPECT_EQ(topic("read", "d.%23"), "200 deny");
  EXPECT_EQ(topic("write", "d.x.up.y"), "200 deny");
  EXPECT_EQ(topic("configure", "d.x.up.y"), "200 deny");
}

TEST_F(RabbitmqTest, ASharedSubscriptionIsGrantedAsAPlainOneThereSoItIsNotGranted) {
  let_in();
  EXPECT_EQ(topic("read", "%24share.g.t"), "200 deny");
  EXPECT_EQ(topic("read", "t"), "200 allow");
}

TEST_F(RabbitmqTest, WithoutAClientIdNobodyIsAnsweredUnlessSettingsSaySo) {
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("user", "username=amqp&password=tok"), "200 deny");
  EXPECT_EQ(desk.asked, 0);
  desk.said.without_client_id = true;
  EXPECT_EQ(ask("user", "username=amqp&password=tok"), "200 allow");
  EXPECT_EQ(ask("vhost", "username=amqp&vhost=%2F&ip=127.0.0.1&tags="), "200 allow");
  EXPECT_EQ(ask("resource", "username=amqp&vhost=%2F&resource=exchange&name=amq.topic&permission=write&tags="),
            "200 allow");
  EXPECT_EQ(ask("resource", "username=amqp&vhost=%2F&resource=exchange&name=amq.default&permission=write&tags="),
            "200 deny");
  EXPECT_EQ(ask("resource", "username=amqp&vhost=%2F&resource=queue&name=q&permission=read&tags="), "200 deny");
}

TEST_F(RabbitmqTest, RefusesWhatItCannotRead) {
  desk.says(Verdict::allow);
  EXPECT_EQ(ask("user", "username=a&username=b&client_id=c&password=t"), "400 no form");
  EXPECT_EQ(ask("user", "client_id=c&password=t"), "200 deny");
  EXPECT_EQ(ask("users", "username=a"), "404 no such question");
  EXPECT_EQ(desk.asked, 0);
}

}  // namespace
}  // namespace sallyport::daemon
