#include "brokers/mosquitto/gate.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "brokers/mosquitto/fake_broker_testing.h"
#include "brokers/mosquitto/gate_testing.h"
#include "brokers/mosquitto/reply_codes.h"
#include "engine/fast_engine_testing.h"

namespace sallyport::mosquitto {
namespace {

// The published sample and its key: {"sub":"1234567890","name":"EMQX Cloud","iat":1516239022}, HS256, "secret".
const std::string kToken =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkVNUVggQ2xvdWQiLCJpYXQiOjE1MTYyMzkwMjJ9."
    "wGxZTwkCZtYPzkS854aQ9WCnP8YGIQ_erFh5RIznhYk";
const std::string kBad = kToken.substr(0, kToken.size() - 2) + "xk";

class GateTest : public GateFixture {
 protected:
  void start(const std::string& settings = "[jwt]\nsecret = \"secret\"\n") { GateFixture::start(settings); }
  int connect(::mosquitto& c, const std::string& password = kToken) { return GateFixture::connect(c, password); }
};

TEST_F(GateTest, AdmitsAGoodTokenAndRefusesTheSameWithOneLetterChanged) {
  start();
  auto good = client("a"), bad = client("b");
  EXPECT_EQ(connect(good), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(connect(bad, kBad), MOSQ_ERR_AUTH);
  EXPECT_EQ(broker().acl(good), MOSQ_ERR_SUCCESS);
}

TEST_F(GateTest, Rule1And2WhoeverHasNoUserNameMayDoNothing) {
  start();
  auto pending = client("a", nullptr), gone = client("a", nullptr, nullptr);
  EXPECT_EQ(broker().acl(pending), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(broker().acl(gone), MOSQ_ERR_ACL_DENIED);
  // Not even under the id and pointer of one who was admitted.
  auto admitted = client("a");
  EXPECT_EQ(connect(admitted), MOSQ_ERR_SUCCESS);
  admitted.username.reset();
  EXPECT_EQ(broker().acl(admitted), MOSQ_ERR_ACL_DENIED);
}

TEST_F(GateTest, Rule4AnEventWithAnIdMayBeAboutAnother) {
  start();
  auto owner = client("a"), stranger = client("a");
  EXPECT_EQ(connect(owner), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(connect(stranger, kBad), MOSQ_ERR_AUTH);
  broker().event(MOSQ_EVT_DISCONNECT, &stranger);
  EXPECT_EQ(broker().acl(owner), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(stranger), MOSQ_ERR_PLUGIN_DEFER);
  auto nameless = client("a");
  nameless.id.reset();
  broker().event(MOSQ_EVT_DISCONNECT, &nameless);
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 1u);
}

TEST_F(GateTest, Rule5ThePointerOfOneWhoLeftProvesNothing) {
  start();
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  broker().event(MOSQ_EVT_DISCONNECT, &c);
  c.id = "b";
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_PLUGIN_DEFER);
  EXPECT_EQ(connect(c, kBad), MOSQ_ERR_AUTH);
  c.id = "a";
  EXPECT_EQ(connect(c, kBad), MOSQ_ERR_AUTH);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_PLUGIN_DEFER);
}

TEST_F(GateTest, Rule6TheHttpApiIsDecidedElsewhereAndTouchesNoClient) {
  start("[jwt]\nsecret = \"secret\"\nallow_published_secrets = true\n");
  auto stand_in = client("http-api", "x", nullptr);
  stand_in.version = 0;
  std::thread([&] {
    EXPECT_EQ(connect(stand_in), MOSQ_ERR_SUCCESS);
    EXPECT_EQ(broker().acl(stand_in, MOSQ_ACL_READ, "/api/v1/version"), MOSQ_ERR_PLUGIN_DEFER);
    EXPECT_EQ(connect(stand_in, kBad), MOSQ_ERR_AUTH);
    auto nobody = client("http-api", nullptr, nullptr);
    EXPECT_EQ(broker().basic_auth(nobody, nullptr), MOSQ_ERR_AUTH);
    EXPECT_EQ(broker().acl(nobody, MOSQ_ACL_READ, "/api/v1/version"), MOSQ_ERR_ACL_DENIED);
  }).join();
  for (std::size_t i = 0; i < kStandings; ++i) EXPECT_EQ(gate_->sessions().count(static_cast<Standing>(i)), 0u);
}

TEST_F(GateTest, Rule6AnUnknownPeerIsNotAdmittedByAPublishedSecret) {
  start();
  auto stand_in = client("http-api", "x", nullptr);
  std::thread([&] { EXPECT_EQ(connect(stand_in), MOSQ_ERR_AUTH); }).join();
}

TEST_F(GateTest, Rule9ReloadIsAlwaysASuccess) {
  start();
  EXPECT_EQ(broker().reload(), MOSQ_ERR_SUCCESS);
  write("[jwt");
  EXPECT_EQ(broker().reload(), MOSQ_ERR_SUCCESS);
  std::filesystem::remove(folder_ + "/s.toml");
  EXPECT_EQ(broker().reload(), MOSQ_ERR_SUCCESS);
}

TEST_F(GateTest, Rule10TheCheckAfterASighupIsAnsweredFromState) {
  start();
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  broker().reload();
  EXPECT_EQ(broker().basic_auth(c, nullptr), MOSQ_ERR_SUCCESS) << "the credentials are gone by then";
  EXPECT_EQ(engine_->metrics().rechecks.load(), 1u);
}

TEST_F(GateTest, Rule10TheCheckIsAnsweredOnceAndEndsWithTheTick) {
  start();
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  broker().reload();
  EXPECT_EQ(broker().basic_auth(c, nullptr), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(connect(c, kBad), MOSQ_ERR_AUTH) << "a second question is a CONNECT";
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  broker().reload();
  broker().tick();
  EXPECT_EQ(connect(c, kBad), MOSQ_ERR_AUTH);
}

TEST_F(GateTest, Rule10TheCheckAdmitsNobodyWithAnotherNameAddressIdOrPointer) {
  start();
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  broker().reload();
  auto elsewhere = client("a");
  EXPECT_EQ(connect(elsewhere, kBad), MOSQ_ERR_AUTH);
  c.id = "b";
  EXPECT_EQ(connect(c, kBad), MOSQ_ERR_AUTH);
  c.id = "a", c.username = "y";
  EXPECT_EQ(connect(c, kBad), MOSQ_ERR_AUTH);
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 0u);
}

TEST_F(GateTest, Rule10ASessionWithoutAConnectionIsNeverAnsweredWithYes) {
  start();
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  broker().event(MOSQ_EVT_DISCONNECT, &c);
  broker().reload();
  EXPECT_EQ(broker().basic_auth(c, nullptr), kCloseUnanswered);
  EXPECT_EQ(connect(c, kBad), MOSQ_ERR_AUTH);
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
}

TEST_F(GateTest, TheWillAfterDisconnectIsJudgedByWhatTheClientWas) {
  start();
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  broker().event(MOSQ_EVT_DISCONNECT, &c);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_SUCCESS);
  auto ghost = client("a", "x", nullptr), impostor = client("a", "admin", nullptr), newcomer = client("a");
  EXPECT_EQ(broker().acl(ghost), MOSQ_ERR_SUCCESS) << "the sender of a retained message";
  EXPECT_EQ(broker().acl(impostor), MOSQ_ERR_PLUGIN_DEFER);
  EXPECT_EQ(broker().acl(newcomer), MOSQ_ERR_PLUGIN_DEFER) << "another connection with that id";
}

TEST_F(GateTest, ATakeOverKeepsTheNewOnesState) {
  start();
  auto old = client("a"), taker = client("a");
  EXPECT_EQ(connect(old), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(connect(taker), MOSQ_ERR_SUCCESS);
  broker().event(MOSQ_EVT_DISCONNECT, &old);
  EXPECT_EQ(broker().acl(taker), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 1u);
}

TEST_F(GateTest, OfflineIsTheSameAsDisconnect) {
  start();
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  broker().event(kEventClientOffline, &c);
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 0u);
}

TEST_F(GateTest, AClientThatWasNeverShownIsCountedOnceAndHandedOn) {
  start();
  auto c = client("by-certificate", "device");
  broker().event(kEventConnect, &c);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_PLUGIN_DEFER);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_PLUGIN_DEFER);
  EXPECT_EQ(engine_->metrics().not_ours.load(), 1u);
  broker().event(MOSQ_EVT_DISCONNECT, &c);
  EXPECT_EQ(gate_->sessions().count(Standing::not_ours), 0u);
}

