#include "bars/bar_list.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdio>
#include <map>
#include <random>

namespace sallyport {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

BarRecord bar(BarKind kind, std::string value, std::int64_t id = 1) {
  BarRecord out;
  out.id = id;
  out.kind = kind;
  out.value = std::move(value);
  EXPECT_TRUE(check_bar(out));
  return out;
}

std::shared_ptr<const BarList> list_of(const std::vector<BarRecord>& records) {
  BarList::Builder builder;
  for (const BarRecord& record : records) builder.add(record);
  return builder.build();
}

struct Token {
  std::string jti{}, principal{}, kid{}, issuer{};
  std::optional<UnixSeconds> iat{};
  TokenMarks marks() const {
    TokenMarks out;
    out.of_token = true;
    if (!jti.empty()) out.jti = token_mark(BarKind::jti, jti);
    if (!principal.empty()) out.principal = token_mark(BarKind::principal, principal);
    if (!kid.empty()) out.key_id = token_mark(BarKind::key_id, kid);
    if (!issuer.empty()) out.issuer = issuer_mark(issuer);
    out.issued_at = iat;
    return out;
  }
};

bool hits(const BarList& list, const Token& token) { return list.find_token(token.marks(), kNow).has_value(); }
bool blocks(const BarList& list, std::string_view id, std::string_view user, std::string_view address) {
  return list.find_client(id, user, address, kNow).has_value();
}

TEST(BarListTest, AnEmptyListHitsNobody) {
  const BarList empty;
  EXPECT_FALSE(hits(empty, {"a", "b", "c", "d", 1}));
  EXPECT_FALSE(blocks(empty, "a", "b", "192.0.2.7"));
  EXPECT_EQ(empty.revocations() + empty.blocks(), 0u);
}

TEST(BarListTest, HitsByJtiPrincipalAndKidAndNotAcrossThem) {
  BarRecord one = bar(BarKind::jti, "x", 7);
  one.why = "stolen";
  const auto list = list_of({one});
  const auto hit = list->find_token(Token{"x"}.marks(), kNow);
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->id, 7);
  EXPECT_EQ(hit->kind, BarKind::jti);
  EXPECT_EQ(hit->why, "stolen");
  EXPECT_FALSE(hits(*list, {"y", "x", "x"}));
  EXPECT_TRUE(hits(*list_of({bar(BarKind::principal, "x")}), {"", "x"}));
  EXPECT_TRUE(hits(*list_of({bar(BarKind::key_id, "x")}), {"", "", "x"}));
  EXPECT_FALSE(hits(*list_of({bar(BarKind::key_id, "x")}), {"x", "x", ""}));
}

TEST(BarListTest, ATokenIsIssuedBeforeToTheSecondAndWithoutIatAlways) {
  BarRecord one = bar(BarKind::principal, "p");
  one.issued_before = 1000;
  const auto list = list_of({one});
  EXPECT_TRUE(hits(*list, {"", "p", "", "", 999}));
  EXPECT_FALSE(hits(*list, {"", "p", "", "", 1000}));
  EXPECT_TRUE(hits(*list, {"", "p", "", "", std::nullopt}));
  EXPECT_FALSE(hits(*list, {"", "q", "", "", 1}));
}

TEST(BarListTest, AnIssuersRevocationHitsItsTokensAlone) {
  BarRecord one = bar(BarKind::key_id, "k1");
  one.issuer = "https://a";
  const auto list = list_of({one});
  EXPECT_TRUE(hits(*list, {"", "", "k1", "https://a"}));
  EXPECT_FALSE(hits(*list, {"", "", "k1", "https://b"}));
  EXPECT_FALSE(hits(*list, {"", "", "k1", ""}));
  EXPECT_TRUE(hits(*list_of({bar(BarKind::key_id, "k1")}), {"", "", "k1", "https://b"}));
}

TEST(BarListTest, IsOverAtItsMoment) {
  BarRecord one = bar(BarKind::jti, "x");
  one.until = kNow;
  EXPECT_FALSE(hits(*list_of({one}), {"x"}));
  one.until = kNow + 1;
  EXPECT_TRUE(hits(*list_of({one}), {"x"}));
  BarRecord pattern = bar(BarKind::client_id_pattern, "m*");
  pattern.until = kNow;
  EXPECT_FALSE(blocks(*list_of({pattern}), "m1", "", ""));
}

