#include "codec/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport {
namespace {

struct Doc {
  std::string text;
  JsonTape tape;
  JsonError error;
  explicit Doc(std::string t, const JsonLimits& limits = {})
      : text(std::move(t)), error(tape.parse(text.data(), text.size(), limits)) {}
  JsonValue root() const { return tape.root(); }
};
JsonError error_of(std::string text, const JsonLimits& limits = {}) { return Doc(std::move(text), limits).error; }

TEST(JsonTest, ReadsEveryKindOfValue) {
  Doc d(R"( {"s":"a","n":-12.5e3,"t":true,"f":false,"z":null,"a":[1,[],{}],"o":{"x":{"y":7}}} )");
  ASSERT_EQ(d.error, JsonError::none);
  EXPECT_EQ(d.root().size(), 7U);
  EXPECT_EQ(d.root().find("s")->string(), "a");
  EXPECT_EQ(d.root().find("n")->text(), "-12.5e3");
  EXPECT_EQ(d.root().find("t")->boolean(), true);
  EXPECT_EQ(d.root().find("f")->boolean(), false);
  EXPECT_TRUE(d.root().find("z")->is_null());
  EXPECT_EQ(d.root().find("a")->size(), 3U);
  EXPECT_EQ(d.root().at_pointer("/o/x/y")->integer(), 7);
  EXPECT_FALSE(d.root().find("y"));
  std::vector<std::string> names;
  for (auto c = d.root().begin(); c.valid(); c.advance()) names.emplace_back(c.name());
  EXPECT_THAT(names, testing::ElementsAre("s", "n", "t", "f", "z", "a", "o"));
}

TEST(JsonTest, ResolvesEscapesInPlace) {
  Doc d(R"({"a\u0062c":"x\n\"\\\/\b\f\r\t\u00e9\u20ac\ud83d\ude00\u0000é end"})");
  ASSERT_EQ(d.error, JsonError::none);
  EXPECT_EQ(d.root().find("abc")->string(), std::string_view("x\n\"\\/\b\f\r\té€😀\0é end", 25));
}

TEST(JsonTest, AnAccessorOfAnotherTypeAnswersNothing) {
  Doc d(R"(["1",1,true])");
  const auto at = [&](const char* p) { return *d.root().at_pointer(p); };
  EXPECT_FALSE(at("/0").integer());
  EXPECT_FALSE(at("/1").string());
  EXPECT_FALSE(at("/2").string());
  EXPECT_FALSE(at("/0").boolean());
  EXPECT_FALSE(d.root().find("0"));
  EXPECT_TRUE(JsonValue().is_null());
  EXPECT_EQ(JsonValue().size(), 0U);
}

TEST(JsonTest, IntegersAreTakenExactlyOrNotAtAll) {
  Doc d("[0,-0,9223372036854775807,9223372036854775808,-9223372036854775808,7.0,1e3]");
  const auto at = [&](int i) { return d.root().at_pointer("/" + std::to_string(i))->integer(); };
  EXPECT_EQ(at(0), 0);
  EXPECT_EQ(at(1), 0);
  EXPECT_EQ(at(2), INT64_MAX);
  EXPECT_EQ(at(3), std::nullopt);
  EXPECT_EQ(at(4), INT64_MIN);
  EXPECT_EQ(at(5), std::nullopt);
  EXPECT_EQ(at(6), std::nullopt);
}

TEST(JsonTest, PointersFollowRfc6901) {
  Doc d(R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"m~n":8,"~1":9})");
  const auto number = [&](const char* p) {
    auto v = d.root().at_pointer(p);
    return v ? v->integer() : std::nullopt;
  };
  EXPECT_EQ(d.root().at_pointer("")->size(), 7U);
  EXPECT_EQ(d.root().at_pointer("/foo/0")->string(), "bar");
  EXPECT_EQ(d.root().at_pointer("/foo/1")->string(), "baz");
  EXPECT_EQ(number("/"), 0);
  EXPECT_EQ(number("/a~1b"), 1);
  EXPECT_EQ(number("/c%d"), 2);
  EXPECT_EQ(number("/m~0n"), 8);
  EXPECT_EQ(number("/~01"), 9);
  for (const char* bad : {"foo", "/foo/2", "/foo/01", "/foo/-", "/foo/+1", "/foo/", "/foo/0/x", "/m~n", "/m~2n", "/~",
                          "/foo/99999999999999999999"})
    EXPECT_FALSE(d.root().at_pointer(bad)) << bad;
}

