// Bounds and fits that stand before a key or a token is believed: each was taken out and missed by no test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jose/testing.h"

namespace sallyport {
namespace {

using namespace testing_jose;
using testing::HasSubstr;

constexpr std::string_view kBytes = "a secret of this test, long enough for HS512, 0123456789 0123456789";

std::string remote(std::string_view document) {
  const auto set = parse_key_document(document, KeyDocumentPolicy::remote_set, {.origin = KeyOrigin::jwks});
  if (!set) return set.error().cause;
  return set->skipped.empty() ? "" : set->skipped[0].cause;
}
std::string set_of(std::string_view jwk) { return "{\"keys\":[" + std::string(jwk) + "]}"; }

TEST(KeyLimitsTest, ASetOfTenThousandKeysIsReadAndOneOfMoreIsNot) {
  std::string keys = "{}";
  for (int i = 1; i < 10'000; ++i) keys += ",{}";
  EXPECT_THAT(remote(set_of(keys)), testing::Not(HasSubstr("10,000")));
  EXPECT_EQ(remote(set_of(keys + ",{}")), "more than 10,000 keys in one document");
}

TEST(KeyLimitsTest, AKidOf1024BytesIsReadAndALongerOneIsNot) {
  const auto key = fresh(KeyKind::ed25519);
  EXPECT_EQ(remote(set_of(key->jwk(false, {}, std::string(1024, 'k')))), "");
  EXPECT_EQ(remote(set_of(key->jwk(false, {}, std::string(1025, 'k')))), "the jwk's kid is longer than 1024 bytes");
}

TEST(KeyLimitsTest, ASecretWithAnAlgOfPublicKeysIsNoKey) {
  const auto read = [](std::string_view alg) {
    const auto set = parse_jwks_with_secrets(
        set_of("{\"kty\":\"oct\",\"k\":\"" + std::string(86, 'A') + "\",\"alg\":\"" + std::string(alg) + "\"}"), {});
    if (!set) return set.error().cause;
    return set->skipped.empty() ? std::string() : set->skipped[0].cause;
  };
  EXPECT_EQ(read("HS256"), "");
  EXPECT_EQ(read("RS256"), "the jwk's alg does not fit its kty");
}

TEST(KeyLimitsTest, ASecretVerifiesNothingUnderAnAlgorithmThatIsNotItsOwn) {
  const auto signer = *signing_key_from_secret(kBytes);
  const KeyPtr key = secret_key(kBytes);
  const std::string mac = *signer->sign(Algorithm::HS256, "input");
  EXPECT_TRUE(key->verify(Algorithm::HS256, "input", mac));
  // By its hash alone RS256 is the same MAC.
  EXPECT_FALSE(key->verify(Algorithm::RS256, "input", mac));
}

TEST(KeyLimitsTest, AKeySignsUnderItsOwnAlgorithmsAlone) {
  const auto secret = *signing_key_from_secret(kBytes);
  EXPECT_TRUE(secret->sign(Algorithm::HS384, "input"));
  EXPECT_FALSE(secret->sign(Algorithm::RS256, "input"));
  const auto pair = fresh(KeyKind::ed25519);
  EXPECT_TRUE(pair->sign(Algorithm::EdDSA, "input"));
  EXPECT_FALSE(pair->sign(Algorithm::HS256, "input"));
  EXPECT_FALSE(signing_key_from_secret(""));
}

TEST(KeyLimitsTest, ATokenLongerThanAnMqttFieldIsToldSo) {
  TokenBuffers buffers;
  const auto read = [&](std::size_t size) { return CompactJws::parse(std::string(size, 'A'), buffers).error(); };
  EXPECT_NE(read(65'535), Reason::token_too_long);
  EXPECT_EQ(read(65'536), Reason::token_too_long);
}

}  // namespace
}  // namespace sallyport
