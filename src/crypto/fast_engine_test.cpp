// When the fast engine answers, who checks it, and what a wrong answer does.
#include "crypto/fast_engine.h"

#include <gtest/gtest.h>

#include <thread>

#include "crypto/private_key.h"

namespace sallyport::fast {
namespace {

constexpr std::string_view kInput = "header.payload";

struct Signed {
  explicit Signed(Engine& engine) : key(*PrivateKey::generate(KeyType::p256)) {
    signature = *key.sign(SignatureScheme::ecdsa, Hash::sha256, kInput);
    const PublicKey& p = key.public_key();
    const auto evp = PublicKey::from_point(KeyType::p256, p.first(), p.second());
    fast = engine.adopt(KeyType::p256, p.first(), p.second(), evp->native_for_judges());
  }
  // What verify() says, and whether OpenSSL was asked for it.
  bool verify(Engine& engine, std::string_view input, std::string_view s, bool judged) {
    asked = false;
    return engine.verify(fast, SignatureScheme::ecdsa, Hash::sha256, input, s, [&] { return asked = true, judged; });
  }
  void use(Engine& engine, std::uint32_t times) {
    for (std::uint32_t i = 0; i < times; ++i) verify(engine, kInput, signature, true);
  }
  PrivateKey key;
  std::string signature;
  std::shared_ptr<Key> fast;
  bool asked = false;
};

class FastEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (paths().empty()) GTEST_SKIP() << "no fast engine on this machine";
    engine.enable(true);
    engine.begin_confirming();
  }
  Engine engine;
};

TEST_F(FastEngineTest, AnswersOnlyAfterAFewUsesATableAndItsProbation) {
  Signed s(engine);
  engine.make_tables();
  for (std::uint32_t i = 0; i < Key::kUsesBeforeTable; ++i) {
    EXPECT_EQ(engine.report().tables, 0u);
    EXPECT_TRUE(s.verify(engine, kInput, s.signature, true));
    EXPECT_TRUE(s.asked) << i;
  }
  engine.make_tables();
  EXPECT_EQ(engine.report().tables, 1u);
  for (std::uint32_t i = 0; i < Key::kProbation; ++i) {
    EXPECT_TRUE(s.verify(engine, kInput, s.signature, true));
    EXPECT_TRUE(s.asked) << i;
  }
  EXPECT_TRUE(s.verify(engine, kInput, s.signature, false));
  EXPECT_FALSE(s.asked);
  EXPECT_FALSE(s.verify(engine, "another", s.signature, true));
  EXPECT_FALSE(s.asked);
  engine.confirm_waiting();
  EXPECT_EQ(engine.report().confirmed, 1u);
  EXPECT_EQ(engine.report().mismatches, 0u);
  EXPECT_TRUE(engine.active());
}

TEST_F(FastEngineTest, ADifferenceFromOpensslSwitchesItOffForGoodAndOpensslDecides) {
  Signed s(engine);
  const auto other = PrivateKey::generate(KeyType::p256);
  const PublicKey& p = s.key.public_key();
  // OpenSSL's form is another key's and refuses what the fast engine accepts: as if the fast engine were wrong.
  s.fast = std::make_shared<Key>(KeyType::p256, p.first(), p.second(), other->public_key().native_for_judges());
  s.use(engine, Key::kUsesBeforeTable);
  s.fast->build(paths().back(), 1);
  EXPECT_FALSE(s.verify(engine, kInput, s.signature, false));
  EXPECT_FALSE(engine.active());
  EXPECT_EQ(engine.report().mismatches, 1u);
  EXPECT_EQ(engine.report().fault, "its answer differs from OpenSSL's");
  engine.enable(false);
  engine.enable(true);
  EXPECT_FALSE(engine.active());
  EXPECT_TRUE(s.verify(engine, kInput, s.signature, true));
  EXPECT_TRUE(s.asked);
}

TEST_F(FastEngineTest, AnAcceptThatOpensslRefusesAfterwardsSwitchesItOff) {
  Signed good(engine);
  const auto other = PrivateKey::generate(KeyType::p256);
  const PublicKey& p = good.key.public_key();
  // OpenSSL's form is another key's: the confirming thread sees what a wrong accept would look like.
  Engine wrong;
  wrong.enable(true);
  wrong.begin_confirming();
  Signed s(wrong);
  s.fast = std::make_shared<Key>(KeyType::p256, p.first(), p.second(), other->public_key().native_for_judges());
  s.signature = good.signature;
  s.use(wrong, Key::kUsesBeforeTable);
  s.fast->build(paths().back(), 1);
  s.use(wrong, Key::kProbation);
  ASSERT_TRUE(wrong.active());
  EXPECT_TRUE(s.verify(wrong, kInput, s.signature, false));
  EXPECT_FALSE(s.asked);
  std::string told;
  Engine::Confirmer confirmer(wrong);
  std::thread thread([&] {
    confirmer.run([&](std::string_view fault) {
      told = fault;
      confirmer.stop();
    });
  });
  thread.join();
  EXPECT_EQ(told, "it accepted a signature that OpenSSL refuses");
  EXPECT_FALSE(wrong.active());
}

TEST_F(FastEngineTest, ServesNobodyWhenOffOrUnconfirmedOrForLongInputs) {
  Signed s(engine);
  s.use(engine, Key::kUsesBeforeTable);
  engine.make_tables();
  s.use(engine, Key::kProbation);
  s.verify(engine, kInput, s.signature, true);
  EXPECT_FALSE(s.asked);
  s.verify(engine, std::string(Confirmations::kMaxInput + 1, 'x'), s.signature, true);
  EXPECT_TRUE(s.asked);
  engine.enable(false);
  s.verify(engine, kInput, s.signature, true);
  EXPECT_TRUE(s.asked);
  engine.enable(true);
  s.verify(engine, kInput, s.signature, true);
  EXPECT_FALSE(s.asked);
  engine.end_confirming();
  s.verify(engine, kInput, s.signature, true);
  EXPECT_TRUE(s.asked);
}

