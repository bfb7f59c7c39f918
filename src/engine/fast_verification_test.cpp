// [crypto] engine = "auto" from settings to decisions: tables are made, accepts are
// confirmed, and a fault of the fast engine shows in health and log and takes what was
// remembered away.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

#include "crypto/fast_engine.h"
#include "engine/engine.h"
#include "jose/sign.h"

namespace sallyport {
namespace {

namespace fs = std::filesystem;

class FastVerificationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (fast::paths().empty()) GTEST_SKIP() << "no fast engine on this machine";
    std::string pattern = (fs::temp_directory_path() / "sallyport-fast-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override {
    decider.reset();
    engine.reset();
    if (!folder.empty()) fs::remove_all(folder);
  }
  void open(std::string_view crypto) {
    std::ofstream(folder / "s.toml") << "[jwt]\npublic_key = '''\n"
                                     << key->public_pem() << "'''\n[crypto]\nengine = \"" << crypto << "\"\n";
    fs::permissions(folder / "s.toml", fs::perms::owner_read | fs::perms::owner_write);
    EngineOptions options;
    options.config_path = (folder / "s.toml").string();
    options.log = [this](LogLevel, std::string_view line) {
      std::lock_guard lock(log_mutex);
      log += std::string(line) + "\n";
    };
    auto opened = Engine::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().faults.front().to_text();
    engine = std::move(*opened);
    decider.emplace(*engine);
    EXPECT_TRUE(engine->start());
  }
  std::string token() {
    return sign_compact(*key, Algorithm::ES256, R"({"alg":"ES256"})", "{\"jti\":\"" + std::to_string(++tokens) + "\"}")
        .value();
  }
  Reason reason(std::string_view token) {
    ConnectAttempt a;
    a.username = "u";
    a.password = token;
    a.client_id = "c";
    a.peer = {"192.0.2.7", Transport::mqtt_tcp};
    return decider->decide(a).reason;
  }
  static bool soon(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  fs::path folder;
  std::shared_ptr<const SigningKey> key = *generate_signing_key(KeyKind::p256);
  std::unique_ptr<Engine> engine;
  std::optional<Engine::Decider> decider;
  std::mutex log_mutex;
  std::string log;
  int tokens = 0;
};

TEST_F(FastVerificationTest, TheFastEngineBehindOpensslIsTheDefaultOfSettings) {
  EXPECT_EQ(Settings{}.crypto.engine, CryptoEngine::automatic);
}

TEST_F(FastVerificationTest, WithOpensslTheFastEngineIsNotAsked) {
  open("openssl");
  const auto before = fast::Engine::instance().report().answers;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(reason(token()), Reason::token_ok);
  EXPECT_FALSE(fast::Engine::instance().active());
  EXPECT_EQ(fast::Engine::instance().report().answers, before);
}

// One test for both: a fault is for the life of the process.
TEST_F(FastVerificationTest, WithAutoItAnswersIsConfirmedAndAFaultEndsIt) {
  open("auto");
  fast::Engine& fast = fast::Engine::instance();
  ASSERT_TRUE(soon([&] { return fast.active(); }));
  // Tables, probation, then answers that are confirmed.
  ASSERT_TRUE(soon([&] { return reason(token()) == Reason::token_ok && fast.report().confirmed >= 20; }));
  std::string forged = token();
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(reason(forged), Reason::bad_signature);
  EXPECT_EQ(fast.report().mismatches, 0u);
  EXPECT_NE(engine->metrics_text().find("sallyport_fast_engine_active 1"), std::string::npos);
  EXPECT_TRUE(engine->status().health.degraded.empty());
  EXPECT_NE(engine->status().signatures.find("fast engine"), std::string::npos);
  EXPECT_FALSE(engine->fast_engine_was_wrong());

  const auto generation = engine->snapshot()->jwt.plain.keys->generation();
  fast.condemn("a test says so");
  EXPECT_TRUE(soon([&] { return engine->snapshot()->jwt.plain.keys->generation() != generation; }))
      << "remembered tokens are forgotten";
  EXPECT_FALSE(fast.active());
  EXPECT_TRUE(soon([&] { return engine->fast_engine_was_wrong(); })) << "sessions that it let in may be ended";
  EXPECT_EQ(engine->status().signatures, "OpenSSL");
  ASSERT_EQ(engine->status().health.degraded.size(), 1u);
  EXPECT_NE(engine->status().health.degraded[0].find("the fast engine is off, OpenSSL verifies alone: a test says so"),
            std::string::npos);
  EXPECT_NE(engine->metrics_text().find("sallyport_fast_engine_mismatches_total 1"), std::string::npos);
  const auto answers = fast.report().answers;
  EXPECT_EQ(reason(token()), Reason::token_ok);
  EXPECT_EQ(fast.report().answers, answers);
  std::lock_guard lock(log_mutex);
  EXPECT_NE(log.find("the fast engine is off, OpenSSL verifies alone"), std::string::npos);
}

}  // namespace
}  // namespace sallyport
