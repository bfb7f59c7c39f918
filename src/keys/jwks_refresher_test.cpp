#include "keys/jwks_refresher.h"

#include <chrono>
#include <thread>

#include "keys/testing.h"

namespace sallyport {
namespace {

using namespace testing_keys;
using namespace std::chrono_literals;

class JwksRefresherTest : public ::testing::Test {
 protected:
  JwksRefresherTest()
      : fetcher(std::make_shared<FakeFetcher>(
            [this](const FetchRequest&) { return std::optional(answer(FetchOutcome::ok, set_of({a}))); })),
        refresher(fetcher, clock, {[this] { ++changes; }, {}}) {}

  static KeySourceSettings source(std::string name, std::string url = "https://id.example.com/jwks") {
    return {std::move(name), std::move(url), "", {300'000, 10'000, 86'400'000}, std::make_shared<const FetchOptions>()};
  }
  static std::vector<KeySourceSettings> one(KeySourceSettings s) {
    std::vector<KeySourceSettings> out;
    out.push_back(std::move(s));
    return out;
  }
  bool eventually(const std::function<bool()>& what) {
    for (int i = 0; i < 2000; ++i) {
      if (what()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  std::size_t keys_of(const std::string& name) { return refresher.view(name)->keys.keys->size(); }

  SetClock clock;
  const std::string a = jwk("a"), b = jwk("b");
  std::atomic<int> changes{0};
  std::shared_ptr<FakeFetcher> fetcher;
  JwksRefresher refresher;
};

TEST_F(JwksRefresherTest, KeysAreHereSoonAfterStartAndSaidToBe) {
  refresher.configure(one(source("")), nullptr);
  EXPECT_EQ(fetcher->count(), 0u) << "not before start: the broker forks";
  EXPECT_TRUE(refresher.view("")->keys.pending.none_yet);
  EXPECT_TRUE(refresher.start());
  EXPECT_TRUE(eventually([&] { return keys_of("") == 1; }));
  EXPECT_TRUE(eventually([&] { return changes > 0; }));
  EXPECT_EQ(fetcher->count(), 1u);
  EXPECT_FALSE(refresher.view("other"));
}

TEST_F(JwksRefresherTest, ABellRungTenThousandTimesFetchesOnceACoolDown) {
  refresher.configure(one(source("")), nullptr);
  EXPECT_TRUE(refresher.start());
  ASSERT_TRUE(eventually([&] { return keys_of("") == 1; }));
  const auto bell = refresher.view("")->bell;
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 10'000; ++i) bell->ring();
    std::this_thread::sleep_for(30ms);
    EXPECT_EQ(fetcher->count(), static_cast<std::size_t>(round)) << "within the cool-down";
    clock.advance(10'000);
    EXPECT_TRUE(eventually([&] { return fetcher->count() == static_cast<std::size_t>(round) + 1; }))
        << "and at its end";
  }
}

TEST_F(JwksRefresherTest, RingsFromManyThreadsWhileItWorks) {
  refresher.configure(one(source("")), std::make_shared<MemoryVault>());
  EXPECT_TRUE(refresher.start());
  const auto bell = refresher.view("")->bell;
  std::vector<std::thread> threads;
  std::atomic<bool> stop{false};
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      while (!stop) {
        bell->ring();
        if (t == 0) clock.advance(1'000);
        if (t == 1) (void)refresher.report();
        if (t == 2) (void)refresher.view("");
        std::this_thread::yield();
      }
    });
  EXPECT_TRUE(eventually([&] { return fetcher->count() > 20; }));
  refresher.configure(one(source("")), nullptr);
  stop = true;
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(keys_of(""), 1u);
}

TEST_F(JwksRefresherTest, AFetchThatHangsHoldsUpNeitherOthersNorTheEnd) {
  fetcher->respond_with([this](const FetchRequest& r) -> std::optional<FetchResult> {
    if (r.url.find("slow") != std::string::npos) return std::nullopt;
    return answer(FetchOutcome::ok, set_of({b}));
  });
  std::vector<KeySourceSettings> sources;
  sources.push_back(source("slow", "https://slow.example.com/"));
  sources.push_back(source("quick"));
  refresher.configure(std::move(sources), nullptr);
  EXPECT_TRUE(refresher.start());
  EXPECT_TRUE(eventually([&] { return keys_of("quick") == 1; }));
  EXPECT_TRUE(refresher.report()[0].in_flight);
  const auto begin = std::chrono::steady_clock::now();
  refresher.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 500ms);
  EXPECT_EQ(fetcher->hanging(), 0u) << "given up";
}

TEST_F(JwksRefresherTest, AReloadKeepsTheKeysOfTheSameAddressAndDropsThoseOfAnother) {
  refresher.configure(one(source("")), nullptr);
  EXPECT_TRUE(refresher.start());
  ASSERT_TRUE(eventually([&] { return keys_of("") == 1; }));
  fetcher->respond_with([](const FetchRequest&) { return std::optional(answer(FetchOutcome::timed_out)); });
  refresher.configure(one(source("")), nullptr);
  EXPECT_EQ(keys_of(""), 1u);
  refresher.configure(one(source("", "https://other.example.com/jwks")), nullptr);
  EXPECT_EQ(keys_of(""), 0u);
  EXPECT_TRUE(refresher.view("")->keys.pending.none_yet);
  refresher.configure({}, nullptr);
  EXPECT_FALSE(refresher.view(""));
}

TEST_F(JwksRefresherTest, AReloadWhileAFetchHangsGivesItUp) {
  fetcher->respond_with([](const FetchRequest&) { return std::optional<FetchResult>(); });
  refresher.configure(one(source("")), nullptr);
  EXPECT_TRUE(refresher.start());
  ASSERT_TRUE(eventually([&] { return fetcher->hanging() == 1; }));
  refresher.configure({}, nullptr);
  EXPECT_TRUE(eventually([&] { return fetcher->hanging() == 0; }));
}

TEST_F(JwksRefresherTest, ARestartInAnOutageHasTheStoredKeysAtOnce) {
  auto vault = std::make_shared<MemoryVault>();
  refresher.configure(one(source("")), vault);
  EXPECT_TRUE(refresher.start());
  ASSERT_TRUE(eventually([&] { return vault->size() == 1 && keys_of("") == 1; }));
  refresher.stop();
  auto outage = std::make_shared<FakeFetcher>(
      [](const FetchRequest&) { return std::optional(answer(FetchOutcome::connection_refused)); });
  JwksRefresher again(outage, clock, {});
  again.configure(one(source("")), vault);
  EXPECT_EQ(again.view("")->keys.keys->size(), 1u) << "before the thread has even started";
  EXPECT_TRUE(again.start());
  EXPECT_TRUE(eventually([&] { return again.report()[0].last_outcome == FetchOutcome::connection_refused; }));
  EXPECT_EQ(again.report()[0].state, SourceState::stale);
  EXPECT_EQ(again.view("")->keys.keys->size(), 1u);
}

TEST_F(JwksRefresherTest, RefreshNowNamesItsSource) {
  refresher.configure(one(source("plant")), nullptr);
  EXPECT_TRUE(refresher.start());
  ASSERT_TRUE(eventually([&] { return fetcher->count() == 1; }));
  EXPECT_FALSE(refresher.refresh_now("other"));
  clock.advance(10'000);
  EXPECT_TRUE(refresher.refresh_now("plant"));
  EXPECT_TRUE(eventually([&] { return fetcher->count() == 2; }));
  clock.advance(10'000);
  EXPECT_TRUE(refresher.refresh_now(std::nullopt));
  EXPECT_TRUE(eventually([&] { return fetcher->count() == 3; }));
}

}  // namespace
}  // namespace sallyport
