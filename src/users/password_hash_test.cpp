#include "users/password_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "codec/base64url.h"
#include "crypto/password_kdf.h"
#include "users/hash_form.h"

namespace sallyport {
namespace {

std::string cause(std::string_view hash) {
  const Result<void> checked = check_hash(hash);
  return checked ? std::string() : checked.error().cause;
}
std::string salted(PasswordDigest digest, std::string_view first, std::string_view second) {
  std::string out(size_of(digest), '\0');
  EXPECT_TRUE(digest_two(digest, first, second, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()}));
  return out;
}

TEST(PasswordHashTest, HashesAndVerifiesWithTheDefaultProfile) {
  const Result<std::string> hash = hash_password("correct horse");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=2048,t=2,p=1$"));
  EXPECT_TRUE(check_hash(*hash));
  EXPECT_TRUE(verify_password(*hash, "correct horse"));
  EXPECT_FALSE(verify_password(*hash, "correct horsf"));
  EXPECT_FALSE(verify_password(*hash, ""));
  EXPECT_FALSE(is_weak_hash(*hash));
}

TEST(PasswordHashTest, TwoHashesOfOnePasswordDiffer) { EXPECT_NE(*hash_password("same"), *hash_password("same")); }

TEST(PasswordHashTest, StrongProfileTakesSixtyFourMebibytes) {
  const Result<std::string> hash = hash_password("for people", HashProfile::strong);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,"));
  EXPECT_TRUE(verify_password(*hash, "for people"));
}

TEST(PasswordHashTest, RefusesEmptyAndOverlongPasswords) {
  EXPECT_EQ(hash_password("").error().cause, "the password is empty");
  EXPECT_FALSE(hash_password(std::string(65536, 'a')));
  EXPECT_TRUE(hash_password(std::string(65535, 'a')));
}

TEST(PasswordHashTest, ANulInsideAPasswordCounts) {
  const std::string password("ab\0cd", 5);
  const std::string hash = *hash_password(password);
  EXPECT_TRUE(verify_password(hash, password));
  EXPECT_FALSE(verify_password(hash, "ab"));
}

// Lines made by mosquitto_passwd 2.0.11 for the password "pw".
TEST(PasswordHashTest, VerifiesMosquittosPasswordFileLines) {
  const std::string six =
      "$6$Wgl7cIdYIh245L13$ebHIFZWpoQzLdoJK+yKlMloJ6434lzL2+O3z7h6f0sbpU9wWAb1NcAtqbankh2tc/6g7ThLTWHxz4k3cThWcDA==";
  const std::string seven =
      "$7$101$Qe7kUii/wg3ka3So$lia9pl2BZh3Es9hOTeIf0wjRRGBGxZbUD5gVY/GkBoRVySk3qVicin/"
      "KcC7wyx22dWHLwE3RfgZ5j51dBdpjqA==";
  for (const std::string& hash : {six, seven}) {
    EXPECT_EQ(cause(hash), "");
    EXPECT_TRUE(verify_password(hash, "pw"));
    EXPECT_FALSE(verify_password(hash, "pW"));
    EXPECT_TRUE(is_weak_hash(hash));
  }
}

TEST(PasswordHashTest, RefusesTheCryptFormOfDollarSix) {
  EXPECT_EQ(
      cause("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1"),
      "this $6$ hash is not Mosquitto's");
}

// RFC 6070 test vector 4 in its PHC form, and RFC 7914 section 11 (PBKDF2-HMAC-SHA-256).
TEST(PasswordHashTest, VerifiesPublishedPbkdf2Vectors) {
  const auto phc = [](std::string_view kind, int iterations, std::string_view salt, std::string_view hex) {
    return "$pbkdf2-" + std::string(kind) + "$i=" + std::to_string(iterations) + "$" + encode_base64(salt) + "$" +
           encode_base64(*decode_hex(hex));
  };
  EXPECT_TRUE(verify_password(phc("sha1", 4096, "salt", "4b007901b765489abead49d926f721d065a429c1"), "password"));
  EXPECT_FALSE(verify_password(phc("sha1", 4095, "salt", "4b007901b765489abead49d926f721d065a429c1"), "password"));
  EXPECT_TRUE(verify_password(phc("sha256", 1, "salt",
                                  "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b6459916"
                                  "64b39d77ef317c71b845b1e30bd509112041d3a19783"),
                              "passwd"));
}

TEST(PasswordHashTest, VerifiesBcryptOfAllThreePrefixes) {
  if (!bcrypt_available()) GTEST_SKIP() << "no libcrypt.so.1";
  // From the test suite of Openwall's crypt_blowfish: "U*U".
  const std::string body = "$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  for (const char* prefix : {"$2a", "$2b", "$2y"}) {
    EXPECT_TRUE(verify_password(prefix + body, "U*U")) << prefix;
    EXPECT_FALSE(verify_password(prefix + body, "U*V")) << prefix;
    EXPECT_FALSE(verify_password(prefix + body, std::string_view("U*U\0x", 5))) << prefix;
  }
  EXPECT_TRUE(is_weak_hash("$2b" + body));
}

