#include "jose/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/base64url.h"
#include "jose/testing.h"

namespace sallyport {
namespace {

using namespace testing_jose;
using testing::HasSubstr;

// The cause with which a trusted file is refused, or "" where it is taken.
std::string refusal(std::string_view text) {
  const auto set = parse_key_document(text, KeyDocumentPolicy::trusted_file, {.label = "file"});
  return set ? "" : set.error().cause;
}
// The cause with which the only key of a remote set is skipped, or "" where it is taken.
std::string skipped(const std::string& jwk) {
  const auto set =
      parse_key_document("{\"keys\":[" + jwk + "]}", KeyDocumentPolicy::remote_set, {.origin = KeyOrigin::jwks});
  if (!set) return "document: " + set.error().cause;
  return set->skipped.empty() ? "" : set->skipped[0].cause;
}
// A JWK with members put in front of its end.
std::string with(std::string jwk, const std::string& members) {
  jwk.insert(jwk.size() - 1, "," + members);
  return jwk;
}
// Without alg, use and kid.
std::string bare(const SigningKey& key) {
  std::string jwk = key.jwk(false);
  return jwk.substr(0, jwk.find(",\"use\"")) + "}";
}

TEST(KeySetTest, TakesEveryKindAsPemAndAsJwk) {
  for (const KeyKind kind :
       {KeyKind::rsa, KeyKind::p256, KeyKind::p384, KeyKind::p521, KeyKind::ed25519, KeyKind::ed448}) {
    const auto key = fresh(kind);
    const auto pem = parse_key_document(key->public_pem(), KeyDocumentPolicy::trusted_file, {.label = "a.pem"});
    const auto jwk =
        parse_key_document(key->jwk(false, "", "k1"), KeyDocumentPolicy::trusted_file, {.label = "a.json"});
    ASSERT_TRUE(pem) << name(kind) << pem.error().cause;
    ASSERT_TRUE(jwk) << name(kind) << jwk.error().cause;
    EXPECT_EQ(pem->keys[0]->kind(), kind);
    EXPECT_EQ(pem->keys[0]->label(), "a.pem");
    EXPECT_EQ(pem->keys[0]->thumbprint(), key->thumbprint());
    EXPECT_EQ(jwk->keys[0]->thumbprint(), key->thumbprint());
    EXPECT_EQ(jwk->keys[0]->kid(), "k1");
    EXPECT_FALSE(pem->keys[0]->published());
    // And back: a private JWK is the private PEM.
    const auto again = parse_signing_key(key->jwk(true, "", "k1"));
    ASSERT_TRUE(again) << name(kind) << again.error().cause;
    EXPECT_EQ((*again)->private_pem(), key->private_pem());
    EXPECT_EQ((*again)->kid(), "k1");
    EXPECT_EQ((*parse_signing_key(key->private_pem()))->thumbprint(), key->thumbprint());
  }
}

TEST(KeySetTest, AJwkThatNamesAnAlgorithmKeepsIt) {
  const auto key = generate_signing_key(KeyKind::rsa);
  ASSERT_TRUE(key);
  EXPECT_EQ((*parse_signing_key((*key)->jwk(true, "PS384")))->own_algorithm(), Algorithm::PS384);
  EXPECT_EQ((*parse_signing_key((*key)->jwk(true)))->own_algorithm(), std::nullopt);
  const auto foreign = parse_signing_key((*key)->jwk(true, "ES256"));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().cause, "the jwk's alg does not fit its kty and crv");
  EXPECT_FALSE(parse_signing_key((*key)->jwk(true, "RSA-OAEP")));
}

TEST(KeySetTest, TakesSeveralPemBlocksAndNamesTheBadOne) {
  const auto a = fresh(KeyKind::p256), b = fresh(KeyKind::ed25519);
  const auto both = parse_key_document("# first\n" + a->public_pem() + "\n# second\n" + b->public_pem(),
                                       KeyDocumentPolicy::trusted_file, {.label = "keys.pem"});
  ASSERT_TRUE(both);
  ASSERT_EQ(both->keys.size(), 2U);
  EXPECT_EQ(both->keys[1]->label(), "keys.pem#2");
  const auto bad =
      parse_key_document(a->public_pem() + b->private_pem(), KeyDocumentPolicy::trusted_file, {.label = "keys.pem"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().place, "keys.pem#2");
  EXPECT_THAT(bad.error().cause, HasSubstr("private key"));
}

TEST(KeySetTest, RefusesPrivateKeysWherePublicOnesBelong) {
  const auto key = fresh(KeyKind::p256);
  EXPECT_EQ(refusal(key->public_pem()), "");
  EXPECT_THAT(refusal(key->private_pem()), HasSubstr("private key"));
  EXPECT_EQ(refusal(key->jwk(false)), "");
  EXPECT_THAT(refusal(key->jwk(true)), HasSubstr("private members"));
  EXPECT_THAT(skipped(key->jwk(true)), HasSubstr("private members"));
  EXPECT_THAT(skipped(with(key->jwk(false), "\"d\":null")), HasSubstr("private members"));
}

TEST(KeySetTest, RefusesSymmetricKeysButWhereTheyAreNamed) {
  const std::string oct = R"({"kty":"oct","k":")" + encode_base64url(std::string(32, 'k')) + "\"}";
  EXPECT_THAT(refusal(oct), HasSubstr("symmetric"));
  EXPECT_THAT(skipped(oct), HasSubstr("symmetric"));
  const auto set = parse_jwks_with_secrets(oct, {});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->keys.at(0)->algorithms(), bit(Algorithm::HS256));
}

