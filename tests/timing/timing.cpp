// What a stranger with a clock must not learn: how much of a MAC was right, whether a user exists, how right a password
// was. Each has a twin that leaks on purpose, which the same measurement must find: else it would find nothing.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>

#include "auth/testing.h"
#include "base/secret.h"
#include "jose/testing.h"
#include "leak.h"

namespace sallyport {
namespace {

using namespace sallyport::testing;
using timing::compare;
using timing::Effort;
using timing::kLeaks;
using timing::Verdict;

// Kept out of the optimizer's reach.
volatile bool result;

// Certain, and large enough to be of use: a difference of a hundredth is lost on the way to whoever holds the clock.
constexpr double kOfUse = 0.01, kOfUseBesideAHash = 0.02;
void expect_quiet(const timing::Verdict& v, double of_use = kOfUse) {
  std::printf("%s\n", v.words().c_str());
  EXPECT_FALSE(v.t >= kLeaks && v.difference > v.median * of_use) << v.words();
}
void expect_found(const timing::Verdict& v) {
  std::printf("%s\n", v.words().c_str());
  EXPECT_GE(v.t, kLeaks) << "the measurement does not see a leak: " << v.words();
}

__attribute__((noinline)) bool equal_until_it_differs(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
    asm volatile("" ::: "memory");
  }
  return true;
}

struct Bytes {
  std::string secret = std::string(64, 's'), wrong_at_once = 'x' + secret.substr(1),
              wrong_at_last = secret.substr(1) + 'x';
  const std::string& of(int which) const { return which ? wrong_at_last : wrong_at_once; }
};

TEST(TimingTest, AComparisonTellsNotWhereItDiffers) {
  const Bytes bytes;
  expect_quiet(
      compare([&](int which) { result = equal_constant_time(bytes.secret, bytes.of(which)); }, {.repeats = 16}));
}
TEST(TimingTest, AComparisonThatStopsEarlyIsFound) {
  const Bytes bytes;
  expect_found(
      compare([&](int which) { result = equal_until_it_differs(bytes.secret, bytes.of(which)); }, {.repeats = 16}));
}

struct Mac {
  std::string input = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0", key = std::string(kSecret);
  KeyPtr judge = secret_key(kSecret);
  std::array<std::string, 2> shown;
  explicit Mac(bool right) {
    const std::string good = *(*signing_key_from_secret(key))->sign(Algorithm::HS256, input);
    shown = {std::string(1, static_cast<char>(good[0] ^ 1)) + good.substr(1), good};
    if (!right) shown[1] = good.substr(0, 31) + static_cast<char>(good[31] ^ 1);
  }
};
TEST(TimingTest, AMacTellsNotHowMuchOfItIsRight) {
  for (const bool right : {false, true}) {
    const Mac mac(right);
    expect_quiet(compare([&](int which) { result = mac.judge->verify(Algorithm::HS256, mac.input, mac.shown[which]); },
                         {.repeats = 4}));
  }
}
TEST(TimingTest, AMacThatIsComparedUntilItDiffersIsFound) {
  const Mac mac(false);
  const auto signer = *signing_key_from_secret(mac.key);
  const std::string good = *signer->sign(Algorithm::HS256, mac.input);
  expect_found(compare(
      [&](int which) {
        result = mac.judge->verify(Algorithm::HS256, mac.input, mac.shown[which]) ||
                 equal_until_it_differs(good, mac.shown[which]);
      },
      {.repeats = 4}));
}

// A hash costs two milliseconds: few samples, and what differs is seen against the hash.
constexpr Effort kHashes{.rounds = 6, .samples = 250, .kept = 0.8};

struct Door {
  GateSnapshot snapshot = gate();
  Workspace work;
  DecisionMemory memory;
  bool ask(const Attempt& attempt) {
    return judge(attempt, snapshot, work, kNow, memory).verdict == sallyport::Verdict::allow;
  }
};
TEST(TimingTest, AUserWhoExistsCostsWhatOneWhoDoesNotCosts) {
  Door door;
  door.memory.equalize_timing = true;
  const std::array<Attempt, 2> attempts{Attempt{"ann", "a guess"}, Attempt{"nobody", "a guess"}};
  expect_quiet(compare([&](int which) { result = door.ask(attempts[which]); }, kHashes), kOfUseBesideAHash);
}
TEST(TimingTest, ADoorThatHashesForThoseWhoExistAloneIsFound) {
  Door door;  // as the command line asks, where nobody has a clock
  const std::array<Attempt, 2> attempts{Attempt{"ann", "a guess"}, Attempt{"nobody", "a guess"}};
  expect_found(
      compare([&](int which) { result = door.ask(attempts[which]); }, {.rounds = 3, .samples = 100, .kept = 0.8}));
}

TEST(TimingTest, ADisabledUserCostsWhatAWrongPasswordCosts) {
  Door door;
  door.memory.equalize_timing = true;
  const std::array<Attempt, 2> attempts{Attempt{"off", "right"}, Attempt{"ann", "a guess"}};
  expect_quiet(compare([&](int which) { result = door.ask(attempts[which]); }, kHashes), kOfUseBesideAHash);
}

TEST(TimingTest, ARightPasswordCostsWhatAWrongOneCosts) {
  Door door;
  const std::array<Attempt, 2> attempts{Attempt{"ann", "right"}, Attempt{"ann", "wrong"}};
  expect_quiet(compare([&](int which) { result = door.ask(attempts[which]); }, kHashes), kOfUseBesideAHash);
}
TEST(TimingTest, ADoorThatLooksAtTheFirstLetterIsFound) {
  Door door;
  const std::array<Attempt, 2> attempts{Attempt{"ann", "right"}, Attempt{"ann", "wrong"}};
  expect_found(compare([&](int which) { result = (*attempts[which].password)[0] == 'r' && door.ask(attempts[which]); },
                       {.rounds = 3, .samples = 100, .kept = 0.8}));
}

TEST(TimingTest, AWrongPasswordOfAnImportedHashCostsWhatAnUnknownUserCosts) {
  Door door;
  door.memory.equalize_timing = true;
  UserDirectory::Builder users;
  UserRecord imported;
  imported.username = "imported";
  imported.hash = "$sha256$none$$XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg";
  imported.version = 1;
  users.add(imported);
  door.snapshot.users = users.build();
  const std::array<Attempt, 2> attempts{Attempt{"imported", "a guess"}, Attempt{"nobody", "a guess"}};
  expect_quiet(compare([&](int which) { result = door.ask(attempts[which]); }, kHashes), kOfUseBesideAHash);
}

}  // namespace
}  // namespace sallyport
