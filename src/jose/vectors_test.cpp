// Tokens and keys as the RFCs and brokers' manuals print them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jose/testing.h"

namespace sallyport {
namespace {

using namespace testing_jose;

TEST(RfcVectorsTest, EachTokenHasItsReason) {
  Doc d(read_file(SP_SOURCE_DIR "/tests/vectors/jose/jws.json"));
  ASSERT_EQ(d.error, JsonError::none);
  ASSERT_GE(d.root().size(), 14U);
  for (auto c = d.root().begin(); c.valid(); c.advance()) {
    const std::string label(*c.value().find("name")->string());
    const auto set = parse_jwks_with_secrets(json_of(*c.value().find("keys")), {});
    ASSERT_TRUE(set) << label;
    ASSERT_EQ(set->keys.size(), 1U) << label << (set->skipped.empty() ? "" : ": " + set->skipped[0].cause);
    EXPECT_EQ(name(reason_of(*c.value().find("token")->string(), set->keys, true)), *c.value().find("reason")->string())
        << label;
  }
}

TEST(RfcVectorsTest, KeysOfRfc7517AreReadOrRefusedByName) {
  Doc d(read_file(SP_SOURCE_DIR "/tests/vectors/jose/keys.json"));
  ASSERT_EQ(d.error, JsonError::none);
  const auto remote = [&](const char* name) {
    return parse_key_document(json_of(*d.root().find(name)), KeyDocumentPolicy::remote_set,
                              {.origin = KeyOrigin::jwks, .label = "jwks"});
  };
  // A.1: the EC key is for encryption, the RSA key verifies RS256.
  const auto a1 = remote("rfc7517_a1");
  ASSERT_TRUE(a1);
  ASSERT_EQ(a1->keys.size(), 1U);
  EXPECT_EQ(a1->keys[0]->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(a1->keys[0]->algorithms(), bit(Algorithm::RS256));
  EXPECT_EQ(a1->keys[0]->kid(), "2011-04-29");
  EXPECT_EQ(a1->keys[0]->label(), "jwks kid=2011-04-29");
  EXPECT_TRUE(a1->keys[0]->published());
  EXPECT_THAT(a1->skipped[0].cause, testing::HasSubstr("\"enc\""));
  // A.2: private keys.
  const auto a2 = remote("rfc7517_a2");
  ASSERT_TRUE(a2);
  EXPECT_TRUE(a2->keys.empty());
  EXPECT_THAT(a2->skipped[1].cause, testing::HasSubstr("private members"));
  // A.3: symmetric keys.
  const auto a3 = remote("rfc7517_a3");
  ASSERT_TRUE(a3);
  EXPECT_TRUE(a3->keys.empty());
  EXPECT_THAT(a3->skipped[1].cause, testing::HasSubstr("symmetric key"));
  // B: a key with its certificate, which agrees.
  const auto b =
      parse_key_document(json_of(*d.root().find("rfc7517_b")), KeyDocumentPolicy::trusted_file, {.label = "b.json"});
  ASSERT_TRUE(b) << b.error().cause;
  EXPECT_EQ(b->keys[0]->kid(), "1b94c");
}

TEST(RfcVectorsTest, PrivateKeysOfTheRfcsSignWhatTheirPublicHalvesVerify) {
  Doc d(read_file(SP_SOURCE_DIR "/tests/vectors/jose/keys.json"));
  ASSERT_EQ(d.error, JsonError::none);
  const std::pair<const char*, Algorithm> cases[] = {
      {"rfc7515_a2", Algorithm::RS256}, {"rfc7515_a3", Algorithm::ES256}, {"rfc7515_a4", Algorithm::ES512}};
  for (const auto& [label, alg] : cases) {
    const auto key = parse_signing_key(json_of(*d.root().find(label)));
    ASSERT_TRUE(key) << label << key.error().cause;
    const auto token = sign_compact(**key, alg, "{\"alg\":\"" + std::string(name(alg)) + "\"}", "{}");
    ASSERT_TRUE(token);
    EXPECT_EQ(reason_of(*token, public_half(**key)), Reason::token_ok) << label;
    EXPECT_TRUE(public_half(**key)->published());
  }
}

// The sample tokens of the manuals of EMQX, with the secrets that they print.
TEST(PublishedTokensTest, VerifyWithTheirSecretsAndWithNoOther) {
  const std::pair<const char*, const char*> tokens[] = {
      {"secret",
       "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
       "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkVNUVggQ2xvdWQiLCJpYXQiOjE1MTYyMzkwMjJ9.wGxZTwkCZtYPzkS854aQ9WCnP8YGIQ_"
       "erFh5RIznhYk"},
      {"emqxsecret",
       "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
       "eyJkYXRhIjp7ImF1dGhvciI6IndpdndpdiIsInNpdGUiOiJodHRwczovL3dpdndpdi5jb20ifSwiZXhwIjoxNTgyMjU1MzYwNjQyMDAwMCwiaWF"
       "0IjoxNTgyMjU1MzYwfQ.FdyAx2fYahm6h3g47m88ttyINzptzKy_speimyUcma4"},
      {"your-256-bit-secret",
       "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
       "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkVNUVggQ2xvdWQiLCJpYXQiOjE1MTYyMzkwMjJ9.JHtutBSV4FfPfYYZyj6yn4K76clOQ-"
       "zkS6-_7VjnfK8"},
      {"emqsecret",
       "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJuYW1lIjoiYm9iIiwiYWdlIjoyOX0.bIV_"
       "ZQ8D5nQi0LT8AVkpM4Pd6wmlbpR9S8nOLJAsA8o"},
  };
  for (const auto& [secret, token] : tokens)
    for (const auto& [other, ignored] : tokens) {
      const KeyPtr key = secret_key(other);
      EXPECT_TRUE(key->published());
      EXPECT_EQ(reason_of(token, key), std::string_view(secret) == other ? Reason::token_ok : Reason::bad_signature)
          << secret << " by " << other;
    }
  EXPECT_FALSE(secret_key("secret ")->published());
}

TEST(PublishedTokensTest, AnExpiryBeyondEveryDoubleIsReadExactly) {
  TokenBuffers buffers;
  const auto jws = CompactJws::parse(
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
      "eyJkYXRhIjp7ImF1dGhvciI6IndpdndpdiIsInNpdGUiOiJodHRwczovL3dpdndpdi5jb20ifSwiZXhwIjoxNTgyMjU1MzYwNjQyMDAwMCwiaWF0"
      "IjoxNTgyMjU1MzYwfQ.FdyAx2fYahm6h3g47m88ttyINzptzKy_speimyUcma4",
      buffers);
  ASSERT_TRUE(jws);
  const KeyPtr key = secret_key("emqxsecret");
  const VerificationKey* const candidates[] = {key.get()};
  const auto token = Verifier::verify(*jws, candidates);
  ASSERT_TRUE(token);
  EXPECT_EQ(numeric_date(*token->claims().find("exp")), 15822553606420000);
}

}  // namespace
}  // namespace sallyport