TEST(PasswordHashTest, VerifiesSaltedDigestsWithTheSaltBeforeBehindAndWithout) {
  const std::pair<const char*, PasswordDigest> kinds[] = {{"md5", PasswordDigest::md5},
                                                          {"sha", PasswordDigest::sha1},
                                                          {"sha256", PasswordDigest::sha256},
                                                          {"sha512", PasswordDigest::sha512}};
  for (const auto& [name, digest] : kinds) {
    HashForm form;
    form.kind = HashKind::digest;
    form.digest = digest;
    form.position = SaltPosition::prefix;
    form.salt = "pepper";
    form.hash = salted(digest, "pepper", "public");
    EXPECT_TRUE(to_text(form).starts_with("$" + std::string(name) + "$prefix$"));
    EXPECT_TRUE(verify_password(to_text(form), "public")) << name;
    EXPECT_FALSE(verify_password(to_text(form), "publik")) << name;
    form.position = SaltPosition::suffix;
    EXPECT_FALSE(verify_password(to_text(form), "public")) << name;
    form.hash = salted(digest, "public", "pepper");
    EXPECT_TRUE(verify_password(to_text(form), "public")) << name;
    form.position = SaltPosition::none;
    form.salt.clear();
    form.hash = salted(digest, "public", "");
    EXPECT_TRUE(verify_password(to_text(form), "public")) << name;
    EXPECT_TRUE(is_weak_hash(to_text(form))) << name;
  }
}

TEST(PasswordHashTest, VerifiesPlainAndCallsItWeak) {
  HashForm form;
  form.hash = "letmein";
  EXPECT_TRUE(verify_password(to_text(form), "letmein"));
  EXPECT_FALSE(verify_password(to_text(form), "letmeim"));
  EXPECT_TRUE(is_weak_hash(to_text(form)));
}