TEST(JsonTest, RefusesWhatIsNotJson) {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "}",
                          "[",
                          "[1",
                          "[1,",
                          "[1,]",
                          "[,1]",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{,}",
                          "{a:1}",
                          "{'a':1}",
                          "{\"a\" 1}",
                          "{\"a\":1 \"b\":2}",
                          "{\"a\":1]",
                          "[1}",
                          "tru",
                          "nul",
                          "True",
                          "NaN",
                          "Infinity",
                          "-",
                          "+1",
                          "[01]",
                          "[-01]",
                          "1.",
                          ".5",
                          "1e",
                          "1e+",
                          "[0x10]",
                          "\"",
                          "\"a",
                          "\"\\",
                          "\"\\x\"",
                          "\"\\u12\"",
                          "\"\\u12g4\"",
                          "\"a\nb\"",
                          "\"a\tb\"",
                          "/**/1",
                          "\xef\xbb\xbf{}",
                          "\"\\u00",
                          "[1 2]"})
    EXPECT_EQ(error_of(bad), JsonError::syntax) << bad;
  EXPECT_EQ(error_of(std::string("\"a\0b\"", 5)), JsonError::syntax);
}

TEST(JsonTest, RefusesTextAfterTheValue) {
  EXPECT_EQ(error_of("{} \r\n\t"), JsonError::none);
  for (std::string bad : {std::string("{}x"), std::string("{}{}"), std::string("{},"), std::string("1 2"),
                          std::string("{}\0", 3), std::string("truefalse")})
    EXPECT_EQ(error_of(bad), JsonError::trailing_text) << bad;
}

TEST(JsonTest, RefusesInvalidUtf8InTextsAndNames) {
  EXPECT_EQ(error_of("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\""), JsonError::none);
  for (const char* bad : {"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\xaf", "\xe0\x9f\xbf",
                          "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe"}) {
    EXPECT_EQ(error_of(std::string("\"") + bad + "\""), JsonError::bad_utf8) << bad;
    EXPECT_EQ(error_of(std::string("\"12345678\\n") + bad + "\""), JsonError::bad_utf8) << bad;
    EXPECT_EQ(error_of(std::string("{\"") + bad + "\":1}"), JsonError::bad_utf8) << bad;
  }
}

TEST(JsonTest, RefusesLoneSurrogates) {
  EXPECT_EQ(error_of(R"("\ud83d\ude00")"), JsonError::none);
  for (const char* bad :
       {R"("\ud83d")", R"("\ude00")", R"("\ude00\ud83d")", R"("\ud83dx\ude00")", R"("\ud83d\n")", R"("\ud83d\u0041")"})
    EXPECT_EQ(error_of(bad), JsonError::bad_utf8) << bad;
}

TEST(JsonTest, RefusesDuplicateNamesHoweverTheyAreSpelt) {
  EXPECT_EQ(error_of(R"({"a":1,"b":2,"A":3})"), JsonError::none);
  for (const char* bad :
       {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"({"a":1,"\u0061":2})", R"({"x":{"a":1,"a":2}})",
        R"([{"":1,"":2}])", R"({"a":{},"a":[]})", R"({"x":[1,2,{"q":{"k":1}}],"y":1,"x":2})"})
    EXPECT_EQ(error_of(bad), JsonError::duplicate_name) << bad;
  EXPECT_EQ(error_of(R"({"x":{"a":1},"a":{"x":1},"y":[{"a":1},{"a":2}]})"), JsonError::none);
}

std::string object_of(int members, const std::string& last) {
  std::string text = "{";
  for (int i = 0; i < members; ++i) text += "\"member" + std::to_string(i) + "\":[" + std::to_string(i) + "],";
  return text + "\"" + last + "\":0}";
}
TEST(JsonTest, RefusesDuplicateNamesInLargeObjectsToo) {
  for (int members : {14, 15, 16, 17, 500, 3000}) {
    EXPECT_EQ(error_of(object_of(members, "other")), JsonError::none) << members;
    EXPECT_EQ(error_of(object_of(members, "member7")), JsonError::duplicate_name) << members;
  }
}

