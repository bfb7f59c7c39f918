#include "engine/engine.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "jose/sign.h"
#include "store/store.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSecret = "a secret of this test that nobody has published";

std::string token(std::string_view payload, std::string_view secret = kSecret) {
  return sign_compact(*signing_key_from_secret(secret).value(), Algorithm::HS256, R"({"alg":"HS256"})", payload)
      .value();
}

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sallyport-engine-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    write_settings(jwt());
  }
  void TearDown() override {
    engine.reset();
    fs::remove_all(folder);
  }
  std::string url() const { return "sqlite://" + (folder / "store.db").string(); }
  static std::string jwt(std::string_view secret = kSecret) {
    return "[jwt]\nsecret = \"" + std::string(secret) + "\"\n";
  }
  void write_settings(const std::string& more) {
    std::ofstream(folder / "s.toml") << "[store]\nurl = \"" << url() << "\"\n" << more;
    fs::permissions(folder / "s.toml", fs::perms::owner_read | fs::perms::owner_write);
  }
  void open() {
    EngineOptions options;
    options.config_path = (folder / "s.toml").string();
    options.log = [this](LogLevel, std::string_view line) {
      std::lock_guard lock(log_mutex);
      log.emplace_back(line);
    };
    auto opened = Engine::open(std::move(options));
    ASSERT_TRUE(opened) << opened.error().faults.front().to_text();
    engine = std::move(*opened);
    decider.emplace(*engine);
  }
  Reason reason(std::string_view username, std::string_view password) {
    ConnectAttempt a;
    a.username = username;
    a.password = password;
    a.client_id = "c1";
    a.peer = {"192.0.2.7", Transport::mqtt_tcp};
    return decider->decide(a).reason;
  }
  // Waits for what the watcher does on its own, for at most the second that is promised.
  bool within_a_second(const std::function<bool()>& done,
                       std::chrono::milliseconds pause = std::chrono::milliseconds(5)) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(pause);
    }
    return true;
  }
  // Of what is a wrong password until it is in force: few enough that the brake on guessing does not count them.
  static constexpr std::chrono::milliseconds kBetweenGuesses{150};
  std::unique_ptr<Store> store() { return open_store(url(), StoreAccess::write).value(); }
  static UserRecord user(std::string name, std::string_view password) {
    UserRecord u;
    u.username = std::move(name);
    u.hash = hash_password(password).value();
    return u;
  }
  bool logged(std::string_view part) {
    std::lock_guard lock(log_mutex);
    for (const std::string& line : log)
      if (line.find(part) != std::string::npos) return true;
    return false;
  }

  fs::path folder;
  std::unique_ptr<Engine> engine;
  std::optional<Engine::Decider> decider;
  std::mutex log_mutex;
  std::vector<std::string> log;
};

TEST_F(EngineTest, AStoreThatIsNotThereYetIsReadAsEmpty) {
  open();
  EXPECT_EQ(reason("x", token("{}")), Reason::token_ok);
  EXPECT_EQ(reason("ann", "right"), Reason::not_a_token);
  EXPECT_TRUE(engine->status().health.ready);
}

TEST_F(EngineTest, AUserWhoIsAddedChangedAndDeletedIsInForceWithinASecond) {
  open();
  EXPECT_TRUE(engine->start());
  EXPECT_EQ(reason("ann", "right"), Reason::not_a_token);
  auto s = store();
  ASSERT_TRUE(s->put_users({user("ann", "right")}, WriteMode::create_only));
  EXPECT_TRUE(within_a_second([&] { return reason("ann", "right") == Reason::password_ok; }));
  ASSERT_TRUE(s->put_users({user("ann", "other")}, WriteMode::replace));
  EXPECT_TRUE(within_a_second([&] { return reason("ann", "other") == Reason::password_ok; }, kBetweenGuesses));
  EXPECT_EQ(reason("ann", "right"), Reason::wrong_password);
  ASSERT_TRUE(s->set_enabled("ann", false));
  EXPECT_TRUE(within_a_second([&] { return reason("ann", "other") == Reason::user_disabled; }));
  ASSERT_TRUE(s->delete_user("ann"));
  EXPECT_TRUE(within_a_second([&] { return reason("ann", "other") == Reason::not_a_token; }));
}

