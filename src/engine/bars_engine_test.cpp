// Revocations and blocks of a store, in force in an engine that runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/engine.h"
#include "jose/sign.h"
#include "store/store.h"

namespace sallyport {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kSecret = "a secret of this test that nobody has published";

std::string token(std::string_view payload) {
  return sign_compact(*signing_key_from_secret(kSecret).value(), Algorithm::HS256, R"({"alg":"HS256"})", payload)
      .value();
}

class BarsEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sallyport-bars-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream(folder_ / "s.toml") << "[store]\nurl = \"" << url() << "\"\n[jwt]\nsecret = \"" << kSecret << "\"\n";
    fs::permissions(folder_ / "s.toml", fs::perms::owner_read | fs::perms::owner_write);
    EngineOptions options;
    options.config_path = (folder_ / "s.toml").string();
    options.hears_of_ends = true;
    options.log = [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += line;
      log_ += '\n';
    };
    auto opened = Engine::open(std::move(options));
    ASSERT_TRUE(opened);
    engine_ = std::move(*opened);
    ASSERT_TRUE(engine_->start());
    decider_.emplace(*engine_);
  }
  void TearDown() override {
    decider_.reset();
    engine_.reset();
    fs::remove_all(folder_);
  }
  std::string url() const { return "sqlite://" + (folder_ / "store.db").string(); }
  std::unique_ptr<Store> store() { return open_store(url(), StoreAccess::write).value(); }
  Reason reason(std::string_view payload, std::string_view client_id = "c1", std::string_view address = "192.0.2.7") {
    const std::string shown = token(payload);
    ConnectAttempt a;
    a.username = "x";
    a.password = shown;
    a.client_id = client_id;
    a.peer = {address, Transport::mqtt_tcp};
    return decider_->decide(a).reason;
  }
  bool within_a_second(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  fs::path folder_;
  std::mutex mutex_;
  std::string log_;
  std::unique_ptr<Engine> engine_;
  std::optional<Engine::Decider> decider_;
};

TEST_F(BarsEngineTest, ARevocationIsInForceWithinASecondAndOverWhenItIsRemoved) {
  const char* payload = R"({"sub":"d","jti":"a-1"})";
  EXPECT_EQ(reason(payload), Reason::token_ok);
  BarRecord bar;
  bar.value = "a-1";
  bar.why = "stolen";
  const auto kept = store()->put_bar(bar);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(within_a_second([&] { return reason(payload) == Reason::revoked; }));
  EXPECT_EQ(engine_->status().revocations, 1u);
  EXPECT_NE(engine_->metrics_text().find("sallyport_revocations 1"), std::string::npos);
  const auto last = engine_->ring().last(1, true);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].steps.back().subject, "stolen");
  EXPECT_EQ(last[0].steps.back().number, kept->record.id);
  ASSERT_TRUE(store()->remove_bar(BarClass::revocation, kept->record.id));
  EXPECT_TRUE(within_a_second([&] { return reason(payload) == Reason::token_ok; }));
}

TEST_F(BarsEngineTest, ABlockSurvivesAReloadOfSettings) {
  BarRecord bar;
  bar.kind = BarKind::client_id;
  bar.value = "c1";
  ASSERT_TRUE(store()->put_bar(bar));
  EXPECT_TRUE(within_a_second([&] { return reason("{}") == Reason::blocked; }));
  ASSERT_TRUE(engine_->reload().applied);
  EXPECT_EQ(reason("{}"), Reason::blocked);
  EXPECT_EQ(reason("{}", "c2"), Reason::token_ok);
}

TEST_F(BarsEngineTest, OneTokenInTwoPlacesIsLoggedCountedAndShownWithoutItsClaims) {
  const char* payload = R"({"sub":"d","jti":"canary-jti"})";
  EXPECT_EQ(reason(payload, "a"), Reason::token_ok);
  EXPECT_EQ(reason(payload, "b\n"), Reason::token_ok);
  EXPECT_EQ(engine_->status().suspected_thefts, 1u);
  EXPECT_NE(log().find("one token is used twice at once, by client \"b\\x0a\""), std::string::npos) << log();
  EXPECT_EQ(log().find("canary-jti"), std::string::npos);
  EXPECT_NE(engine_->metrics_text().find("sallyport_suspected_thefts_total 1"), std::string::npos);
}

}  // namespace
}  // namespace sallyport