TEST(BarListTest, BlocksByClientIdUserNameAddressAndPattern) {
  const auto list =
      list_of({bar(BarKind::client_id, "c1"), bar(BarKind::username, "ann"), bar(BarKind::address, "10.0.0.0/8"),
               bar(BarKind::address, "2001:db8::/32"), bar(BarKind::address, "192.0.2.7"),
               bar(BarKind::client_id_pattern, "meter-*"), bar(BarKind::username_pattern, "*@example.com")});
  EXPECT_EQ(list->blocks(), 7u);
  EXPECT_EQ(list->revocations(), 0u);
  EXPECT_TRUE(blocks(*list, "c1", "", ""));
  EXPECT_FALSE(blocks(*list, "c2", "c1", ""));
  EXPECT_TRUE(blocks(*list, "", "ann", ""));
  EXPECT_FALSE(blocks(*list, "ann", "Ann", ""));
  EXPECT_TRUE(blocks(*list, "", "", "10.255.0.1"));
  EXPECT_TRUE(blocks(*list, "", "", "::ffff:10.1.1.1"));
  EXPECT_FALSE(blocks(*list, "", "", "11.0.0.1"));
  EXPECT_TRUE(blocks(*list, "", "", "2001:db8:7::1"));
  EXPECT_FALSE(blocks(*list, "", "", "2001:db9::1"));
  EXPECT_TRUE(blocks(*list, "", "", "192.0.2.7"));
  EXPECT_FALSE(blocks(*list, "", "", "192.0.2.8"));
  EXPECT_FALSE(blocks(*list, "", "", "no address"));
  EXPECT_TRUE(blocks(*list, "meter-7", "", ""));
  EXPECT_FALSE(blocks(*list, "", "meter-7", ""));
  EXPECT_TRUE(blocks(*list, "", "bob@example.com", ""));
  EXPECT_TRUE(list->find_username("ann", kNow));
  EXPECT_FALSE(list->find_username("c1", kNow));
}

TEST(BarListTest, TheNextListHasTheChangesAndTheOldOneHasNot) {
  const auto first = list_of({bar(BarKind::jti, "a", 1), bar(BarKind::client_id_pattern, "m*", 2)});
  std::vector<BarChange> changes{{bar(BarKind::jti, "b", 3), false}, {bar(BarKind::jti, "a", 1), true}};
  const auto second = first->with(changes);
  EXPECT_TRUE(hits(*first, {"a"}));
  EXPECT_FALSE(hits(*first, {"b"}));
  EXPECT_FALSE(hits(*second, {"a"}));
  EXPECT_TRUE(hits(*second, {"b"}));
  EXPECT_EQ(second->revocations(), 1u);
  changes = {{bar(BarKind::client_id_pattern, "m*", 2), true}, {bar(BarKind::jti, "b", 3), true}};
  EXPECT_EQ(second->with(changes)->blocks() + second->with(changes)->revocations(), 0u);
  // Gone and back in one step, and back and gone.
  changes = {{bar(BarKind::jti, "b", 3), true}, {bar(BarKind::jti, "b", 4), false}};
  EXPECT_EQ(second->with(changes)->find_token(Token{"b"}.marks(), kNow)->id, 4);
  changes = {{bar(BarKind::jti, "c", 5), false}, {bar(BarKind::jti, "c", 5), true}};
  EXPECT_FALSE(hits(*second->with(changes), {"c"}));
}

TEST(BarListTest, ThoseThatAreOverAreSweptOut) {
  BarRecord over = bar(BarKind::jti, "a", 1), stays = bar(BarKind::jti, "b", 2),
            pattern = bar(BarKind::client_id_pattern, "m*", 3);
  over.until = pattern.until = kNow;
  stays.until = kNow + 1;
  const auto list = list_of({over, stays, pattern});
  const auto swept = list->without_those_over(kNow);
  ASSERT_TRUE(swept);
  EXPECT_EQ(swept->revocations(), 1u);
  EXPECT_EQ(swept->blocks(), 0u);
  EXPECT_TRUE(hits(*swept, {"b"}));
  EXPECT_FALSE(swept->without_those_over(kNow));
}