TEST_F(GateTest, ATokenInTheUserNameIsReplacedByItsPrincipal) {
  start("[jwt]\nfrom = \"username\"\nsecret = \"secret\"\n");
  auto c = client("a", kToken.c_str());
  EXPECT_EQ(connect(c, "-"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(c.username, "1234567890");
  auto d = client("d", kToken.c_str());
  broker().set_username_result = MOSQ_ERR_NOMEM;
  EXPECT_EQ(connect(d, "-"), kCloseUnanswered) << "not in under its token";
  EXPECT_EQ(broker().all_lines().find(kToken), std::string::npos);
}

TEST_F(GateTest, AClientWithoutANameGetsItsPrincipalsAndOneWithANameKeepsIt) {
  start();
  auto nameless = client("a", nullptr), named = client("b", "as-written");
  EXPECT_EQ(connect(nameless), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(nameless.username, "1234567890");
  EXPECT_EQ(connect(named), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(named.username, "as-written");
}

TEST_F(GateTest, ATokenWithANulBehindItIsNotThatToken) {
  start();
  auto c = client("a");
  const std::string longer = kToken + std::string("\0x", 2);
  EXPECT_EQ(broker().basic_auth(c, longer.data(), static_cast<std::uint16_t>(longer.size())), MOSQ_ERR_AUTH);
  EXPECT_EQ(broker().basic_auth(c, kToken.data(), static_cast<std::uint16_t>(kToken.size())), MOSQ_ERR_SUCCESS);
}

TEST_F(GateTest, ObservingHandsEverybodyOnAndIsNotAskedAboutTopics) {
  start("[gate]\nmode = \"observe\"\n[jwt]\nsecret = \"secret\"\n");
  EXPECT_FALSE(broker().asks_about_topics());
  auto good = client("a"), bad = client("b");
  EXPECT_EQ(connect(good), MOSQ_ERR_PLUGIN_DEFER);
  EXPECT_EQ(connect(bad, kBad), MOSQ_ERR_PLUGIN_DEFER);
  write("[jwt]\nsecret = \"secret\"\n");
  ASSERT_TRUE(engine_->reload().applied);
  broker().tick();
  ASSERT_TRUE(broker().asks_about_topics());
  EXPECT_EQ(broker().acl(good), MOSQ_ERR_SUCCESS) << "its credentials were found good";
  EXPECT_EQ(broker().acl(bad), MOSQ_ERR_PLUGIN_DEFER);
}

TEST_F(GateTest, ABrokerThatWouldNotAskDoesNotStart) {
  start();
  gate_.reset();
  broker() = FakeBroker{};
  broker().register_result = MOSQ_ERR_ALREADY_EXISTS;
  Gate second(EngineHost::acquire(folder_ + "/s.toml"), nullptr);
  EXPECT_FALSE(second.register_callbacks());
  EXPECT_NE(broker().all_lines().find("hint: name it once"), std::string::npos);
}

TEST_F(GateTest, GatesOfOneSettingsFileShareOneEngine) {
  start();
  auto one = EngineHost::acquire(folder_ + "/s.toml"), two = EngineHost::acquire(folder_ + "/s.toml");
  EXPECT_EQ(&one->engine(), engine_);
  EXPECT_EQ(one, two);
  std::ofstream(folder_ + "/t.toml") << "[jwt]\nsecret = \"secret\"\n";
  EXPECT_NE(EngineHost::acquire(folder_ + "/t.toml"), one);
}

TEST_F(GateTest, SettingsThatDoNotLoadGiveNoEngineAndOneLineAFault) {
  write("[jwt]\nleewaay = 1\nissuerr = \"x\"\n");
  EXPECT_EQ(EngineHost::acquire(folder_ + "/s.toml"), nullptr);
  const std::string said = broker().all_lines();
  EXPECT_NE(said.find("s.toml:2:1"), std::string::npos) << said;
  EXPECT_NE(said.find("s.toml:3:1"), std::string::npos) << said;
}

TEST_F(GateTest, RulesOfTheSettingsSayWhatAnAdmittedClientMayDo) {
  start(
      "[topics]\nno_match = \"deny\"\n[[topic_rules]]\npermission = \"allow\"\naction = \"publish\"\ntopics = "
      "\"own/%u\"\nqos = [0, 1]\n"
      "[jwt]\nsecret = \"secret\"\n");
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_WRITE, "own/1234567890"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_WRITE, "own/x"), MOSQ_ERR_ACL_DENIED) << "CONNECT's name is not who it is";
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, "own/1234567890"), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ, "own/1234567890"), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_UNSUBSCRIBE, "anything"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, 64, "own/1234567890"), MOSQ_ERR_ACL_DENIED) << "a question that nobody knows";
  EXPECT_EQ(engine_->metrics().topic_denials.load(), 3u);
  broker().event(MOSQ_EVT_DISCONNECT, &c);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_WRITE, "own/1234567890"), MOSQ_ERR_SUCCESS) << "the will";
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_WRITE, "other"), MOSQ_ERR_ACL_DENIED) << "the will";
}

