// One shard of the token cache: it finds what it was given and nothing else, whatever leaves, and keeps those who come
// again when others come once.
#include "auth/token_shard.h"

#include <gtest/gtest.h>

#include <list>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace sallyport {
namespace {

constexpr std::size_t kRoom = 256 * 1024;

class TokenShardTest : public ::testing::Test {
 protected:
  void SetUp() override { shard.take({reinterpret_cast<char*>(room.data()), kRoom}); }
  static std::uint64_t hash_of(const std::string& token) {
    return std::hash<std::string>{}(token)*0x9e37'79b9'7f4a'7c15;
  }
  bool remember(const std::string& token, const std::string& tape = "tape", std::uint64_t generation = 1) {
    char* const at = shard.remember(hash_of(token), token, generation, &room, tape.size());
    if (at) tape.copy(at, tape.size());
    return at != nullptr;
  }
  const TokenShard::Entry* find(const std::string& token, std::uint64_t generation = 1) {
    return shard.find(hash_of(token), token, generation);
  }
  // As a decision does it: looked up, and remembered where it is not there. Whether it was.
  bool meet(const std::string& token) {
    if (find(token)) return true;
    remember(token);
    return false;
  }
  static std::string token(std::size_t i, std::size_t length = 450) {
    std::string out = std::to_string(i) + ".";
    out.resize(length, 'x');
    return out;
  }

  std::vector<std::uint64_t> room = std::vector<std::uint64_t>(kRoom / 8);
  TokenShard shard;
};

TEST_F(TokenShardTest, FindsTheVeryBytesOfThatGenerationAndWhatStoodBesideThem) {
  ASSERT_TRUE(remember(token(1), "one"));
  ASSERT_TRUE(find(token(1)));
  EXPECT_EQ(find(token(1))->tape(), "one");
  EXPECT_EQ(find(token(1))->token(), token(1));
  EXPECT_EQ(find(token(1))->key, &room);
  EXPECT_FALSE(find(token(1), 2));
  EXPECT_FALSE(find(token(2)));
  EXPECT_FALSE(shard.find(hash_of(token(1)), token(2), 1)) << "a hash alone is no token";
}

TEST_F(TokenShardTest, OneHashHasOneEntry) {
  ASSERT_TRUE(remember(token(1), "one", 1));
  ASSERT_TRUE(remember(token(1), "two", 2));
  EXPECT_EQ(shard.entries(), 1u);
  EXPECT_FALSE(find(token(1), 1));
  EXPECT_EQ(find(token(1), 2)->tape(), "two");
}

TEST_F(TokenShardTest, RefusesWhatIsTooLargeAndWhatHasNoRoom) {
  EXPECT_FALSE(remember(std::string(kRoom / 10, 'x')));
  EXPECT_TRUE(remember(token(1)));
  TokenShard none;
  none.take({});
  EXPECT_FALSE(none.remember(1, "token", 1, nullptr, 0));
  EXPECT_FALSE(none.find(1, "token", 1));
}

// Against a plain map, with every length, through many rounds of both rings.
TEST_F(TokenShardTest, NeverFindsAnythingElseAndCountsWhatItHolds) {
  std::mt19937_64 random(5);
  std::unordered_map<std::string, std::string> given;
  for (int i = 0; i < 60'000; ++i) {
    const std::size_t which = random() % 3 ? random() % 300 : random() % 20'000;
    const std::string t = token(which, 60 + which * 7919 % 3000);
    if (const TokenShard::Entry* entry = find(t)) {
      ASSERT_EQ(entry->tape(), given.at(t));
      continue;
    }
    const std::string tape(random() % 400, static_cast<char>('a' + random() % 26));
    if (remember(t, tape)) {
      given[t] = tape;
      ASSERT_TRUE(find(t)) << i;
    }
  }
  std::size_t found = 0;
  for (const auto& [t, tape] : given)
    if (const TokenShard::Entry* entry = find(t)) {
      ++found;
      EXPECT_EQ(entry->tape(), tape);
    }
  EXPECT_EQ(found, shard.entries());
  EXPECT_GT(found, 50u);
  EXPECT_LE(shard.bytes(), kRoom);
}

TEST_F(TokenShardTest, SmallTokensByTheThousandDoNotFillItsTables) {
  for (std::size_t i = 0; i < 50'000; ++i) meet(token(i, 20));
  EXPECT_LE(shard.entries(), kRoom / 512);
  EXPECT_TRUE(meet(token(49'999, 20)));
}

TEST_F(TokenShardTest, TokensThatComeOncePushNobodyOutWhoComesAgain) {
  for (int round = 0; round < 3; ++round)
    for (std::size_t i = 0; i < 100; ++i) meet(token(i));
  for (std::size_t i = 0; i < 100'000; ++i) meet(token(1'000 + i));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < 100; ++i) kept += find(token(i)) != nullptr;
  EXPECT_GT(kept, 95u);
}

// A hundred devices come often, two thousand seldom, and strangers with good tokens once: what a list by last use keeps
// of them, and what this does.
TEST_F(TokenShardTest, AStormIsRememberedBetterThanByLastUse) {
  std::mt19937_64 random(11);
  std::list<std::size_t> by_use;
  std::unordered_map<std::size_t, std::list<std::size_t>::iterator> index;
  for (std::size_t i = 0; i < 2'000; ++i) meet(token(i));
  const std::size_t as_many = shard.entries();
  std::size_t hits = 0, hits_by_use = 0, once = 1'000'000;
  constexpr int kCome = 40'000;
  for (int i = 0; i < kCome; ++i) {
    const std::size_t kind = random() % 10;
    const std::size_t who = kind < 4 ? random() % 100 : kind < 7 ? 100 + random() % 2'000 : ++once;
    hits += meet(token(who));
    if (const auto at = index.find(who); at != index.end()) {
      ++hits_by_use;
      by_use.splice(by_use.begin(), by_use, at->second);
      continue;
    }
    by_use.push_front(who);
    index[who] = by_use.begin();
    if (index.size() > as_many) {
      index.erase(by_use.back());
      by_use.pop_back();
    }
  }
  RecordProperty("hits", std::to_string(hits * 100 / kCome) + " of 100");
  RecordProperty("hits_by_last_use", std::to_string(hits_by_use * 100 / kCome) + " of 100");
  EXPECT_GT(hits, hits_by_use);
}

}  // namespace
}  // namespace sallyport