// Against an obvious model: a map, walked for each question.
TEST(BarListTest, AgreesWithAnObviousModelThroughThousandsOfChanges) {
  std::mt19937 random(11);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::map<std::tuple<BarKind, std::string, std::string>, BarRecord> model;
  auto list = std::make_shared<const BarList>();
  std::int64_t id = 0;
  int hit = 0, missed = 0;
  for (int round = 0; round < 120; ++round) {
    std::vector<BarChange> changes;
    for (unsigned n = below(60); n > 0; --n) {
      BarRecord one = bar(static_cast<BarKind>(below(3)), std::to_string(below(900)), ++id);
      if (below(3) == 0) one.issuer = std::to_string(below(3));
      if (below(2) == 0) one.issued_before = below(10);
      if (below(4) == 0) one.until = kNow + below(3) - 1;
      one.why = std::string(below(4), 'w') + std::to_string(below(5));
      const auto key = std::tuple(one.kind, one.issuer, one.value);
      const bool removed = below(4) == 0;
      if (removed)
        model.erase(key);
      else
        model[key] = one;
      changes.push_back({one, removed});
    }
    list = list->with(changes);
    ASSERT_EQ(list->revocations(), model.size());
    for (int question = 0; question < 100; ++question) {
      Token t{std::to_string(below(900)), std::to_string(below(900)), std::to_string(below(900)),
              std::to_string(below(3)), std::nullopt};
      if (below(4) != 0) t.iat = below(10);
      std::optional<BarRecord> expected;
      const std::pair<BarKind, std::string> fields[] = {
          {BarKind::jti, t.jti}, {BarKind::principal, t.principal}, {BarKind::key_id, t.kid}};
      for (const auto& [kind, value] : fields)
        for (const std::string& issuer : {std::string(), t.issuer}) {
          const auto found = model.find({kind, issuer, value});
          if (expected || found == model.end()) continue;
          const BarRecord& r = found->second;
          if (r.until > kNow && (r.issued_before == kForever || !t.iat || *t.iat < r.issued_before)) expected = r;
        }
      const auto answer = list->find_token(t.marks(), kNow);
      ASSERT_EQ(answer.has_value(), expected.has_value());
      if (!answer) {
        ++missed;
        continue;
      }
      ++hit;
      ASSERT_EQ(answer->id, expected->id);
      ASSERT_EQ(answer->why, expected->why);
    }
  }
  EXPECT_GT(hit, 500);
  EXPECT_GT(missed, 500);
}

// Of this thread's own processor time: others that use the machine do not count.
class Stopwatch {
 public:
  double seconds() const { return now() - start_; }

 private:
  static double now() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
  double start_ = now();
};

// The promise, with a margin for a busy machine: 100 bytes a bar, a microsecond a check, a second for a change.
TEST(BarListTest, AMillionTakeAHundredBytesEachAndAMicrosecondACheck) {
  constexpr int kMillion = 1'000'000;
  const auto jti = [](int i) {
    char text[40];
    std::snprintf(text, sizeof text, "%08x-77aa-4bcd-9e01-%012x", static_cast<unsigned>(i) * 2654435761u,
                  static_cast<unsigned>(i));
    return std::string(text);
  };
  BarList::Builder builder;
  BarRecord one = bar(BarKind::jti, "x");
  for (int i = 0; i < kMillion; ++i) {
    one.id = i + 1;
    one.kind = i % 10 == 0 ? BarKind::principal : i % 1000 == 7 ? BarKind::key_id : BarKind::jti;
    one.issuer = i % 1000 == 7 ? "https://idp.example" : "";
    one.value = jti(i);
    one.why = i % 2 == 0 ? "site 7 was broken into" : "";
    builder.add(one);
  }
  const auto list = builder.build();
  ASSERT_EQ(list->revocations(), static_cast<std::size_t>(kMillion));
  EXPECT_LT(list->memory_bytes(), std::size_t{80} * kMillion);

  std::vector<TokenMarks> tokens;
  for (int i = 0; i < 100'000; ++i)
    tokens.push_back(
        Token{jti(kMillion + i), jti(kMillion + i + 1), jti(kMillion + i + 2), "https://idp.example", 1}.marks());
  double best = 1;
  for (int round = 0; round < 5; ++round) {
    const Stopwatch watch;
    std::size_t found = 0;
    for (const TokenMarks& token : tokens) found += list->find_token(token, kNow) ? 1 : 0;
    best = std::min(best, watch.seconds() / static_cast<double>(tokens.size()));
    ASSERT_EQ(found, 0u);
  }
  EXPECT_LT(best, 1e-6);
  EXPECT_TRUE(hits(*list, {jti(1)}));

  std::vector<BarChange> changes;
  for (int i = 0; i < 100; ++i) changes.push_back({bar(BarKind::jti, jti(2 * kMillion + i)), false});
  const Stopwatch watch;
  const auto next = list->with(changes);
  EXPECT_LT(watch.seconds(), 0.2);
  EXPECT_EQ(next->revocations(), static_cast<std::size_t>(kMillion) + 100);
  EXPECT_TRUE(hits(*next, {jti(2 * kMillion + 5)}));
}

}  // namespace
}  // namespace sallyport
