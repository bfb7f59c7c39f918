#include "crypto/password_kdf.h"

#include <gtest/gtest.h>

#include <array>

namespace sallyport {
namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

// RFC 6070, vectors 1, 2, 5 and 6 (the last with a NUL in password and salt).
TEST(Pbkdf2Test, MatchesRfc6070) {
  std::array<std::uint8_t, 20> short_key;
  ASSERT_TRUE(pbkdf2(PasswordDigest::sha1, "password", "salt", 1, short_key));
  EXPECT_EQ(hex(short_key), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  ASSERT_TRUE(pbkdf2(PasswordDigest::sha1, "password", "salt", 2, short_key));
  EXPECT_EQ(hex(short_key), "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
  std::array<std::uint8_t, 25> long_key;
  ASSERT_TRUE(
      pbkdf2(PasswordDigest::sha1, "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, long_key));
  EXPECT_EQ(hex(long_key), "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
  std::array<std::uint8_t, 16> nul_key;
  ASSERT_TRUE(
      pbkdf2(PasswordDigest::sha1, std::string_view("pass\0word", 9), std::string_view("sa\0lt", 5), 4096, nul_key));
  EXPECT_EQ(hex(nul_key), "56fa6aa75548099dcc37d7f03425e0c3");
  EXPECT_FALSE(pbkdf2(PasswordDigest::sha1, "password", "salt", 0, nul_key));
}

// From the test suite of the Argon2 reference implementation.
TEST(Argon2Test, MatchesTheReferenceImplementation) {
  const std::string phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  EXPECT_TRUE(argon2_matches(phc, "password"));
  EXPECT_FALSE(argon2_matches(phc, "Password"));
  EXPECT_FALSE(argon2_matches("$argon2id$", "password"));
}

TEST(Argon2Test, RefusesASaltOfAnotherSize) {
  std::array<std::uint8_t, 32> out;
  EXPECT_TRUE(argon2id("password", "sixteen bytes...", 8, 1, out));
  EXPECT_FALSE(argon2id("password", "short", 8, 1, out));
}

TEST(DigestTwoTest, IsTheDigestOfBothInOrder) {
  std::array<std::uint8_t, 16> md5;
  ASSERT_TRUE(digest_two(PasswordDigest::md5, "a", "bc", md5));
  EXPECT_EQ(hex(md5), "900150983cd24fb0d6963f7d28e17f72");  // RFC 1321, "abc"
  ASSERT_TRUE(digest_two(PasswordDigest::md5, "bc", "a", md5));
  EXPECT_NE(hex(md5), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_FALSE(digest_two(PasswordDigest::sha1, "a", "bc", md5));  // the room is too small
}

TEST(BcryptTest, TakesAPasswordWholeOrNotAtAll) {
  if (!bcrypt_available()) GTEST_SKIP() << "no libcrypt.so.1";
  const std::string hash = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  EXPECT_TRUE(bcrypt_matches(hash, "U*U"));
  EXPECT_FALSE(bcrypt_matches(hash, std::string_view("U*U\0", 4)));
  EXPECT_FALSE(bcrypt_matches("*0", "U*U"));
  EXPECT_FALSE(bcrypt_matches("", ""));
}

}  // namespace
}  // namespace sallyport