TEST_F(EngineTest, ASettingThatTheFileLeavesOutComesFromTheStoresRevision) {
  write_settings("");
  open();
  EXPECT_TRUE(engine->start());
  EXPECT_EQ(reason("x", token("{}")), Reason::unknown_credential);
  ASSERT_TRUE(store()->put_settings(jwt(), "test", ""));
  EXPECT_TRUE(within_a_second([&] { return reason("x", token("{}")) == Reason::token_ok; }));
  EXPECT_EQ(engine->status().revision, 1);
}

TEST_F(EngineTest, ARevisionThatDoesNotLoadLeavesTheOldSettingsInForceAndHealthTells) {
  open();
  EXPECT_TRUE(engine->start());
  ASSERT_TRUE(store()->put_settings("[chain]\nno_match = \"maybe\"\n", "test", ""));
  EXPECT_TRUE(within_a_second([&] { return !engine->status().health.degraded.empty(); }));
  EXPECT_TRUE(engine->status().health.ready);
  EXPECT_EQ(reason("x", token("{}")), Reason::token_ok);
}

TEST_F(EngineTest, AChangedSettingsFileIsShownAndNotAppliedUntilAsked) {
  open();
  EXPECT_TRUE(engine->start());
  write_settings(jwt("another secret, long enough for its hash"));
  EXPECT_TRUE(engine->status().settings_file_changed);
  EXPECT_EQ(reason("x", token("{}")), Reason::token_ok);
  EXPECT_TRUE(engine->reload().applied);
  EXPECT_EQ(reason("x", token("{}")), Reason::bad_signature);
  EXPECT_EQ(reason("x", token("{}", "another secret, long enough for its hash")), Reason::token_ok);
  EXPECT_FALSE(engine->status().settings_file_changed);
}

TEST_F(EngineTest, AHalfSavedSettingsFileNeverOpensTheGate) {
  open();
  EXPECT_TRUE(engine->start());
  write_settings("[jwt]\nsecret = ");
  const ReloadOutcome outcome = engine->reload();
  EXPECT_FALSE(outcome.applied);
  ASSERT_FALSE(outcome.faults.empty());
  EXPECT_NE(outcome.faults.front().place.find("s.toml:4:"), std::string::npos) << outcome.faults.front().place;
  EXPECT_EQ(reason("x", token("{}")), Reason::token_ok);
  // Signed with an empty secret, by hand: our signer makes no such key.
  EXPECT_EQ(reason("x", "eyJhbGciOiJIUzI1NiJ9.e30.4E_Bsx-pJi3kOW9wVXN8CgbATwP09D9V5gxh9-9zSZ0"), Reason::bad_signature);
  EXPECT_FALSE(engine->status().health.degraded.empty());
  write_settings(jwt());
  EXPECT_TRUE(engine->reload().applied);
  EXPECT_TRUE(engine->status().health.degraded.empty());
}

TEST_F(EngineTest, SettingsThatDoNotLoadAtStartAreTheCallersFaults) {
  write_settings("[jwt]\nsecrt = \"x\"\n");
  EngineOptions options;
  options.config_path = (folder / "s.toml").string();
  auto opened = Engine::open(std::move(options));
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().faults.front().to_text().find("secret"), std::string::npos);
}

TEST_F(EngineTest, JwtWithoutAKeyIsRefusedAtLoad) {
  write_settings("[jwt]\nenabled = true\n");
  EngineOptions options;
  options.config_path = (folder / "s.toml").string();
  EXPECT_FALSE(Engine::open(std::move(options)));
  write_settings("[jwt]\nsecret = \"\"\n");
  options.config_path = (folder / "s.toml").string();
  EXPECT_FALSE(Engine::open(std::move(options)));
}

TEST_F(EngineTest, AStoreThatCannotBeReadMakesEveryAttemptUndecidableUntilItCan) {
  std::ofstream(folder / "store.db")
      << "this is no database, and long enough to be looked at as one by whoever opens it";
  open();
  EXPECT_TRUE(engine->start());
  EXPECT_EQ(reason("x", token("{}")), Reason::settings_unavailable);
  EXPECT_FALSE(engine->status().health.ready);
  fs::remove(folder / "store.db");
  EXPECT_TRUE(within_a_second([&] { return reason("x", token("{}")) == Reason::token_ok; }));
  EXPECT_TRUE(engine->status().health.ready);
}