TEST_F(GateTest, ANewRuleHoldsForThoseWhoAreIn) {
  start();
  auto c = client("a");
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_SUCCESS);
  EXPECT_NE(broker().all_lines().find("an acl_file is never asked"), std::string::npos);
  write("[topics]\nno_match = \"defer\"\n[jwt]\nsecret = \"secret\"\n");
  ASSERT_TRUE(engine_->reload().applied);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_PLUGIN_DEFER);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_SUBSCRIBE, "$SYS/#"), MOSQ_ERR_PLUGIN_DEFER);
}

TEST_F(GateTest, ARetainedMessageIsJudgedByItsSenderAndNotWithheldWhereHeIsUnknown) {
  start(
      "[topics]\nno_match = \"deny\"\n[[topic_rules]]\npermission = \"allow\"\ntopics = \"a\"\n[jwt]\nsecret = "
      "\"secret\"\n");
  auto sender = client("s"), stand_in = client("s", "x", nullptr), unknown = client("gone", "x", nullptr);
  EXPECT_EQ(connect(sender), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(stand_in, MOSQ_ACL_WRITE, "a"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(stand_in, MOSQ_ACL_WRITE, "b"), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(broker().acl(unknown, MOSQ_ACL_WRITE, "b"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(unknown, MOSQ_ACL_READ, "b"), MOSQ_ERR_PLUGIN_DEFER);
}

TEST(EndTimerTest, GivesThemInTheOrderOfTheirEndAndForgetsThoseNotInUse) {
  EndTimer timer;
  EXPECT_EQ(timer.next(), EndTimer::kNever);
  for (std::uint64_t n : {5u, 1u, 3u}) timer.arm(static_cast<UnixSeconds>(n), "c", nullptr, n);
  EXPECT_FALSE(timer.take_due(0));
  EXPECT_EQ(timer.take_due(3)->ticket, 1u);
  EXPECT_EQ(timer.take_due(3)->ticket, 3u);
  EXPECT_FALSE(timer.take_due(4));
  for (std::uint64_t n = 10; n < 3000; ++n) timer.arm(static_cast<UnixSeconds>(n), "c", nullptr, n);
  timer.sweep(1, [](const EndTimer::Entry& e) { return e.ticket >= 2990; });
  EXPECT_EQ(timer.size(), 10u);
  EXPECT_EQ(timer.next(), 2990);
}

TEST_F(GateTest, MaxSessionEndsOneWithoutExpFromATickAndItsPublishesBeforeThat) {
  start("[session]\nmax_session = \"1s\"\n[jwt]\nsecret = \"secret\"\n");
  auto c = client("a"), other = client("b");
  broker().connected = [&](const std::string& id) { return id == "a" ? &c : nullptr; };
  EXPECT_EQ(connect(c), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(connect(other), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_SUCCESS);
  broker().event(MOSQ_EVT_DISCONNECT, &other);
  broker().tick();
  clock_.forward(2);
  EXPECT_EQ(broker().acl(c), kCloseUnanswered) << "not acknowledged, so sent again";
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ), MOSQ_ERR_ACL_DENIED);
  EXPECT_TRUE(broker().kicked.empty());
  broker().tick();
  EXPECT_EQ(broker().kicked, std::vector<std::string>{"a"});
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 0u);
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_SUCCESS) << "its will";
}