TEST(JsonTest, LimitsAreHeldToTheByteTheLevelAndTheNode) {
  const auto nested = [](int n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(error_of(nested(16)), JsonError::none);
  EXPECT_EQ(error_of(nested(17)), JsonError::too_deep);
  EXPECT_EQ(error_of(std::string(60'000, '[')), JsonError::too_deep);
  EXPECT_EQ(error_of(std::string(60'000, '{')), JsonError::syntax);
  EXPECT_EQ(error_of("[1,2,3]", {.max_nodes = 4}), JsonError::none);
  EXPECT_EQ(error_of("[1,2,3]", {.max_nodes = 3}), JsonError::too_many);
  EXPECT_EQ(error_of("{\"a\":1}", {.max_nodes = 3}), JsonError::none);
  EXPECT_EQ(error_of("{\"a\":1}", {.max_nodes = 2}), JsonError::too_many);
  EXPECT_EQ(error_of("[1]", {.max_bytes = 3}), JsonError::none);
  EXPECT_EQ(error_of("[1] ", {.max_bytes = 3}), JsonError::too_long);
}

TEST(JsonTest, AParseThatIsKeptSaysTheSameOfTheSameBytes) {
  Doc d(R"({"s":"a","n":-12.5e3,"t":true,"z":null,"a":[1,[],{}],"o":{"x":{"y":7}}})");
  std::string packed(d.tape.packed_size(), 0);
  ASSERT_GT(packed.size(), 0u);
  d.tape.pack(packed.data());
  const std::string same = d.text;
  JsonTape other;
  other.unpack(same.data(), packed);
  const JsonValue root = other.root();
  EXPECT_EQ(root.size(), 6u);
  EXPECT_EQ(root.find("s")->string(), "a");
  EXPECT_EQ(root.find("n")->text(), "-12.5e3");
  EXPECT_EQ(root.find("t")->boolean(), true);
  EXPECT_TRUE(root.find("z")->is_null());
  EXPECT_EQ(root.find("a")->size(), 3u);
  EXPECT_EQ(root.at_pointer("/o/x/y")->integer(), 7);
  EXPECT_EQ(other.packed_size(), packed.size());
}

TEST(JsonTest, FindsEveryNameThatIsThereAndNoneThatIsNot) {
  for (int members = 0; members < 40; ++members) {
    std::string text = "{";
    for (int i = 0; i < members; ++i)
      text += (i ? ",\"" : "\"") + std::string(static_cast<std::size_t>(i) % 5, 'x') + std::to_string(i) +
              "\":" + std::to_string(i);
    const Doc d(text + "}");
    std::string packed(d.tape.packed_size(), 0);
    d.tape.pack(packed.data());
    JsonTape other;
    other.unpack(d.text.data(), packed);
    for (const JsonTape* const tape : {static_cast<const JsonTape*>(&d.tape), static_cast<const JsonTape*>(&other)})
      for (int i = 0; i < 60; ++i) {
        const std::string name = std::string(static_cast<std::size_t>(i) % 5, 'x') + std::to_string(i);
        const auto found = tape->root().find(name);
        ASSERT_EQ(found.has_value(), i < members) << name << " of " << members;
        if (found) {
          EXPECT_EQ(found->integer(), i);
        }
        EXPECT_FALSE(tape->root().find(name + "x"));
      }
    EXPECT_FALSE(d.tape.root().find(""));
  }
  EXPECT_EQ(Doc(R"({"":7,"a":1})").tape.root().find("")->integer(), 7);
}

TEST(JsonTest, AParseThatChangedItsTextOrFailedOrIsTooLongIsNotKept) {
  EXPECT_EQ(Doc(R"({"a":"\u0062"})").tape.packed_size(), 0u);
  EXPECT_EQ(Doc(R"({"a":)").tape.packed_size(), 0u);
  const JsonLimits wide{.max_bytes = 1 << 20};
  EXPECT_GT(Doc("\"" + std::string(65'000, 'x') + "\"", wide).tape.packed_size(), 0u);
  EXPECT_EQ(Doc("\"" + std::string(66'000, 'x') + "\"", wide).tape.packed_size(), 0u);
}

TEST(JsonTest, AFaultLeavesAnEmptyTapeAndItsPlace) {
  Doc d(R"({"a":1,"b":x})");
  EXPECT_EQ(d.error, JsonError::syntax);
  EXPECT_EQ(d.tape.error_offset(), 11U);
  EXPECT_TRUE(d.root().is_null());
}

TEST(JsonTest, NeverReadsBeyondItsLength) {
  std::string text = R"({"a":"bcdefghijkl"}garbage")";
  JsonTape tape;
  EXPECT_EQ(tape.parse(text.data(), 19), JsonError::none);
  for (std::size_t n = 0; n < 19; ++n) {
    std::vector<char> exact(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(n));  // asan watches the end
    EXPECT_EQ(tape.parse(exact.data(), n), JsonError::syntax) << n;
  }
}

std::optional<UnixSeconds> date(std::string text) {
  Doc d("[" + text + "]");
  EXPECT_EQ(d.error, JsonError::none) << text;
  return numeric_date(*d.root().at_pointer("/0"));
}
TEST(NumericDateTest, IsExactTo2To63Minus1) {
  EXPECT_EQ(date("0"), 0);
  EXPECT_EQ(date("1516239022"), 1516239022);
  EXPECT_EQ(date("15822553606420000"), 15822553606420000);
  EXPECT_EQ(date("9007199254740993"), 9007199254740993);  // 2^53 + 1, which no double has
  EXPECT_EQ(date("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(date("9223372036854775807.0"), INT64_MAX);
  EXPECT_EQ(date("9223372036854775808"), std::nullopt);
  EXPECT_EQ(date("9223372036854775807.5"), std::nullopt);
  EXPECT_EQ(date("9223372036854775806.5"), INT64_MAX);
  EXPECT_EQ(date("18446744073709551616"), std::nullopt);
  EXPECT_EQ(date("99999999999999999999999999"), std::nullopt);
  EXPECT_EQ(date("\"9223372036854775807\""), INT64_MAX);
  EXPECT_EQ(date("\"9223372036854775808\""), std::nullopt);
}
TEST(NumericDateTest, FractionsRoundUpAndExponentsCount) {
  EXPECT_EQ(date("1.5"), 2);
  EXPECT_EQ(date("1.0"), 1);
  EXPECT_EQ(date("1.000000000000000000000000000000001"), 2);
  EXPECT_EQ(date("0.0001"), 1);
  EXPECT_EQ(date("0.000"), 0);
  EXPECT_EQ(date("1e3"), 1000);
  EXPECT_EQ(date("1.5E+3"), 1500);
  EXPECT_EQ(date("1500e-3"), 2);
  EXPECT_EQ(date("1000e-3"), 1);
  EXPECT_EQ(date("1e-400"), 1);
  EXPECT_EQ(date("1e-99999999999999999999"), 1);
  EXPECT_EQ(date("1e18"), 1'000'000'000'000'000'000);
  EXPECT_EQ(date("1e19"), std::nullopt);
  EXPECT_EQ(date("1e400"), std::nullopt);
  EXPECT_EQ(date("1e99999999999999999999"), std::nullopt);
  EXPECT_EQ(date("0e99999999999999999999"), 0);
  EXPECT_EQ(date("0.0000000000000000000000000001e28"), 1);
}
TEST(NumericDateTest, NegativeIsLongAgo) {
  EXPECT_EQ(date("-1"), -1);
  EXPECT_EQ(date("-1.5"), -1);
  EXPECT_EQ(date("-0.5"), 0);
  EXPECT_EQ(date("-9223372036854775807"), -INT64_MAX);
  EXPECT_EQ(date("-9223372036854775808"), std::nullopt);
}
TEST(NumericDateTest, ADigitTextIsATimeAndNothingElseIs) {
  EXPECT_EQ(date("\"1516239022\""), 1516239022);
  EXPECT_EQ(date("\"007\""), 7);
  for (const char* bad : {"\"\"", "\"-1\"", "\"+1\"", "\"1.5\"", "\"1e3\"", "\" 1\"", "\"1 \"", "\"1\\u0000\"", "\"x\"",
                          "null", "true", "[]", "{}"})
    EXPECT_EQ(date(bad), std::nullopt) << bad;
}
// Eight digits are read at once: what is none is found at each place.
TEST(NumericDateTest, OneCharacterThatIsNoDigitSpoilsATextAtEveryPlace) {
  EXPECT_EQ(date("\"123456789012345678\""), 123456789012345678);
  for (std::size_t size = 1; size <= 18; ++size)
    for (std::size_t place = 0; place < size; ++place)
      for (int c = ' '; c < 0x7f; ++c) {
        if (c == '"' || c == '\\') continue;
        std::string text(size, '9');
        text[place] = static_cast<char>(c);
        const auto read = date("\"" + text + "\"");
        ASSERT_EQ(read.has_value(), c >= '0' && c <= '9') << text;
        if (read) {
          ASSERT_EQ(*read, std::stoll(text));
        }
      }
}

// In room that ends where the text does, and with the text's own continuation behind it: what is missing is neither
// read nor made up.
JsonError error_of_part(std::string_view whole, std::size_t size) {
  std::vector<char> exact(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
      more(whole.begin(), whole.end());
  JsonTape one, other;
  const JsonError error = one.parse(exact.data(), exact.size());
  EXPECT_EQ(other.parse(more.data(), size), error) << whole.substr(0, size);
  return error;
}

TEST(JsonTest, NoTextIsWholeBeforeItsEnd) {
  for (const std::string_view whole :
       {R"({"a":1})", R"([true])", R"([false,null])", R"(["\u0041"])", R"(["\ud83d\ude00"])", R"(["\n"])",
        R"([-1.5e+3])", R"({"a":{"b":[{}]}})", "-1", "true", "null"}) {
    EXPECT_EQ(error_of_part(whole, whole.size()), JsonError::none) << whole;
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_NE(error_of_part(whole, size), JsonError::none) << whole.substr(0, size);
  }
  for (const std::string_view number : {"1.5", "1e3", "-1.5e+3"})
    EXPECT_NE(error_of_part(number, number.size() - 1), JsonError::none) << number;
}

TEST(JsonTest, OneWrongCharacterIsTheEndOfIt) {
  for (const char* text : {R"({"a"x1})", R"({"a" 1})", R"({a:1})", R"({xa":1})", R"({"a":1,b":2})", R"({'a':1})",
                           "trux", "nulL", "fals3", "tru", "[nul]", R"(["\u12g4"])", R"(["\x0041"])"})
    EXPECT_EQ(error_of(text), JsonError::syntax) << text;
}

TEST(JsonTest, HalfOfAPairIsNoCharacterWhateverStandsBesideIt) {
  for (const char* text : {R"(["\udc00\udc00"])", R"(["\ude00\ud83d"])", R"(["\ud83d\ud83d"])", R"(["\ud83d\ue000"])",
                           R"(["\ud83d\uffff"])", R"(["\ud83dxude00"])", R"(["\ud83d\xde00"])", R"(["\ud83d/ude00"])",
                           R"(["\ud83d"])", R"(["\ud83d\n"])"})
    EXPECT_EQ(error_of(text), JsonError::bad_utf8) << text;
  EXPECT_EQ(error_of(R"(["\ud83d\udc00","\udbff\udfff","\ud800\udc00"])"), JsonError::none);
}

TEST(JsonTest, APointerMeansOnePlaceOrNone) {
  Doc d(R"({"a":[1,2],"a/b":3,"~":4,"":5,"ab":6})");
  for (const char* bad :
       {"a", "a/0", "/a/", "/a/0x", "/a/1x", "/a/x", "/a/00", "/a/-", "/a~", "/~2", "/a~2b", "/abc", "/a\"", "/b"})
    EXPECT_FALSE(d.root().at_pointer(bad)) << bad;
  EXPECT_EQ(d.root().at_pointer("/a/1")->integer(), 2);
  EXPECT_EQ(d.root().at_pointer("/a~1b")->integer(), 3);
  EXPECT_EQ(d.root().at_pointer("/~0")->integer(), 4);
  EXPECT_EQ(d.root().at_pointer("/")->integer(), 5);
}

TEST(AppendJsonStringTest, AlwaysWritesJsonThatReadsBack) {
  for (std::string text :
       {std::string("plain"), std::string("q\"b\\s/"), std::string("\0\x01\x1f\x7f\n\r\t", 7), std::string("é€😀")}) {
    std::string out;
    append_json_string(out, text);
    Doc d(out);
    ASSERT_EQ(d.error, JsonError::none) << out;
    EXPECT_EQ(d.root().string(), text);
  }
  std::string out;
  append_json_string(out, "a\xff\xc3z");
  EXPECT_EQ(out, "\"a\xef\xbf\xbd\xef\xbf\xbdz\"");
}

}  // namespace
}  // namespace sallyport