TEST_F(EngineTest, AChangedKeyFileIsNoticedAndABrokenOneTakesNoKeysAway) {
  const auto first = generate_signing_key(KeyKind::p256).value();
  const auto second = generate_signing_key(KeyKind::p256).value();
  const auto es256 = [](const SigningKey& key) {
    return sign_compact(key, Algorithm::ES256, R"({"alg":"ES256"})", "{}").value();
  };
  std::ofstream(folder / "key.pem") << first->public_pem();
  write_settings("[jwt]\npublic_key_file = \"key.pem\"\n");
  open();
  EXPECT_TRUE(engine->start());
  EXPECT_EQ(reason("x", es256(*first)), Reason::token_ok);
  EXPECT_EQ(reason("x", es256(*second)), Reason::bad_signature);
  std::ofstream(folder / "key.pem") << second->public_pem().substr(0, 60);
  EXPECT_TRUE(within_a_second([&] { return !engine->status().health.degraded.empty(); }));
  EXPECT_EQ(reason("x", es256(*first)), Reason::token_ok);
  std::ofstream(folder / "key.pem") << second->public_pem();
  EXPECT_TRUE(within_a_second([&] { return reason("x", es256(*second)) == Reason::token_ok; }));
  EXPECT_EQ(reason("x", es256(*first)), Reason::bad_signature);
  EXPECT_TRUE(within_a_second([&] { return engine->status().health.degraded.empty(); }));
}

TEST_F(EngineTest, AWeakImportedHashIsReplacedBehindTheFirstSuccess) {
  UserRecord weak = user("old", "x");
  weak.hash = "$plain$none$$cHc";  // "pw"
  ASSERT_TRUE(store()->put_users({weak}, WriteMode::create_only));
  open();
  EXPECT_TRUE(engine->start());
  EXPECT_EQ(engine->status().weak_hashes, 1u);
  EXPECT_EQ(reason("old", "pw"), Reason::password_ok);
  EXPECT_TRUE(within_a_second([&] { return engine->status().weak_hashes == 0; }));
  EXPECT_EQ(reason("old", "pw"), Reason::password_ok);
}

TEST_F(EngineTest, TheRingTellsWhyWithoutSecretsAndAStormOfAdmittedPushesNoRefusalOut) {
  open();
  EXPECT_EQ(reason("dev", token("{}", "another secret, long enough for its hash")), Reason::bad_signature);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(reason("good", token("{}")), Reason::token_ok);
  const std::vector<KeptDecision> last = engine->ring().last(5, true);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].reason, Reason::bad_signature);
  EXPECT_EQ(last[0].username, "dev");
  EXPECT_EQ(last[0].token_fingerprint.size(), 8u);
  EXPECT_FALSE(last[0].steps.empty());
}

TEST_F(EngineTest, ATokenInTheUserNameFieldIsShownAsAFingerprintOnly) {
  open();
  const std::string t = token(R"({"sub":"someone-at-some-site"})");
  reason(t, "x");
  const KeptDecision kept = engine->ring().last(1, true).at(0);
  EXPECT_TRUE(kept.username.starts_with("token ")) << kept.username;
  EXPECT_TRUE(logged("refused client"));
  EXPECT_FALSE(logged(t.substr(0, 30)));
}

TEST_F(EngineTest, OneSourceCannotFloodTheLog) {
  open();
  for (int i = 0; i < 500; ++i) reason("dev", "no token");
  std::size_t lines = 0;
  for (const std::string& line : log) lines += line.find("refused client") != std::string::npos;
  EXPECT_GE(lines, 1u);
  EXPECT_LE(lines, 30u);
  EXPECT_GE(engine->metrics().suppressed_log_lines.load(), 400u);
}

TEST_F(EngineTest, AReloadWaitsForNoDecisionAndADecisionForNoReload) {
  open();
  EXPECT_TRUE(engine->start());
  std::atomic<bool> stop{false};
  std::thread reloader([&] {
    while (!stop) engine->reload();
  });
  const std::string t = token("{}");
  for (int i = 0; i < 5'000; ++i) ASSERT_EQ(reason("x", t), Reason::token_ok);
  stop = true;
  reloader.join();
}

}  // namespace
}  // namespace sallyport