TEST_F(GateTest, TheEndOfOneWhoWasTakenOverKicksNobody) {
  start("[session]\nmax_session = \"1s\"\n[jwt]\nsecret = \"secret\"\n");
  auto old = client("a"), taker = client("a");
  EXPECT_EQ(connect(old), MOSQ_ERR_SUCCESS);
  write("[jwt]\nsecret = \"secret\"\n");
  ASSERT_TRUE(engine_->reload().applied);
  EXPECT_EQ(connect(taker), MOSQ_ERR_SUCCESS);
  clock_.forward(2);
  broker().tick();
  EXPECT_TRUE(broker().kicked.empty());
  EXPECT_EQ(broker().acl(taker), MOSQ_ERR_SUCCESS);
}

// The one test of this program in which the fast engine is at fault: that is for the life of the process.
TEST_F(GateTest, AFaultOfTheFastEngineEndsTheSessionsThatItMayHaveLetInAndNoOthers) {
  using namespace fast_engine_testing;
  if (!is_there()) GTEST_SKIP() << "no fast engine on this machine";
  const Es256Issuer issuer;
  start("[jwt]\nsecret = \"secret\"\npublic_key = '''\n" + issuer.public_pem() + "'''\n[crypto]\nengine = \"auto\"\n");
  while (!is_active()) std::this_thread::yield();
  auto by_secret = client("hs"), by_key = client("es"), afterwards = client("later");
  const std::string token = issuer.token(R"({"sub":"a"})");
  EXPECT_EQ(connect(by_secret), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(connect(by_key, token), MOSQ_ERR_SUCCESS);
  broker().tick();
  EXPECT_TRUE(broker().kicked.empty());

  find_it_wrong();
  while (!engine_->fast_engine_was_wrong()) std::this_thread::yield();
  broker().tick();
  EXPECT_EQ(connect(afterwards, token), MOSQ_ERR_SUCCESS) << "by OpenSSL";
  EXPECT_EQ(broker().kicked, std::vector<std::string>{"es"});
  EXPECT_EQ(gate_->sessions().count(Standing::admitted), 2u) << "the secret's, and the one that OpenSSL let in";
  EXPECT_NE(broker().all_lines().find("1 sessions end"), std::string::npos);
  broker().tick();
  EXPECT_EQ(broker().kicked.size(), 1u);
}

}  // namespace
}  // namespace sallyport::mosquitto