TEST(KeySetTest, RefusesAnOctKeyShorterThanItsHash) {
  const auto algorithms = [](std::size_t bytes, const char* alg) -> AlgorithmSet {
    const auto set = parse_jwks_with_secrets(
        R"({"kty":"oct",)" + std::string(alg) + R"("k":")" + encode_base64url(std::string(bytes, 'k')) + "\"}", {});
    return set && !set->keys.empty() ? set->keys[0]->algorithms() : 0;
  };
  EXPECT_EQ(algorithms(31, ""), 0U);
  EXPECT_EQ(algorithms(32, ""), bit(Algorithm::HS256));
  EXPECT_EQ(algorithms(48, ""), bit(Algorithm::HS256) | bit(Algorithm::HS384));
  EXPECT_EQ(algorithms(64, ""), bit(Algorithm::HS256) | bit(Algorithm::HS384) | bit(Algorithm::HS512));
  EXPECT_EQ(algorithms(63, "\"alg\":\"HS512\","), 0U);
  EXPECT_EQ(algorithms(64, "\"alg\":\"HS512\","), bit(Algorithm::HS512));
  EXPECT_EQ(algorithms(64, "\"alg\":\"RS256\","), 0U);
}

TEST(KeySetTest, RefusesUseKeyOpsAndAlgThatContradict) {
  const auto key = fresh(KeyKind::p256);
  const std::string jwk = bare(*key);
  for (const char* good :
       {"\"use\":\"sig\"", "\"key_ops\":[\"verify\"]", "\"key_ops\":[\"sign\",\"verify\"]", "\"alg\":\"ES256\"",
        "\"use\":\"sig\",\"key_ops\":[\"verify\"],\"alg\":\"ES256\"", "\"ext\":true,\"x5t\":\"AA\""})
    EXPECT_EQ(skipped(with(jwk, good)), "") << good;
  for (const char* bad :
       {"\"use\":\"enc\"", "\"use\":\"\"", "\"use\":1", "\"use\":null", "\"key_ops\":[\"sign\"]", "\"key_ops\":[]",
        "\"key_ops\":\"verify\"", "\"key_ops\":[\"verify\",\"verify\"]", "\"key_ops\":[1,\"verify\"]",
        "\"alg\":\"ES384\"", "\"alg\":\"RS256\"", "\"alg\":\"HS256\"", "\"alg\":\"ECDH-ES\"", "\"alg\":\"es256\"",
        "\"alg\":null", "\"kid\":7", "\"use\":\"sig\",\"key_ops\":[\"encrypt\"]"})
    EXPECT_NE(skipped(with(jwk, bad)), "") << bad;
}

