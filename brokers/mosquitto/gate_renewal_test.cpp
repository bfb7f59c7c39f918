#include <gtest/gtest.h>

#include <chrono>
#include <unordered_map>
#include <vector>

#include "auth/testing.h"
#include "brokers/mosquitto/fake_broker_testing.h"
#include "brokers/mosquitto/gate.h"
#include "brokers/mosquitto/gate_testing.h"
#include "brokers/mosquitto/reply_codes.h"

namespace sallyport::mosquitto {
namespace {

constexpr std::string_view kKey = "a key of this test that nobody has published";
const std::string kSettings = "[jwt]\nsecret = \"" + std::string(kKey) + "\"\n";

std::string token(const std::string& claims) { return sallyport::testing::token("{" + claims + "}", kKey); }

class GateRenewalTest : public GateFixture {
 protected:
  std::string device(std::int64_t seconds, const std::string& more = "") {
    return token(R"("sub":"device-1","exp":)" + std::to_string(engine_->clock().unix_seconds() + seconds) + more);
  }
};

TEST_F(GateRenewalTest, AuthAdmitsAndTheBrokersNameBecomesThePrincipal) {
  start(kSettings);
  auto c = client("a", nullptr), named = client("b", "joe");
  EXPECT_EQ(broker().auth(c, device(60)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().auth(named, device(60)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(c.username, "device-1");
  EXPECT_EQ(named.username, "device-1");
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_SUCCESS);
}

TEST_F(GateRenewalTest, AuthIsRefusedWithTheCodeOfItsReason) {
  start(kSettings);
  auto c = client("a", nullptr);
  EXPECT_EQ(broker().auth(c, device(-1)), MOSQ_ERR_AUTH);
  EXPECT_EQ(broker().auth(c, ""), MOSQ_ERR_AUTH);
  EXPECT_EQ(broker().auth(c, device(60), "SCRAM"), MOSQ_ERR_NOT_SUPPORTED);
  EXPECT_EQ(broker().auth(c, device(60), nullptr), MOSQ_ERR_NOT_SUPPORTED);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 0u);
}

TEST_F(GateRenewalTest, APointerThatSomebodyElseHasNowIsNoRenewal) {
  start(kSettings);
  auto c = client("a", nullptr);
  EXPECT_EQ(broker().auth(c, device(60)), MOSQ_ERR_SUCCESS);
  // No event told that it left. The next client has its pointer and its id, and a name of its own.
  c.username = "joe";
  EXPECT_EQ(broker().auth(c, token(R"("sub":"device-2")")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(c.username, "device-2");
  c.username = std::nullopt;
  EXPECT_EQ(broker().auth(c, token(R"("sub":"device-3")")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 1u);
}

TEST_F(GateRenewalTest, ARenewedSessionLosesItsOldEndAndWhatItMayNoLongerHave) {
  start(kSettings);
  auto c = client("a");
  broker().connected = [&](const std::string&) { return &c; };
  EXPECT_EQ(connect(c, device(1, R"(,"acl":{"all":["old","both"]})")), MOSQ_ERR_SUCCESS);
  for (const char* topic : {"old", "both"}) EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, topic), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, device(60, R"(,"acl":{"all":["new","both"]})")), MOSQ_ERR_SUCCESS);
  ASSERT_EQ(broker().said.size(), 1u);
  EXPECT_EQ(broker().said[0].topic, "$CONTROL/sallyport/v1/renew/response");
  EXPECT_TRUE(broker().said[0].payload.starts_with(R"({"result":"renewed","ends_at":)"));
  EXPECT_EQ(broker().deleted, (std::vector<std::pair<std::string, std::string>>{{"a", "old"}}));
  EXPECT_EQ(engine_->metrics().lost_subscriptions.load(), 1u);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "old"), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_WRITE, "new"), MOSQ_ERR_SUCCESS);
  clock_.forward(2);
  broker().tick();
  EXPECT_TRUE(broker().kicked.empty());
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_WRITE, "new"), MOSQ_ERR_SUCCESS);
}

