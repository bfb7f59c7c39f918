// Keys from the network, in a whole engine: what decisions see of a refresh.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/engine.h"
#include "keys/testing.h"

namespace sallyport {
namespace {

namespace fs = std::filesystem;
using namespace testing_keys;

struct Signer {
  std::string kid;
  std::shared_ptr<const SigningKey> key = *generate_signing_key(KeyKind::ed25519);

  std::string jwk() const { return key->jwk(false, {}, kid); }
  std::string token() const {
    return *sign_compact(*key, Algorithm::EdDSA, R"({"alg":"EdDSA","kid":")" + kid + "\"}",
                         R"({"aud":"mqtt","sub":"d"})");
  }
};

class KeyRefreshTest : public ::testing::Test {
 protected:
  KeyRefreshTest() : fetcher(std::make_shared<FakeFetcher>([this](const FetchRequest&) { return respond(); })) {
    std::string pattern = (fs::temp_directory_path() / "sallyport-refresh-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    // Another test of this program finds the fast engine at fault, which health says from then on.
    std::ofstream(folder / "s.toml") << "[crypto]\nengine = \"openssl\"\n"
                                        "[jwt]\njwks_url = \"https://id.example.com/jwks\"\naudience = "
                                        "\"mqtt\"\njwks_cooldown = \"1s\"\njwks_cache = \"jwks\"\n";
    fs::permissions(folder / "s.toml", fs::perms::owner_read | fs::perms::owner_write);
  }
  ~KeyRefreshTest() override {
    decider.reset();
    engine.reset();
    fs::remove_all(folder);
  }
  std::optional<FetchResult> respond() {
    std::lock_guard lock(mutex);
    return hang ? std::nullopt : std::optional(next);
  }
  void serve(FetchResult result) {
    std::lock_guard lock(mutex);
    next = std::move(result);
    hang = false;
  }
  void open(bool start = true) {
    EngineOptions options;
    options.config_path = (folder / "s.toml").string();
    options.fetcher = fetcher;
    auto opened = Engine::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().faults.front().to_text();
    engine = std::move(*opened);
    decider.emplace(*engine);
    if (start) {
      EXPECT_TRUE(engine->start());
    }
  }
  Decision decide(const std::string& token) {
    held = token;
    ConnectAttempt a;
    a.username = "x";
    a.password = held;
    a.client_id = "c1";
    a.peer = {"192.0.2.7", Transport::mqtt_tcp};
    return decider->decide(a);
  }
  bool soon(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  fs::path folder;
  std::mutex mutex;
  FetchResult next = answer(FetchOutcome::connection_refused);
  bool hang = false;
  std::shared_ptr<FakeFetcher> fetcher;
  std::unique_ptr<Engine> engine;
  std::optional<Engine::Decider> decider;
  std::string held;
  const Signer old{"old"}, fresh{"new"}, stranger{"stranger"};
};

TEST_F(KeyRefreshTest, FirstNobodyCanBeJudgedAndThenTheKeysAreServed) {
  open();
  ASSERT_TRUE(soon([&] { return engine->key_sources().at(0).attempts > 0; }));
  EXPECT_EQ(decide(old.token()).reason, Reason::keys_unavailable);
  EXPECT_FALSE(engine->status().health.ready);
  EXPECT_NE(engine->status().health.not_ready.at(0).find("connection_refused"), std::string::npos);
  serve(answer(FetchOutcome::ok, set_of({old.jwk()})));
  EXPECT_TRUE(soon([&] { return decide(old.token()).verdict == Verdict::allow; }))
      << "asked for by the attempts themselves";
  EXPECT_TRUE(engine->status().health.ready);
  EXPECT_TRUE(engine->status().health.degraded.empty());
}

TEST_F(KeyRefreshTest, ARotationIsServedAndWhatWasRememberedUnderTheOldKeyIsForgotten) {
  serve(answer(FetchOutcome::ok, set_of({old.jwk()})));
  open();
  ASSERT_TRUE(soon([&] { return decide(old.token()).verdict == Verdict::allow; }));
  EXPECT_EQ(decide(old.token()).verdict, Verdict::allow) << "from memory";
  serve(answer(FetchOutcome::ok, set_of({fresh.jwk()})));
  EXPECT_TRUE(soon([&] { return decide(fresh.token()).verdict == Verdict::allow; }));
  EXPECT_NE(decide(old.token()).verdict, Verdict::allow);
}

TEST_F(KeyRefreshTest, AnOutageLeavesTheKeysInForceAndSaysSo) {
  serve(answer(FetchOutcome::ok, set_of({old.jwk()})));
  open();
  ASSERT_TRUE(soon([&] { return decide(old.token()).verdict == Verdict::allow; }));
  serve(answer(FetchOutcome::timed_out));
  ASSERT_TRUE(soon([&] {
    (void)decide(stranger.token());
    return engine->key_sources().at(0).state == SourceState::stale;
  }));
  EXPECT_EQ(decide(old.token()).verdict, Verdict::allow);
  EXPECT_EQ(decide(stranger.token()).reason, Reason::keys_unavailable) << "the answer is not known";
  const EngineStatus status = engine->status();
  EXPECT_TRUE(status.health.ready);
  ASSERT_EQ(status.health.degraded.size(), 1u);
  EXPECT_NE(status.health.degraded[0].find("timed_out"), std::string::npos);
  const std::string page = engine->metrics_text();
  EXPECT_NE(page.find("sallyport_key_refreshes_total{source=\"\",outcome=\"timed_out\"} 1\n"), std::string::npos)
      << page;
  EXPECT_NE(page.find("sallyport_key_source_state{source=\"\",state=\"stale\"} 1\n"), std::string::npos);
}

TEST_F(KeyRefreshTest, ARestartInAnOutageIsInServiceBeforeItsFirstFetch) {
  serve(answer(FetchOutcome::ok, set_of({old.jwk()})));
  open();
  ASSERT_TRUE(soon([&] { return decide(old.token()).verdict == Verdict::allow; }));
  decider.reset();
  engine.reset();
  serve(answer(FetchOutcome::connection_refused));
  open(false);
  EXPECT_EQ(decide(old.token()).verdict, Verdict::allow);
}

TEST_F(KeyRefreshTest, AFetchThatHangsIsWaitedForByNobody) {
  serve(answer(FetchOutcome::ok, set_of({old.jwk()})));
  open();
  ASSERT_TRUE(soon([&] { return decide(old.token()).verdict == Verdict::allow; }));
  {
    std::lock_guard lock(mutex);
    hang = true;
  }
  ASSERT_TRUE(soon([&] {
    (void)decide(stranger.token());
    return fetcher->hanging() == 1;
  }));
  EXPECT_EQ(decide(old.token()).verdict, Verdict::allow);
  const auto begin = std::chrono::steady_clock::now();
  decider.reset();
  engine.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
}

TEST_F(KeyRefreshTest, SettingsWithoutTheSourceDropItsKeys) {
  serve(answer(FetchOutcome::ok, set_of({old.jwk()})));
  open();
  ASSERT_TRUE(soon([&] { return decide(old.token()).verdict == Verdict::allow; }));
  std::ofstream(folder / "s.toml") << "[jwt]\nsecret = \"0123456789abcdef0123456789abcdef\"\n";
  EXPECT_TRUE(engine->reload().applied);
  EXPECT_EQ(decide(old.token()).reason, Reason::no_key_for_algorithm);
  EXPECT_TRUE(engine->key_sources().empty());
  EXPECT_FALSE(engine->refresh_keys(std::nullopt));
}

}  // namespace
}  // namespace sallyport