TEST(KeySetTest, AKeyThatNamesAnAlgorithmServesOnlyThatOne) {
  const auto rsa = fresh(KeyKind::rsa);
  const auto set = parse_key_document(rsa->jwk(false, "PS256"), KeyDocumentPolicy::trusted_file, {});
  ASSERT_TRUE(set);
  EXPECT_EQ(reason_of(*sign_compact(*rsa, Algorithm::PS256, R"({"alg":"PS256"})", "{}"), set->keys), Reason::token_ok);
  EXPECT_EQ(reason_of(*sign_compact(*rsa, Algorithm::RS256, R"({"alg":"RS256"})", "{}"), set->keys),
            Reason::no_key_for_algorithm);
}

TEST(KeySetTest, AllowedAlgorithmsNarrow) {
  const auto rsa = fresh(KeyKind::rsa);
  const auto set =
      parse_key_document(rsa->public_pem(), KeyDocumentPolicy::trusted_file, {.allowed = bit(Algorithm::RS512)});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->keys[0]->algorithms(), bit(Algorithm::RS512));
  EXPECT_FALSE(
      parse_key_document(rsa->public_pem(), KeyDocumentPolicy::trusted_file, {.allowed = bit(Algorithm::ES256)}));
}

TEST(KeySetTest, RefusesPointsOffTheCurveAndOddLengths) {
  const auto key = fresh(KeyKind::p256);
  const std::string jwk = bare(*key);
  Doc d(jwk);
  std::string x = *decode_base64url(*d.root().find("x")->string());
  const std::string y(*d.root().find("y")->string());
  const auto point = [&](const std::string& bytes, const char* crv = "P-256") {
    return std::string(R"({"kty":"EC","crv":")") + crv + R"(","x":")" + encode_base64url(bytes) + R"(","y":")" + y +
           "\"}";
  };
  EXPECT_EQ(skipped(point(x)), "");
  std::string off = x;
  off[5] = static_cast<char>(off[5] ^ 1);
  EXPECT_THAT(skipped(point(off)), HasSubstr("not on its curve"));
  EXPECT_THAT(skipped(point(std::string(1, '\0') + x)), HasSubstr("length"));
  EXPECT_THAT(skipped(point(x.substr(1))), HasSubstr("length"));
  EXPECT_THAT(skipped(point(std::string(32, '\0'))), HasSubstr("not on its curve"));
  EXPECT_THAT(skipped(point(std::string(32, '\xff'))), HasSubstr("not on its curve"));
  EXPECT_THAT(skipped(point(x, "P-384")), HasSubstr("length"));
  EXPECT_THAT(skipped(point(x, "secp256k1")), HasSubstr("signs no token"));
  EXPECT_THAT(skipped(point(x, "p-256")), HasSubstr("signs no token"));
}

TEST(KeySetTest, RefusesWeakRsaByName) {
  const auto rsa = [](const std::string& n, const std::string& e) {
    return R"({"kty":"RSA","n":")" + encode_base64url(n) + R"(","e":")" + encode_base64url(e) + "\"}";
  };
  Doc d(bare(*fresh(KeyKind::rsa)));
  const std::string n = *decode_base64url(*d.root().find("n")->string());
  const std::string f4("\x01\x00\x01", 3);
  EXPECT_EQ(skipped(rsa(n, f4)), "");
  EXPECT_EQ(skipped(rsa(n, "\x03")), "");
  EXPECT_EQ(skipped(rsa(std::string(1, '\0') + n, f4)), "");  // a sign byte that some libraries write
  EXPECT_THAT(skipped(rsa(n, "\x01")), HasSubstr("exponent"));
  EXPECT_THAT(skipped(rsa(n, "\x02")), HasSubstr("exponent"));
  EXPECT_THAT(skipped(rsa(n, std::string("\x01\x00\x00", 3))), HasSubstr("exponent"));
  EXPECT_THAT(skipped(rsa(n, std::string("\x01\x00\x00\x00\x00\x00\x00\x00\x01", 9))), HasSubstr("exponent"));
  EXPECT_THAT(skipped(rsa(n.substr(0, 128), f4)), HasSubstr("rsa key of 1024 bits is under the floor of 2048"));
  std::string even = n;
  even.back() = static_cast<char>(even.back() & ~1);
  EXPECT_THAT(skipped(rsa(even, f4)), HasSubstr("even"));
  EXPECT_THAT(skipped(rsa("\x80" + std::string(1023, '\x01') + "\x01", f4)), HasSubstr("over the ceiling"));
}