TEST_F(FastEngineTest, AStormBeyondTheQueueIsAnsweredAndCounted) {
  Signed s(engine);
  s.use(engine, Key::kUsesBeforeTable);
  engine.make_tables();
  s.use(engine, Key::kProbation);
  s.use(engine, Confirmations::kSlots + 5);
  EXPECT_EQ(engine.report().unconfirmed, 5u);
  engine.confirm_waiting();
  EXPECT_EQ(engine.report().confirmed, Confirmations::kSlots);
  EXPECT_TRUE(engine.active());
}

TEST_F(FastEngineTest, AThreadConfirmsWhatOthersAccept) {
  Signed s(engine);
  s.use(engine, Key::kUsesBeforeTable);
  engine.make_tables();
  s.use(engine, Key::kProbation);
  Engine::Confirmer confirmer(engine);
  std::thread confirming([&] { confirmer.run([](std::string_view fault) { FAIL() << fault; }); });
  std::vector<std::thread> askers;
  for (int t = 0; t < 3; ++t)
    askers.emplace_back([&] {
      for (int i = 0; i < 200; ++i)
        EXPECT_TRUE(
            engine.verify(s.fast, SignatureScheme::ecdsa, Hash::sha256, kInput, s.signature, [] { return false; }));
    });
  for (std::thread& t : askers) t.join();
  while (engine.report().confirmed + engine.report().unconfirmed < 600) std::this_thread::yield();
  confirmer.stop();
  confirming.join();
  EXPECT_GT(engine.report().confirmed, 0u);
  EXPECT_TRUE(engine.active());
}

TEST_F(FastEngineTest, TheSameNumbersAreOneKeyAndAnUnservedKindIsNone) {
  Signed s(engine);
  const PublicKey& p = s.key.public_key();
  EXPECT_EQ(engine.adopt(KeyType::p256, p.first(), p.second(), p.native_for_judges()), s.fast);
  EXPECT_EQ(engine.adopt(KeyType::p521, p.first(), p.second(), p.native_for_judges()), nullptr);
}

TEST_F(FastEngineTest, TablesStayWithinTheirBoundAndIdleOnesMakeRoom) {
  constexpr std::size_t kFit = 3;
  Engine small(kFit * KeyTable::bytes_of(KeyType::p256) + 100);
  small.enable(true);
  small.begin_confirming();
  std::vector<std::unique_ptr<Signed>> keys;
  for (std::size_t i = 0; i < kFit + 2; ++i) {
    keys.push_back(std::make_unique<Signed>(small));
    keys.back()->use(small, Key::kUsesBeforeTable);
    small.make_tables();
    for (const auto& key : keys) key->use(small, 1);  // all stay in use
  }
  EXPECT_EQ(small.report().tables, kFit);
  EXPECT_LE(small.report().table_bytes, kFit * KeyTable::bytes_of(KeyType::p256) + 100);
  EXPECT_EQ(keys.back()->fast->table_bytes(), 0u);
  for (std::uint32_t i = 0; i < Engine::kIdleTicks; ++i) {
    for (std::size_t k = 1; k < keys.size(); ++k) keys[k]->use(small, 1);
    small.make_tables();
  }
  EXPECT_EQ(keys.front()->fast->table_bytes(), 0u) << "the idle one made room";
  EXPECT_GT(keys[kFit]->fast->table_bytes() + keys[kFit + 1]->fast->table_bytes(), 0u);
  EXPECT_EQ(small.report().tables, kFit);
}

// Whoever may publish keys publishes a thousand and uses each: tables stay within their bound, one call makes but a
// few, and a key in steady use keeps its own.
TEST_F(FastEngineTest, AThousandKeysInTurnStayWithinTheBound) {
  constexpr std::size_t kFit = 8;
  Engine small(kFit * KeyTable::bytes_of(KeyType::p256));
  small.enable(true);
  small.begin_confirming();
  Signed steady(small);
  steady.use(small, Key::kUsesBeforeTable);
  small.make_tables();
  ASSERT_GT(steady.fast->table_bytes(), 0u);
  std::vector<std::shared_ptr<Key>> keys;
  for (int i = 0; i < 1000; ++i) {
    const auto key = PrivateKey::generate(KeyType::p256);
    const PublicKey& p = key->public_key();
    keys.push_back(small.adopt(KeyType::p256, p.first(), p.second(), p.native_for_judges()));
    for (std::uint32_t use = 0; use < Key::kUsesBeforeTable; ++use)
      small.verify(keys.back(), SignatureScheme::ecdsa, Hash::sha256, kInput, steady.signature, [] { return false; });
    if (i % 10) continue;
    steady.use(small, 1);
    const std::size_t before = small.report().tables;
    small.make_tables();
    EXPECT_LE(small.report().tables, before + Engine::kTablesAtOnce);
    EXPECT_LE(small.report().table_bytes, kFit * KeyTable::bytes_of(KeyType::p256));
  }
  EXPECT_EQ(small.report().tables, kFit);
  EXPECT_GT(steady.fast->table_bytes(), 0u);
  EXPECT_TRUE(small.active());
}

}  // namespace
}  // namespace sallyport::fast
