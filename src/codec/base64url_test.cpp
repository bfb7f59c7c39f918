#include "codec/base64url.h"

#include <gtest/gtest.h>

#include <array>

namespace sallyport {
namespace {

TEST(Base64urlTest, DecodesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},           {"Zg", "f"},          {"Zm8", "fo"},         {"Zm9v", "foo"},
      {"Zm9vYg", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy", "foobar"}};
  for (const auto& [text, bytes] : vectors) {
    EXPECT_EQ(decode_base64url(text), bytes);
    EXPECT_EQ(encode_base64url(bytes), text);
  }
}

TEST(Base64urlTest, DecodesRfc7515AppendixC) {
  EXPECT_EQ(decode_base64url("A-z_4ME"), std::string("\x03\xec\xff\xe0\xc1", 5));
}

TEST(Base64urlTest, EveryByteStringComesBack) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
    EXPECT_EQ(decode_base64_lenient(encode_base64(bytes)), bytes);
    EXPECT_EQ(decode_hex(encode_hex(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64urlTest, RefusesPaddingWhereTheBareTextIsTaken) {
  EXPECT_TRUE(decode_base64url("Zg"));
  EXPECT_FALSE(decode_base64url("Zg=="));
  EXPECT_FALSE(decode_base64url("Zg="));
}

TEST(Base64urlTest, RefusesStrayBitsInTheLastCharacter) {
  EXPECT_TRUE(decode_base64url("Zg"));
  for (const char* bad : {"Zh", "Zi", "Zj", "Zv"}) EXPECT_FALSE(decode_base64url(bad)) << bad;
  EXPECT_TRUE(decode_base64url("Zm8"));
  for (const char* bad : {"Zm9", "Zm-", "Zm_"}) EXPECT_FALSE(decode_base64url(bad)) << bad;
}

TEST(Base64urlTest, RefusesALengthThatNoEncoderMakes) {
  EXPECT_FALSE(decode_base64url("A"));
  EXPECT_FALSE(decode_base64url("Zm9vY"));
}

TEST(Base64urlTest, RefusesEveryCharacterOutsideTheAlphabetAtEveryPlace) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int c = 0; c < 256; ++c)
    for (std::size_t place = 0; place < 11; ++place) {
      std::string text = "AAAAAAAAAAA";
      text[place] = static_cast<char>(c);
      const bool stray = place == 10 && alphabet.find(static_cast<char>(c)) % 4 != 0;
      EXPECT_EQ(decode_base64url(text).has_value(),
                alphabet.find(static_cast<char>(c)) != std::string_view::npos && !stray)
          << c << " at " << place;
    }
}

// 32 at a time, where the processor can.
TEST(Base64urlTest, RefusesTheSameCharactersInsideALongText) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int c = 0; c < 256; ++c)
    for (std::size_t place = 0; place < 96; ++place) {
      std::string text(128, 'A');
      text[place] = static_cast<char>(c);
      const auto decoded = decode_base64url(text);
      const std::size_t value = alphabet.find(static_cast<char>(c));
      ASSERT_EQ(decoded.has_value(), value != std::string_view::npos) << c << " at " << place;
      if (decoded) {
        ASSERT_EQ(encode_base64url(*decoded), text);
      }
    }
}

TEST(Base64urlTest, NeverWritesBeyondTheRoomThatItIsGiven) {
  std::array<char, 4> room{'x', 'x', 'x', 'x'};
  EXPECT_FALSE(decode_base64url("Zm9v", std::span<char>(room.data(), 2)));
  EXPECT_EQ(decode_base64url("Zm9v", std::span<char>(room.data(), 3)), 3U);
  EXPECT_EQ(room[3], 'x');
}

TEST(Base64urlTest, LenientTakesWhatPeoplePaste) {
  for (const char* text : {"+/+/Zg==", "-_-_Zg", " -_-_Zg==\r\n", "+/+/Zg"})
    EXPECT_EQ(decode_base64_lenient(text), std::string("\xfb\xff\xbf\x66", 4)) << text;
  for (const char* text : {"Zg=", "Z g==", "Zg===", "Zm9v=", "*"}) EXPECT_FALSE(decode_base64_lenient(text)) << text;
}

TEST(HexTest, RefusesOddLengthAndOtherLetters) {
  EXPECT_EQ(decode_hex("0aFf"), std::string("\x0a\xff", 2));
  EXPECT_FALSE(decode_hex("0aF"));
  EXPECT_FALSE(decode_hex("0g"));
}

// Long texts go through another path than short ones, where the processor has it.
TEST(Base64urlTest, EveryLengthComesBackIntoExactlyItsRoom) {
  std::string bytes;
  for (std::size_t n = 0; n < 300; ++n) {
    const std::string text = encode_base64url(bytes);
    std::string out(bytes.size(), '\0');
    ASSERT_EQ(decode_base64url(text, std::span<char>(out.data(), out.size())), bytes.size()) << n;
    ASSERT_EQ(out, bytes) << n;
    bytes += static_cast<char>(n * 151 + n / 7);
  }
}

TEST(Base64urlTest, NoCharacterOfAnotherAlphabetPassesAtAnyPlaceOfALongText) {
  const std::string good = encode_base64url(std::string(96, '\x5a'));
  ASSERT_TRUE(decode_base64url(good));
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t at = 0; at < good.size(); ++at)
    for (int c = 0; c < 256; ++c) {
      std::string text = good;
      text[at] = static_cast<char>(c);
      const bool known = alphabet.find(static_cast<char>(c)) != std::string_view::npos;
      ASSERT_EQ(decode_base64url(text).has_value(), known) << at << ' ' << c;
      if (known) {
        ASSERT_EQ(encode_base64url(*decode_base64url(text)), text);
      }
    }
}

// With more of its alphabet behind it, which is not its own.
TEST(Base64urlTest, APartThatIsNoWholeByteIsRefusedWhateverFollows) {
  for (std::size_t size = 1; size <= 37; size += 4)
    EXPECT_FALSE(decode_base64url(std::string_view(std::string(64, 'A')).substr(0, size))) << size;
  EXPECT_FALSE(decode_hex(std::string_view("abcd").substr(0, 3)));
  for (const char* text : {"g0", "0g", "0x", "ab-1"}) EXPECT_FALSE(decode_hex(text)) << text;
  EXPECT_EQ(decode_hex("00fF"), std::string("\0\xff", 2));
}

}  // namespace
}  // namespace sallyport