TEST(KeySetTest, RefusesUnsoundEd25519Keys) {
  const auto okp = [](const std::string& x) {
    return R"({"kty":"OKP","crv":"Ed25519","x":")" + encode_base64url(x) + "\"}";
  };
  EXPECT_EQ(skipped(okp(*decode_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))), "");
  std::string identity(32, '\0');
  identity[0] = 1;
  std::string minus_one(32, '\xff');
  minus_one[0] = '\xec';
  minus_one[31] = '\x7f';
  std::string not_canonical(32, '\xff');
  not_canonical[0] = '\xee';
  not_canonical[31] = '\x7f';
  const std::string order_eight = *decode_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  for (const std::string& bad : {std::string(32, '\0'), identity, minus_one, not_canonical, order_eight})
    EXPECT_THAT(skipped(okp(bad)), HasSubstr("no sound point")) << encode_hex(bad);
  EXPECT_THAT(skipped(okp(std::string(31, 'x'))), HasSubstr("length"));
}

TEST(KeySetTest, TheCertificateOfAJwkCertifiesThatKey) {
  Doc keys(read_file(SP_SOURCE_DIR "/tests/vectors/jose/keys.json"));
  const std::string good = json_of(*keys.root().find("rfc7517_b"));
  EXPECT_EQ(skipped(good), "");
  const std::string chain = good.substr(good.find("\"x5c\""), good.rfind(']') - good.find("\"x5c\"") + 1);
  EXPECT_THAT(skipped(with(bare(*fresh(KeyKind::rsa)), chain)), HasSubstr("another key"));
  EXPECT_THAT(skipped(with(bare(*fresh(KeyKind::rsa)), "\"x5c\":[]")), HasSubstr("x5c"));
  EXPECT_THAT(skipped(with(bare(*fresh(KeyKind::rsa)), "\"x5c\":[\"AAAA\"]")), HasSubstr("x5c"));
}

TEST(KeySetTest, ARemoteSetSkipsBadKeysOneByOne) {
  const auto good = fresh(KeyKind::p256);
  const auto set = parse_key_document(R"({"keys":[{"kty":"RSA","kid":"tiny","n":"AQAB","e":"AQAB"},7,)" +
                                          good->jwk(false, "ES256", "good") + R"(,{"kty":"weird"}]})",
                                      KeyDocumentPolicy::remote_set, {});
  ASSERT_TRUE(set);
  ASSERT_EQ(set->keys.size(), 1U);
  EXPECT_EQ(set->keys[0]->kid(), "good");
  ASSERT_EQ(set->skipped.size(), 3U);
  EXPECT_EQ(set->skipped[0].kid, "tiny");
  EXPECT_EQ(set->skipped[1].index, 1U);
}

TEST(KeySetTest, ADocumentOfTheWrongShapeSaysSo) {
  const auto remote = [](std::string_view text) {
    const auto set = parse_key_document(text, KeyDocumentPolicy::remote_set, {});
    return set ? "" : set.error().cause;
  };
  const std::string jwk = fresh(KeyKind::p256)->jwk(false);
  EXPECT_EQ(remote("{\"keys\":[" + jwk + "]}"), "");
  EXPECT_THAT(remote("{\"key\":[" + jwk + "]}"), HasSubstr("no array \"keys\""));
  EXPECT_THAT(remote("{\"keys\":" + jwk + "}"), HasSubstr("no array"));
  EXPECT_THAT(remote("[" + jwk + "]"), HasSubstr("no JSON object"));
  EXPECT_THAT(remote(jwk), HasSubstr("no array \"keys\""));
  EXPECT_THAT(remote("{\"keys\":[]}"), HasSubstr("empty"));
  EXPECT_THAT(remote("<html>"), HasSubstr("not JSON"));
  EXPECT_THAT(remote("{\"keys\":[" + jwk + "],\"keys\":[]}"), HasSubstr("two members"));
  EXPECT_THAT(remote("{\"keys\":[" + with(jwk, "\"kty\":\"EC\"") + "]}"), HasSubstr("two members"));
  EXPECT_THAT(remote(std::string(1024 * 1024 + 1, ' ')), HasSubstr("1 MiB"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("-----BEGIN PUBLIC KEY-----\nAAAA\n"), HasSubstr("damaged"));
  EXPECT_THAT(refusal("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace sallyport