TEST_F(GateRenewalTest, ASubscriptionThatWasLetGoIsNotLost) {
  start(kSettings);
  auto c = client("a");
  EXPECT_EQ(connect(c, device(60, R"(,"acl":{"all":["old"]})")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, "old"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_UNSUBSCRIBE, "old"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, device(60, R"(,"acl":{"all":["new"]})")), MOSQ_ERR_SUCCESS);
  EXPECT_TRUE(broker().deleted.empty());
}

TEST_F(GateRenewalTest, WhereTheBrokerKeepsALostSubscriptionItBringsNothingThatNoOtherDoes) {
  start(kSettings);
  broker().deletes_subscriptions = false;
  auto c = client("a");
  EXPECT_EQ(connect(c, device(60, R"(,"acl":{"all":["a/#","b/#"]})")), MOSQ_ERR_SUCCESS);
  for (const char* topic : {"a/#", "$share/g/b/#"})
    EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, topic), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "a/1"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, device(60, R"(,"acl":{"all":["a/1","b/#"]})")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(engine_->metrics().lost_subscriptions.load(), 1u);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "a/1"), MOSQ_ERR_ACL_DENIED)
      << "the new token allows it, nobody asked for it";
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "a/2"), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(engine_->metrics().topic_denials.load(), 2u);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "b/1"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, "a/1"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "a/1"), MOSQ_ERR_SUCCESS);
  // The old rights again: it subscribes again, as where the broker has forgotten the subscription.
  EXPECT_EQ(broker().control(c, device(60, R"(,"acl":{"all":["a/#"]})")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "a/2"), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, "a/#"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "a/2"), MOSQ_ERR_SUCCESS);
}

TEST_F(GateRenewalTest, WhereAnEarlierConnectionMayHaveSubscribedEachTopicIsJudgedByTheNewToken) {
  start(kSettings);
  broker().deletes_subscriptions = false;
  auto c = client("a");
  c.clean_start = false;
  EXPECT_EQ(connect(c, device(60, R"(,"acl":{"all":["a/#"]})")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, "a/#"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, device(60, R"(,"acl":{"all":["a/1"]})")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(engine_->metrics().lost_subscriptions.load(), 1u);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "a/1"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "a/2"), MOSQ_ERR_ACL_DENIED);
}

TEST_F(GateRenewalTest, OneWhoseTokenHadNoEndLosesSubscriptionsToo) {
  start(kSettings);
  auto c = client("a");
  EXPECT_EQ(connect(c, token(R"("sub":"device-1","acl":{"all":["old"]})")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, "old"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, token(R"("sub":"device-1","acl":{"all":["new"]})")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().deleted, (std::vector<std::pair<std::string, std::string>>{{"a", "old"}}));
}

TEST_F(GateRenewalTest, ATokenWithoutAnEndTakesTheEndAway) {
  start(kSettings);
  auto c = client("a");
  EXPECT_EQ(connect(c, device(1)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, token(R"("sub":"device-1")")), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().said.at(0).payload, R"({"result":"renewed","ends_at":null})");
  clock_.forward(2);
  broker().tick();
  EXPECT_TRUE(broker().kicked.empty());
}

TEST_F(GateRenewalTest, MaxSessionCountsFromTheRenewal) {
  start("[session]\nmax_session = \"1s\"\n" + kSettings);
  auto c = client("a");
  broker().connected = [&](const std::string&) { return &c; };
  EXPECT_EQ(connect(c, token(R"("sub":"device-1")")), MOSQ_ERR_SUCCESS);
  clock_.forward(1);
  EXPECT_EQ(broker().control(c, token(R"("sub":"device-1")")), MOSQ_ERR_SUCCESS);
  EXPECT_TRUE(broker().said.empty()) << "too late: the session has ended, though no tick came yet";
  broker().tick();
  EXPECT_EQ(broker().kicked.size(), 1u);
}

TEST_F(GateRenewalTest, ARefusedRenewalChangesNothingAndAnotherPersonsEndsIt) {
  start(kSettings);
  auto c = client("a");
  EXPECT_EQ(connect(c, device(60)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, device(-5)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, "no token"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, ""), MOSQ_ERR_SUCCESS);
  for (const auto& said : broker().said) EXPECT_TRUE(said.payload.starts_with(R"({"result":"refused","ends_at":1)"));
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(c, token(R"("sub":"device-2")")), kCloseUnanswered);
  EXPECT_EQ(engine_->metrics().refused_renewals.load(), 4u);
}

TEST_F(GateRenewalTest, TheControlTopicsAreEachAdmittedClientsOwnAndNobodyElses) {
  start("[topics]\nno_match = \"deny\"\n[jwt]\nsuperuser_claim = \"root\"\nsecret = \"" + std::string(kKey) + "\"\n");
  auto c = client("a"), root = client("r"), stranger = client("s");
  EXPECT_EQ(connect(c, device(60)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(connect(root, token(R"("sub":"r","root":true)")), MOSQ_ERR_SUCCESS);
  const char* renew = "$CONTROL/sallyport/v1/renew";
  const char* response = "$CONTROL/sallyport/v1/renew/response";
  const char* notice = "$CONTROL/sallyport/v1/notice";
  for (auto* one : {&c, &root}) {
    EXPECT_EQ(broker().acl(*one, MOSQ_ACL_WRITE, renew), MOSQ_ERR_SUCCESS);
    EXPECT_EQ(broker().acl(*one, MOSQ_ACL_SUBSCRIBE, renew), MOSQ_ERR_ACL_DENIED);
    for (const char* topic : {response, notice}) {
      EXPECT_EQ(broker().acl(*one, MOSQ_ACL_SUBSCRIBE, topic), MOSQ_ERR_SUCCESS);
      EXPECT_EQ(broker().acl(*one, MOSQ_ACL_READ, topic), MOSQ_ERR_SUCCESS);
      EXPECT_EQ(broker().acl(*one, MOSQ_ACL_WRITE, topic), MOSQ_ERR_ACL_DENIED);
    }
  }
  for (const int access : {MOSQ_ACL_WRITE, MOSQ_ACL_SUBSCRIBE, MOSQ_ACL_READ})
    EXPECT_EQ(broker().acl(stranger, access, notice), MOSQ_ERR_ACL_DENIED);
  broker().event(MOSQ_EVT_DISCONNECT, &root);
  EXPECT_EQ(broker().acl(root, MOSQ_ACL_WRITE, renew), MOSQ_ERR_ACL_DENIED) << "a will";
  EXPECT_EQ(broker().acl(root, MOSQ_ACL_WRITE, "a"), MOSQ_ERR_SUCCESS) << "a will of a superuser";
}

TEST_F(GateRenewalTest, WhoWasHandedOnIsNotRenewed) {
  start("[gate]\nmode = \"observe\"\n" + kSettings);
  auto c = client("a");
  EXPECT_EQ(connect(c, device(60)), MOSQ_ERR_PLUGIN_DEFER);
  EXPECT_EQ(broker().control(c, device(60)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().auth(c, device(60)), MOSQ_ERR_PLUGIN_DEFER);
  EXPECT_TRUE(broker().said.empty());
}

TEST_F(GateRenewalTest, AnAuthThatNothingAskedForSendsAway) {
  start(kSettings);
  auto c = client("a", nullptr), stranger = client("b", nullptr);
  broker().connected = [&](const std::string& id) { return id == "a" ? &c : nullptr; };
  EXPECT_EQ(broker().auth(c, device(60)), MOSQ_ERR_SUCCESS);
  mosquitto_evt_extended_auth event{};
  event.client = &c;
  EXPECT_EQ(broker().callbacks.at(MOSQ_EVT_EXT_AUTH_CONTINUE)(0, &event, broker().userdata), MOSQ_ERR_AUTH);
  EXPECT_EQ(broker().kicked, std::vector<std::string>{"a"});
  event.client = &stranger;
  EXPECT_EQ(broker().callbacks.at(MOSQ_EVT_EXT_AUTH_CONTINUE)(0, &event, broker().userdata), MOSQ_ERR_PLUGIN_DEFER)
      << "perhaps another plugin's";
  EXPECT_EQ(broker().kicked.size(), 1u);
}

TEST_F(GateRenewalTest, ANoticeComesOnceBeforeTheEndAndNotForAnOldOne) {
  start("[session]\nnotice = \"2s\"\n" + kSettings);
  auto c = client("a"), renewed = client("b");
  EXPECT_EQ(connect(c, device(4)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(connect(renewed, device(4)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().control(renewed, device(600)), MOSQ_ERR_SUCCESS);
  broker().said.clear();
  broker().tick();
  EXPECT_TRUE(broker().said.empty());
  clock_.forward(3);
  broker().tick();
  broker().tick();
  ASSERT_EQ(broker().said.size(), 1u);
  EXPECT_EQ(broker().said[0].id, "a");
  EXPECT_EQ(broker().said[0].topic, "$CONTROL/sallyport/v1/notice");
  EXPECT_EQ(engine_->metrics().notices.load(), 1u);
}

TEST_F(GateRenewalTest, TheSecondInstanceOfAListenerIsFoundByTheFirst) {
  start(kSettings);
  auto c = client("a");
  Gate second(EngineHost::acquire(folder_ + "/s.toml"), nullptr);
  const FakeBroker first = broker();
  ASSERT_TRUE(second.register_callbacks());
  EXPECT_EQ(connect(c, device(60)), MOSQ_ERR_SUCCESS);
  broker().userdata = first.userdata;  // 2.1 gives $CONTROL to whoever registered first
  EXPECT_EQ(broker().control(c, device(600)), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().said.size(), 1u);
}

// What a fleet of a hundred thousand costs: one comparison a tick while nobody is due, and no scan when some are.
TEST_F(GateRenewalTest, AHundredThousandSessionsEndAndAreRenewedWithoutAScan) {
  start("[session]\nmax_session = \"10m\"\n" + kSettings);
  constexpr std::size_t kClients = 100'000;
  const std::string endless = token(R"("sub":"device-1")"), later = device(7200);
  std::vector<::mosquitto> clients;
  clients.reserve(kClients);
  std::unordered_map<std::string, ::mosquitto*> by_id;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(client(("c-" + std::to_string(i)).c_str()));
    by_id[*clients.back().id] = &clients.back();
  }
  broker().connected = [&](const std::string& id) { return by_id.at(id); };
  for (::mosquitto& c : clients) ASSERT_EQ(connect(c, endless), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), kClients);

  const auto ticks = [&](int n) {
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < n; ++i) broker().tick();
    return std::chrono::steady_clock::now() - before;
  };
  EXPECT_LT(ticks(10'000), std::chrono::seconds(1)) << "a broker ticks so often in a second";
  // Ten thousand renew; the rest is sent away at the end, some at each tick, so that pings are answered between.
  for (std::size_t i = 0; i < 10'000; ++i) ASSERT_EQ(broker().control(clients[i], later), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(engine_->metrics().renewals.load(), 10'000u);
  clock_.forward(601);
  broker().tick();
  EXPECT_LT(broker().kicked.size(), 1000u);
  ticks(300);
  EXPECT_EQ(broker().kicked.size(), kClients - 10'000);
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 10'000u);
  EXPECT_EQ(broker().acl(clients[0]), MOSQ_ERR_SUCCESS);
}

}  // namespace
}  // namespace sallyport::mosquitto
