#include "bars/bar.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

namespace sallyport {
namespace {

BarRecord bar(BarKind kind, std::string value) {
  BarRecord out;
  out.kind = kind;
  out.value = std::move(value);
  return out;
}

TEST(BarTest, EachKindHasANameAndANumberThatLeadBack) {
  for (const int number : {0, 1, 2, 16, 17, 18, 19, 20}) {
    const auto kind = bar_kind_from_number(number);
    ASSERT_TRUE(kind) << number;
    EXPECT_EQ(static_cast<int>(*kind), number);
    EXPECT_EQ(bar_kind_from_name(name(*kind), is_pattern(*kind)), kind);
  }
  EXPECT_FALSE(bar_kind_from_number(3));
  EXPECT_FALSE(bar_kind_from_name("jti", true));
  EXPECT_EQ(class_of(BarKind::key_id), BarClass::revocation);
  EXPECT_EQ(class_of(BarKind::client_id), BarClass::block);
}

TEST(BarTest, KeepsAnAddressInOneForm) {
  const std::pair<const char*, const char*> forms[] = {
      {"192.0.2.7", "192.0.2.7"},          {"192.0.2.7/32", "192.0.2.7"},
      {"::ffff:192.0.2.7", "192.0.2.7"},   {"10.1.2.3/8", "10.0.0.0/8"},
      {"2001:DB8::1/32", "2001:db8::/32"}, {"2001:0db8:0::1", "2001:db8::1"},
      {"0.0.0.0/0", "0.0.0.0/0"},          {"::/0", "::/0"}};
  for (const auto& [given, kept] : forms) {
    BarRecord one = bar(BarKind::address, given);
    ASSERT_TRUE(check_bar(one)) << given;
    EXPECT_EQ(one.value, kept);
  }
  for (const char* bad : {"192.0.2.256", "10.0.0.0/33", "host", "10.0.0.0/", "[::1]", "10.0.0.0/08"}) {
    BarRecord one = bar(BarKind::address, bad);
    EXPECT_FALSE(check_bar(one)) << bad;
  }
}

TEST(BarTest, RefusesWhatCouldNotBeMeant) {
  const auto fails = [](BarRecord one) { return !check_bar(one).has_value(); };
  EXPECT_TRUE(fails(bar(BarKind::jti, "")));
  EXPECT_TRUE(fails(bar(BarKind::jti, std::string("a\0b", 3))));
  EXPECT_TRUE(fails(bar(BarKind::jti, "\xff")));
  EXPECT_TRUE(fails(bar(BarKind::jti, std::string(65'536, 'a'))));
  EXPECT_FALSE(fails(bar(BarKind::jti, std::string(65'535, 'a'))));
  EXPECT_TRUE(fails(bar(BarKind::client_id_pattern, "**")));
  EXPECT_FALSE(fails(bar(BarKind::client_id_pattern, "m*")));
  BarRecord block = bar(BarKind::client_id, "m");
  block.issuer = "i";
  EXPECT_TRUE(fails(block));
  block.issuer.clear();
  block.why = std::string(1'001, 'w');
  EXPECT_TRUE(fails(block));
  block.why.pop_back();
  EXPECT_FALSE(fails(block));
}

TEST(BarTest, PatternsFitAsInAShell) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"meter-*", "meter-7", true},
      {"meter-*", "meter-", true},
      {"meter-*", "meter", false},
      {"*-7", "meter-7", true},
      {"*-7", "meter-77", false},
      {"m?ter", "meter", true},
      {"m?ter", "mter", false},
      {"a*b*c", "a-b-b-c", true},
      {"a*b*c", "a-b-c-d", false},
      {"\\*", "*", true},
      {"\\*", "x", false},
      {"exact", "exact", true},
      {"exact", "Exact", false},
      {"*", "", true},
      {"", "", true},
      {"", "a", false},
      {"a\\", "a\\", true},
      {"**a**", "bab", true},
  };
  for (const auto& [pattern, text, fits] : cases)
    EXPECT_EQ(matches_pattern(pattern, text), fits) << pattern << " " << text;
}

TEST(BarTest, PatternsAgreeWithAnObviousModel) {
  const std::function<bool(std::string_view, std::string_view)> model = [&](std::string_view p, std::string_view t) {
    if (p.empty()) return t.empty();
    if (p[0] == '*') {
      for (std::size_t i = 0; i <= t.size(); ++i)
        if (model(p.substr(1), t.substr(i))) return true;
      return false;
    }
    if (t.empty()) return false;
    if (p[0] == '\\' && p.size() > 1) return p[1] == t[0] && model(p.substr(2), t.substr(1));
    return (p[0] == '?' || p[0] == t[0]) && model(p.substr(1), t.substr(1));
  };
  std::mt19937 random(7);
  const auto text = [&](const char* letters, std::size_t most) {
    std::string out;
    for (std::size_t n = random() % most; n > 0; --n) out += letters[random() % std::strlen(letters)];
    return out;
  };
  int fitting = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string pattern = text("ab*?\\", 7), name = text("ab*", 8);
    const bool fits = matches_pattern(pattern, name);
    fitting += fits ? 1 : 0;
    ASSERT_EQ(fits, model(pattern, name)) << pattern << " " << name;
  }
  EXPECT_GT(fitting, 1000);
}

TEST(BarTest, TellsWhenNoTokenThatItHitsCanStillBeValid) {
  BarRecord one = bar(BarKind::jti, "a");
  one.created_at = 1'000'000;
  EXPECT_EQ(last_of_its_tokens(one, 3600, 60), 1'000'000 + 3600 + 60 + 86'400);
  one = bar(BarKind::principal, "a");
  EXPECT_FALSE(last_of_its_tokens(one, 3600, 60));  // it bars tokens of tomorrow, too
  one.issued_before = 2'000'000;
  EXPECT_EQ(last_of_its_tokens(one, 3600, 0), 2'000'000 + 3600 + 86'400);
  one.kind = BarKind::key_id;
  EXPECT_TRUE(last_of_its_tokens(one, 3600, 0));
  EXPECT_FALSE(last_of_its_tokens(one, kForever, 0));
  EXPECT_FALSE(last_of_its_tokens(bar(BarKind::client_id, "a"), 3600, 0));
}

}  // namespace
}  // namespace sallyport