TEST(PasswordHashTest, RefusesCostsThatWouldHoldTheBroker) {
  const std::string tail = "$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  EXPECT_EQ(cause("$argon2id$v=19$m=131072,t=4,p=1" + tail), "");
  EXPECT_THAT(cause("$argon2id$v=19$m=131072,t=5,p=1" + tail), testing::HasSubstr("costs too much"));
  EXPECT_THAT(cause("$argon2id$v=19$m=262144,t=1,p=1" + tail), testing::HasSubstr("costs too much"));
  EXPECT_EQ(cause("$pbkdf2-sha512$i=700000$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "");
  EXPECT_THAT(cause("$pbkdf2-sha512$i=700001$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
              testing::HasSubstr("costs too much"));
  // Two blocks of derived key cost twice the iterations.
  EXPECT_THAT(cause("$pbkdf2-sha1$i=1000000$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
              testing::HasSubstr("costs too much"));
  if (!bcrypt_available()) return;
  EXPECT_EQ(cause("$2b$13$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), "");
  EXPECT_THAT(cause("$2b$14$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
              testing::HasSubstr("costs too much"));
}

TEST(PasswordHashTest, UnreadableTextsNeverMatchAndNameTheirCause) {
  for (const char* text :
       {"", "secret", "$", "$$", "$argon2id$", "$argon2d$v=19$m=2048,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=16$m=2048,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=-1,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=2048,t=0,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "$2b$10$short",
        "$pbkdf2-md5$i=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA", "$pbkdf2-sha256$i=0$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
        "$pbkdf2-sha256$i=99999999999$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA", "$7$0$c2FsdA$AAAA", "$6$c2FsdA$AAAA",
        "$md5$prefix$$AAAA", "$md5$none$c2FsdA$AAAA", "$sha256$middle$c2FsdA$AAAA", "$scrypt$ln=1$c2FsdA$AAAA"}) {
    EXPECT_NE(cause(text), "") << text;
    EXPECT_FALSE(verify_password(text, "secret")) << text;
    EXPECT_FALSE(is_weak_hash(text)) << text;
  }
  EXPECT_FALSE(check_hash("$md5$none$$" + std::string(5000, 'A')));
}

TEST(PasswordHashTest, AcceptedArgon2FormsAreFormsThatCanBeVerified) {
  // Padding and url alphabet would be refused by the library later; they are refused here already.
  EXPECT_EQ(cause("$argon2id$v=19$m=2048,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"), "");
  EXPECT_NE(cause("$argon2id$v=19$m=2048,t=1,p=1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA"), "");
  EXPECT_NE(cause("$argon2id$v=19$m=2048,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAA-"), "");
}

TEST(PasswordHashTest, ADummyHashCostsWhatAWrongGuessCosts) {
  using clock = std::chrono::steady_clock;
  const std::string hash = *hash_password("right");
  const auto best_of = [](auto&& work) {
    auto best = clock::duration::max();
    for (int i = 0; i < 15; ++i) {
      const auto start = clock::now();
      work();
      best = std::min(best, clock::now() - start);
    }
    return std::chrono::duration<double>(best).count();
  };
  const double wrong = best_of([&] { (void)verify_password(hash, "wrong"); });
  const double dummy = best_of([&] { spend_dummy_hash("wrong"); });
  EXPECT_LT(dummy, wrong * 1.5);
  EXPECT_GT(dummy, wrong / 1.5);
}

TEST(WeaknessTest, NamesWhyAPasswordIsWeak) {
  EXPECT_EQ(weakness("abc"), "3 characters");
  EXPECT_EQ(weakness("59301748"), "8 characters, all digits");
  EXPECT_EQ(weakness("aaaaaaaaaaaa"), "12 characters, only 1 different");
  EXPECT_EQ(weakness("23456789"), "8 characters in a row");
  EXPECT_EQ(weakness("Password1"), "it is on every list of common passwords");
  EXPECT_EQ(weakness("kjhwqerz"), "8 characters, all letters of one case");
  EXPECT_EQ(weakness("correct horse battery"), "");
  EXPECT_EQ(weakness("x7Kq2mVn9"), "");
}

TEST(GeneratePasswordTest, IsAtLeastSixteenCharactersWithoutLookAlikes) {
  EXPECT_EQ(generate_password(1).size(), 16u);
  EXPECT_EQ(generate_password(40).size(), 40u);
  EXPECT_NE(generate_password(), generate_password());
  const std::string many = generate_password(10'000);
  EXPECT_EQ(many.find_first_of("0Oo1lI"), std::string::npos);
  EXPECT_NE(many.find('a'), std::string::npos);
  EXPECT_NE(many.find('9'), std::string::npos);
  EXPECT_EQ(weakness(generate_password(16)), "");
}

}  // namespace
}  // namespace sallyport
