// Revoked, blocked, or ended by an operator: who must go, in a fake broker.
#include <algorithm>
#include <thread>

#include "auth/testing.h"
#include "bars/bar.h"
#include "brokers/mosquitto/gate_testing.h"
#include "brokers/mosquitto/reply_codes.h"
#include "engine/bars_testing.h"
#include "engine/engine.h"

namespace sallyport::mosquitto {
namespace {

const std::string kSecret = "a secret of this test that nobody has published";

std::string token(std::string_view payload) { return sallyport::testing::token(payload, kSecret); }

class GateBarsTest : public GateFixture {
 protected:
  void begin(const std::string& more = "") {
    start("[store]\nurl = \"" + url() + "\"\n[jwt]\nsecret = \"" + kSecret + "\"\n" + more);
    broker().connected = [this](const std::string& id) -> ::mosquitto* {
      for (::mosquitto* one : here_)
        if (one->id == id) return one;
      return nullptr;
    };
  }
  std::string url() const { return "sqlite://" + folder_ + "/store.db"; }
  void bar(BarKind kind, std::string value, std::string why = "") {
    BarRecord record;
    record.kind = kind;
    record.value = std::move(value);
    record.why = std::move(why);
    const std::size_t before = in_force();
    ASSERT_TRUE(sallyport::testing::put_bar(url(), record));
    engine_->reload();
    ASSERT_EQ(in_force(), before + 1);
  }
  std::size_t in_force() const {
    const auto snapshot = engine_->snapshot();
    return snapshot->bars->blocks() + snapshot->bars->revocations();
  }
  void enter(::mosquitto& c, std::string_view payload) {
    ASSERT_EQ(connect(c, token(payload)), MOSQ_ERR_SUCCESS) << broker().all_lines();
    here_.push_back(&c);
  }
  std::vector<::mosquitto*> here_;
};

TEST_F(GateBarsTest, ARevokedClientIsSentAwayAtTheNextTickAndNobodyElse) {
  begin();
  auto a = client("a"), b = client("b");
  enter(a, R"({"sub":"d1","jti":"j-a"})");
  enter(b, R"({"sub":"d2","jti":"j-b"})");
  broker().tick();
  EXPECT_TRUE(broker().kicked.empty());
  bar(BarKind::jti, "j-a", "stolen");
  broker().tick();
  EXPECT_EQ(broker().kicked, std::vector<std::string>{"a"});
  EXPECT_EQ(connect(a, token(R"({"sub":"d1","jti":"j-a"})")), MOSQ_ERR_AUTH);
  EXPECT_EQ(broker().acl(b), MOSQ_ERR_SUCCESS);
  const auto noted = engine_->ring().by_client_id("a", 5);
  ASSERT_FALSE(noted.empty());
  EXPECT_EQ(noted[0].reason, Reason::revoked);
  EXPECT_EQ(noted[0].steps.back().subject, "stolen");
  EXPECT_NE(broker().all_lines().find("sent away client \"a\""), std::string::npos);
}

TEST_F(GateBarsTest, ByPrincipalByKidAndByEachKindOfBlock) {
  const std::tuple<BarKind, const char*> cases[] = {{BarKind::principal, "d1"},         {BarKind::client_id, "a"},
                                                    {BarKind::client_id_pattern, "a*"}, {BarKind::username, "x"},
                                                    {BarKind::username_pattern, "x*"},  {BarKind::username, "d1"},
                                                    {BarKind::address, "127.0.0.0/8"}};
  for (const auto& [kind, value] : cases) {
    gate_.reset();
    here_.clear();
    broker() = FakeBroker{};
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(folder_ + "/store.db" + end);
    begin();
    auto a = client("a"), b = client("b", "y", "192.0.2.7");
    enter(a, R"({"sub":"d1"})");
    enter(b, R"({"sub":"d2"})");
    bar(kind, value);
    broker().tick();
    EXPECT_EQ(broker().kicked, std::vector<std::string>{"a"}) << value;
  }
}

TEST_F(GateBarsTest, AClientThatCameOnlyAfterTheRevocationWithAnotherTokenStays) {
  begin();
  bar(BarKind::jti, "j-a");
  auto a = client("a");
  enter(a, R"({"sub":"d1","jti":"j-new"})");
  broker().tick();
  broker().tick();
  EXPECT_TRUE(broker().kicked.empty());
}

TEST_F(GateBarsTest, WhoComesByCertificateIsBlockedTooOnceItIsSeen) {
  begin();
  auto stranger = client("s", "cn");
  here_.push_back(&stranger);
  bar(BarKind::client_id, "s");
  broker().tick();
  EXPECT_TRUE(broker().kicked.empty());
  EXPECT_EQ(broker().acl(stranger), kCloseUnanswered);
  broker().tick();
  EXPECT_EQ(broker().kicked, std::vector<std::string>{"s"});
}

TEST_F(GateBarsTest, WhereNothingTicksARevokedOrBlockedClientIsOutWithItsNextQuestion) {
  begin();
  clock_.forward(3);  // so long that a broker that ticks had done so
  auto a = client("a"), b = client("b"), c = client("c");
  enter(a, R"({"sub":"d1","jti":"j-a"})");
  enter(b, R"({"sub":"d2","jti":"j-b"})");
  enter(c, R"({"sub":"d3","jti":"j-c"})");
  EXPECT_NE(broker().all_lines().find("does not tick"), std::string::npos);
  for (auto* one : {&a, &b, &c}) EXPECT_EQ(broker().acl(*one), MOSQ_ERR_SUCCESS);
  bar(BarKind::jti, "j-a", "stolen");
  bar(BarKind::client_id, "b");
  for (auto* one : {&a, &b}) {
    EXPECT_EQ(broker().acl(*one, MOSQ_ACL_READ), MOSQ_ERR_ACL_DENIED);
    EXPECT_EQ(broker().acl(*one, MOSQ_ACL_SUBSCRIBE), kCloseUnanswered);
    EXPECT_EQ(broker().acl(*one), kCloseUnanswered) << "not acknowledged";
  }
  EXPECT_EQ(broker().acl(c), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(broker().acl(c, MOSQ_ACL_READ), MOSQ_ERR_SUCCESS);
  EXPECT_TRUE(broker().kicked.empty()) << "not inside of a question of its own";
  for (const auto& [id, reason] : {std::pair{"a", Reason::revoked}, std::pair{"b", Reason::blocked}}) {
    const auto noted = engine_->ring().by_client_id(id, 5);
    EXPECT_EQ(std::count_if(noted.begin(), noted.end(), [&](const auto& d) { return d.reason == reason; }), 1)
        << "once";
  }
}

TEST_F(GateBarsTest, WhileTheGateObservesNobodyIsSentAway) {
  begin("[gate]\nmode = \"observe\"\n");
  auto a = client("a");
  EXPECT_EQ(connect(a, token(R"({"sub":"d1","jti":"j-a"})")), MOSQ_ERR_PLUGIN_DEFER);
  here_.push_back(&a);
  bar(BarKind::jti, "j-a");
  bar(BarKind::client_id, "a");
  broker().tick();
  EXPECT_TRUE(broker().kicked.empty());
}

TEST_F(GateBarsTest, ATokenUsedTwiceAtOnceIsToldOfAndAfterItsSessionIsNot) {
  begin();
  auto a = client("a"), b = client("b");
  enter(a, R"({"sub":"d1","jti":"j"})");
  broker().event(MOSQ_EVT_DISCONNECT, &a);
  enter(b, R"({"sub":"d1","jti":"j"})");
  EXPECT_EQ(engine_->status().suspected_thefts, 0u);
  enter(a, R"({"sub":"d1","jti":"j"})");
  EXPECT_EQ(engine_->status().suspected_thefts, 1u);
  const auto thefts = engine_->status().thefts;
  ASSERT_EQ(thefts.size(), 1u);
  EXPECT_EQ(thefts[0].client_id, "a");
  EXPECT_EQ(thefts[0].other_client_id, "b");
  EXPECT_NE(broker().all_lines().find("one token is used twice at once"), std::string::npos);
}

class GateOrdersTest : public GateBarsTest {
 protected:
  // As the control socket's thread would; the broker ticks until it is answered.
  std::size_t order(std::vector<std::string> where, bool end, std::size_t a_second = 100) {
    Result<std::size_t> answer = std::size_t{0};
    std::atomic<bool> done{false};
    std::thread asker([&] {
      const control::SessionOrder what{SessionQuery::parse(where).value(), end, a_second};
      answer = EngineHost::acquire(folder_ + "/s.toml")->orders().give(what);
      done = true;
    });
    while (!done) broker().tick();
    asker.join();
    EXPECT_TRUE(answer);
    return answer.value_or(std::size_t{0});
  }
};

TEST_F(GateOrdersTest, CountsFirstAndEndsThenAtItsPace) {
  begin();
  std::vector<::mosquitto> all;
  for (int i = 0; i < 30; ++i) all.push_back(client(("m-" + std::to_string(i)).c_str()));
  auto other = client("other");
  for (auto& one : all) enter(one, R"({"sub":"d1"})");
  enter(other, R"({"sub":"d2"})");
  EXPECT_EQ(order({"client_id=m-*"}, false), 30u);
  EXPECT_TRUE(broker().kicked.empty());
  EXPECT_EQ(order({"client_id=m-*", "principal=d1"}, true, 10), 30u);
  broker().tick();
  EXPECT_EQ(broker().kicked.size(), 1u);
  clock_.forward(1);
  broker().tick();
  EXPECT_EQ(broker().kicked.size(), 11u);
  clock_.forward(1);
  broker().tick();
  EXPECT_EQ(broker().kicked.size(), 21u);
  clock_.forward(10);
  broker().tick();
  EXPECT_EQ(broker().kicked.size(), 30u);
  EXPECT_EQ(std::count(broker().kicked.begin(), broker().kicked.end(), "other"), 0);
  EXPECT_EQ(engine_->ring().by_client_id("m-3", 1)[0].reason, Reason::ended_by_operator);
  EXPECT_EQ(order({"client_id=m-*"}, false), 0u);
}

}  // namespace
}  // namespace sallyport::mosquitto
