// What strangers do to tokens: each attempt has its reason, and beside it a twin that
// differs in one byte or field and is accepted.
#include <gtest/gtest.h>

#include "codec/base64url.h"
#include "crypto/hmac.h"
#include "jose/testing.h"

namespace sallyport {
namespace {

using namespace testing_jose;

const std::string kSecret = "not in any document, 32 bytes or more";

std::string mac(std::string_view input, std::string_view secret = kSecret) {
  return encode_base64url(HmacKey(secret).compute(Hash::sha256, input).view());
}
// Parts as they are given, signed with HS256 whatever they hold.
std::string signed_parts(const std::string& header, const std::string& payload) {
  return header + "." + payload + "." + mac(header + "." + payload);
}
std::string signed_json(std::string_view header, std::string_view payload = "{}") {
  return signed_parts(encode_base64url(header), encode_base64url(payload));
}

class AttackTest : public testing::Test {
 protected:
  Reason reason(std::string_view token) { return reason_of(token, key_); }
  KeyPtr key_ = secret_key(kSecret);
};

TEST_F(AttackTest, TheTwinOfEveryAttackIsAccepted) {
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})")), Reason::token_ok);
  EXPECT_EQ(reason(signed_json(R"( { "alg" : "HS256" , "typ":"JWT","kid":"a" } )", R"({"sub":"x"})")),
            Reason::token_ok);
}

TEST_F(AttackTest, NoneInAnySpellingDoesNotExist) {
  for (const char* none : {"none", "None", "NONE", "nOnE", "none ", " none", "", "null", "hs256", "Hs256", "HS256 ",
                           "HS256\\u0000", "HS1", "RS1", "ES256K", "HS256,none"}) {
    const std::string header = std::string(R"({"alg":")") + none + "\"}";
    EXPECT_EQ(reason(signed_json(header)), Reason::unsupported_algorithm) << none;
    EXPECT_EQ(reason(encode_base64url(header) + ".e30."), Reason::unsupported_algorithm) << none;
  }
}

TEST_F(AttackTest, AnAlgorithmThatIsNoTextIsNone) {
  for (const char* alg : {"null", "true", "256", "[\"HS256\"]", "{\"HS256\":1}"})
    EXPECT_EQ(reason(signed_json(std::string("{\"alg\":") + alg + "}")), Reason::unsupported_algorithm) << alg;
}

TEST_F(AttackTest, AnEmptyOrCutSignatureIsABadOne) {
  const std::string good = signed_json(R"({"alg":"HS256"})");
  EXPECT_EQ(reason(good), Reason::token_ok);
  EXPECT_EQ(reason(good.substr(0, good.rfind('.') + 1)), Reason::bad_signature);
  // Forty characters are thirty bytes, still strict base64url.
  EXPECT_EQ(reason(good.substr(0, good.rfind('.') + 1 + 40)), Reason::bad_signature);
  EXPECT_EQ(reason(good.substr(0, good.rfind('.'))), Reason::not_a_token);
}

TEST_F(AttackTest, EveryFlippedBitOfATokenIsRefused) {
  const std::string good = signed_json(R"({"alg":"HS256"})", R"({"sub":"device-7"})");
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int b = 0; b < 8; ++b) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << b));
      EXPECT_NE(reason(bad), Reason::token_ok) << i << " " << b;
    }
}

TEST_F(AttackTest, PaddingWhiteSpaceAndOtherAlphabetsAreMalformedEvenWhenSigned) {
  const std::string header = encode_base64url(R"({"alg":"HS256"})"), payload = encode_base64url(R"({"a":1})");
  ASSERT_EQ(reason(signed_parts(header, payload)), Reason::token_ok);
  for (const std::string& bad : {header + "=", header + "==", header + " ", " " + header, header + "\n", "\t" + header,
                                 header + std::string(1, '\0'), header + "?"}) {
    EXPECT_EQ(reason(signed_parts(bad, payload)), Reason::malformed_token) << bad;
  }
  for (const std::string& bad : {payload + "=", payload + "==", payload + " ", " " + payload, payload + "\r\n",
                                 payload + std::string(1, '\0'), payload + "+", payload + "/"})
    EXPECT_EQ(reason(signed_parts(header, bad)), Reason::malformed_token) << bad;
  const std::string good = signed_parts(header, payload);
  for (const std::string& bad :
       {good + "=", good + "\n", good + " ", good + std::string(1, '\0'), good + std::string("\0.x", 3)})
    EXPECT_NE(reason(bad), Reason::token_ok);
  EXPECT_EQ(reason(good + "="), Reason::malformed_token);
  EXPECT_EQ(reason(" " + good), Reason::malformed_token);
}

TEST_F(AttackTest, StrayBitsGiveASignatureNoSecondSpelling) {
  const std::string good = signed_json(R"({"alg":"HS256"})");
  // 32 bytes end in a character with two unused bits.
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::size_t last = alphabet.find(good.back());
  ASSERT_EQ(last % 4, 0U);
  for (std::size_t stray = 1; stray < 4; ++stray) {
    std::string bad = good;
    bad.back() = alphabet[last + stray];
    EXPECT_EQ(reason(bad), Reason::malformed_token);
  }
}

TEST_F(AttackTest, PartsAreCountedAndNotSkipped) {
  const std::string good = signed_json(R"({"alg":"HS256"})");
  const std::size_t dot = good.find('.');
  EXPECT_EQ(reason(good), Reason::token_ok);
  EXPECT_EQ(reason(good.substr(0, dot) + "." + good.substr(dot)), Reason::not_a_token);  // a..b.c
  EXPECT_EQ(reason(good + "."), Reason::not_a_token);
  EXPECT_EQ(reason("." + good), Reason::not_a_token);
  EXPECT_EQ(reason(good + "." + good), Reason::not_a_token);
  EXPECT_EQ(reason(".."), Reason::not_a_token);
  EXPECT_EQ(reason(""), Reason::not_a_token);
  EXPECT_EQ(reason(std::string(60'000, '.')), Reason::not_a_token);
}

TEST_F(AttackTest, AnEncryptedTokenIsNamed) {
  const std::string jwe = encode_base64url(R"({"alg":"RSA-OAEP","enc":"A256GCM"})") + ".AA.AA.AA.AA";
  EXPECT_EQ(reason(jwe), Reason::encrypted_token);
  EXPECT_EQ(reason("AA.AA.AA.AA.AA"), Reason::not_a_token);
}

TEST_F(AttackTest, WhatIsNoTokenIsSomethingElse) {
  TokenBuffers buffers;
  EXPECT_EQ(shape_of("", buffers), TokenShape::absent);
  for (const char* text : {"hunter2", "a.b.c", "correct.horse.battery", "10.0.0.1", "1.2.3", "e30.e30.AA", "W10.e30.AA",
                           "bnVsbA.e30.AA", "www.example.com"})
    EXPECT_EQ(shape_of(text, buffers), TokenShape::something_else) << text;
  EXPECT_EQ(shape_of(signed_json(R"({"alg":"HS256"})"), buffers), TokenShape::token);
  EXPECT_EQ(shape_of(signed_json(R"({"alg":"none"})"), buffers), TokenShape::token);
  EXPECT_EQ(shape_of(encode_base64url("{\"alg\":\"dir\"}") + ".AA.AA.AA.AA", buffers), TokenShape::encrypted);
  // Damage does not make a refused token into somebody else's credential.
  EXPECT_EQ(shape_of(encode_base64url("{\"alg\":\"HS256\"}") + "=.e30.AA", buffers), TokenShape::token);
  EXPECT_EQ(shape_of(encode_base64url("{\"alg\":\"HS256\",\"alg\":\"none\"}") + ".e30.AA", buffers), TokenShape::token);
}

TEST_F(AttackTest, DuplicateNamesInTheHeaderAreMalformed) {
  for (const char* header :
       {R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"HS256","alg":"none"})", R"({"alg":"none","alg":"HS256"})",
        R"({"alg":"HS256","kid":"a","kid":"b"})", R"({"alg":"HS256","\u0061lg":"none"})"})
    EXPECT_EQ(reason(signed_json(header)), Reason::malformed_token) << header;
}

TEST_F(AttackTest, DuplicateNamesInThePayloadAreMalformedThoughSigned) {
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", R"({"sub":"a","Sub":"b"})")), Reason::token_ok);
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", R"({"sub":"a","sub":"b"})")), Reason::malformed_token);
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", R"({"exp":1,"\u0065xp":99999999999})")), Reason::malformed_token);
}

TEST_F(AttackTest, APayloadThatIsNoStrictJsonObjectIsMalformedThoughSigned) {
  for (std::string payload :
       {std::string(""), std::string("[]"), std::string("null"), std::string("\"text\""), std::string("7"),
        std::string("{}x"), std::string("{} {}"), std::string("{}\0", 3), std::string("{\"a\":1,}"),
        std::string("{\"a\":\"\xff\"}"), std::string("{\"a\":\"\xed\xa0\x80\"}"), std::string("{\"a\":\"\\ud800\"}"),
        std::string("\xef\xbb\xbf{}"), std::string("{'a':1}"), std::string("{\"a\":NaN}")})
    EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", payload)), Reason::malformed_token) << payload;
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", "{\"a\":\"\\ud83d\\ude00\"}")), Reason::token_ok);
}

TEST_F(AttackTest, DepthAndSizeBombsAreRefused) {
  const auto nested = [](int n) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(n), '[') + std::string(static_cast<std::size_t>(n), ']') +
           "}";
  };
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", nested(15))), Reason::token_ok);
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", nested(16))), Reason::malformed_token);
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", "{\"a\":" + std::string(40'000, '[') + "}")),
            Reason::malformed_token);
  EXPECT_EQ(reason(signed_json("{\"alg\":\"HS256\",\"x\":" + std::string(5'000, '{'), "{}")), Reason::malformed_token);
  EXPECT_EQ(reason(signed_json("{\"alg\":\"HS256\",\"x\":\"" + std::string(8'000, 'x') + "\"}")), Reason::token_ok);
  EXPECT_EQ(reason(signed_json("{\"alg\":\"HS256\",\"x\":\"" + std::string(8'200, 'x') + "\"}")),
            Reason::malformed_token);
  const std::string base = signed_json(R"({"alg":"HS256"})", "{\"a\":\"\"}");
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", "{\"a\":\"" + std::string(49'000, 'x') + "\"}")),
            Reason::token_ok);
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256"})", "{\"a\":\"" + std::string(49'200, 'x') + "\"}")),
            Reason::token_too_long);
  EXPECT_EQ(reason(std::string(70'000, 'A')), Reason::token_too_long);
}

TEST_F(AttackTest, CritIsRefusedWhateverTheSignatureSays) {
  for (const char* crit : {R"("crit":["exp"])", R"("crit":[])", R"("crit":null)", R"("crit":["b64"],"b64":true)",
                           R"("b64":false)", R"("b64":true)", R"("cr\u0069t":["x"])"})
    EXPECT_EQ(reason(signed_json(std::string(R"({"alg":"HS256",)") + crit + "}")), Reason::critical_header) << crit;
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256","Crit":["exp"]})")), Reason::token_ok);
}

TEST_F(AttackTest, AKidOrTypOfAnotherTypeIsMalformed) {
  for (const char* bad : {R"("kid":1)", R"("kid":null)", R"("kid":["a"])", R"("typ":1)", R"("typ":null)"})
    EXPECT_EQ(reason(signed_json(std::string(R"({"alg":"HS256",)") + bad + "}")), Reason::malformed_token) << bad;
  EXPECT_EQ(reason(signed_json("{\"alg\":\"HS256\",\"kid\":\"" + std::string(1024, 'k') + "\"}")), Reason::token_ok);
  EXPECT_EQ(reason(signed_json("{\"alg\":\"HS256\",\"kid\":\"" + std::string(1025, 'k') + "\"}")),
            Reason::malformed_token);
  EXPECT_EQ(reason(signed_json(R"({"alg":"HS256","kid":"../../dev/null\u0000'; drop table"})")), Reason::token_ok);
}

TEST_F(AttackTest, AKeyThatTheTokenBringsAlongIsNeverUsed) {
  const auto stranger = fresh(KeyKind::p256);
  const auto own = fresh(KeyKind::p256);
  const std::string header = R"({"alg":"ES256","jwk":)" + stranger->jwk(false) +
                             R"(,"jku":"https://evil.example/jwks","x5u":"https://evil.example/c","x5c":["AA=="]})";
  EXPECT_EQ(reason_of(*sign_compact(*stranger, Algorithm::ES256, header, "{}"), public_half(*own)),
            Reason::bad_signature);
  EXPECT_EQ(reason_of(*sign_compact(*own, Algorithm::ES256, header, "{}"), public_half(*own)), Reason::token_ok);
}

TEST_F(AttackTest, APublicKeyIsNeverAnHmacKey) {
  const auto rsa = fresh(KeyKind::rsa);
  const KeyPtr key = public_half(*rsa);
  for (const std::string& secret : {rsa->public_pem(), rsa->public_pem().substr(0, rsa->public_pem().size() - 1),
                                    rsa->jwk(false), decode_base64_lenient("").value_or("")}) {
    const std::string input = encode_base64url(R"({"alg":"HS256"})") + ".e30";
    EXPECT_EQ(reason_of(input + "." + mac(input, secret), key), Reason::no_key_for_algorithm);
  }
  EXPECT_EQ(reason_of(*sign_compact(*rsa, Algorithm::RS256, R"({"alg":"RS256"})", "{}"), key), Reason::token_ok);
  // Nor can it be configured as one.
  EXPECT_FALSE(make_secret_key(rsa->public_pem(), {}));
  EXPECT_FALSE(make_secret_key(rsa->jwk(false), {}));
  EXPECT_FALSE(make_secret_key("\n " + rsa->jwk(true), {}));
  EXPECT_FALSE(make_secret_key("", {}));
  EXPECT_TRUE(make_secret_key(kSecret, {}));
}

TEST_F(AttackTest, ATokenSignedWithAnEmptySecretIsABadOne) {
  const std::string input = encode_base64url(R"({"alg":"HS256"})") + ".e30";
  EXPECT_EQ(reason(input + "." + mac(input, "")), Reason::bad_signature);
  EXPECT_EQ(reason(input + "." + mac(input, std::string(64, '\0'))), Reason::bad_signature);
}

TEST_F(AttackTest, AnEmbeddedNulNeverEndsATokenEarly) {
  const std::string good = signed_json(R"({"alg":"HS256"})");
  for (std::size_t i = 0; i <= good.size(); ++i) {
    std::string bad = good;
    bad.insert(i, 1, '\0');
    EXPECT_NE(reason(bad), Reason::token_ok) << i;
  }
  const std::string cut = good + std::string("\0", 1) + "tail";
  EXPECT_EQ(reason(cut), Reason::malformed_token);
}

TEST_F(AttackTest, OneAlgorithmsSignatureIsNotAnothers) {
  const auto rsa = fresh(KeyKind::rsa);
  const KeyPtr key = public_half(*rsa);
  const auto crossed = [&](const char* says, Algorithm made) {
    const std::string input = encode_base64url(std::string(R"({"alg":")") + says + "\"}") + ".e30";
    return reason_of(input + "." + encode_base64url(*rsa->sign(made, input)), key);
  };
  EXPECT_EQ(crossed("RS256", Algorithm::RS256), Reason::token_ok);
  EXPECT_EQ(crossed("PS256", Algorithm::PS256), Reason::token_ok);
  EXPECT_EQ(crossed("PS256", Algorithm::RS256), Reason::bad_signature);
  EXPECT_EQ(crossed("RS256", Algorithm::PS256), Reason::bad_signature);
  EXPECT_EQ(crossed("RS256", Algorithm::RS384), Reason::bad_signature);
  EXPECT_EQ(crossed("RS512", Algorithm::RS256), Reason::bad_signature);
  EXPECT_EQ(crossed("PS384", Algorithm::PS512), Reason::bad_signature);
  // An ECDSA token never meets a key of another curve.
  const auto p256 = fresh(KeyKind::p256);
  const std::string input = encode_base64url(R"({"alg":"ES384"})") + ".e30";
  EXPECT_EQ(reason_of(input + "." + encode_base64url(*p256->sign(Algorithm::ES256, input)), public_half(*p256)),
            Reason::no_key_for_algorithm);
}

TEST_F(AttackTest, AnRsaSignatureIsExactlyAsLongAsTheModulus) {
  const auto rsa = fresh(KeyKind::rsa);
  const std::string input = encode_base64url(R"({"alg":"RS256"})") + ".e30";
  const std::string signature = *rsa->sign(Algorithm::RS256, input);
  const auto with = [&](const std::string& s) {
    return reason_of(input + "." + encode_base64url(s), public_half(*rsa));
  };
  EXPECT_EQ(with(signature), Reason::token_ok);
  EXPECT_EQ(with(std::string(1, '\0') + signature), Reason::bad_signature);
  EXPECT_EQ(with(signature + std::string(1, '\0')), Reason::bad_signature);
  EXPECT_EQ(with(signature.substr(1)), Reason::bad_signature);
  EXPECT_EQ(with(std::string(256, '\0')), Reason::bad_signature);
  EXPECT_EQ(with(std::string(256, '\xff')), Reason::bad_signature);
  EXPECT_EQ(with(std::string(1025, 'x')), Reason::malformed_token);
}

TEST_F(AttackTest, AnEcdsaSignatureIsRawAndNeitherHalfIsZero) {
  for (const auto& [kind, alg] :
       {std::pair{KeyKind::p256, Algorithm::ES256}, std::pair{KeyKind::p384, Algorithm::ES384},
        std::pair{KeyKind::p521, Algorithm::ES512}}) {
    const auto key = fresh(kind);
    const std::string input = encode_base64url(R"({"alg":")" + std::string(name(alg)) + "\"}") + ".e30";
    const std::string good = *key->sign(alg, input);
    const std::size_t n = good.size() / 2;
    const auto with = [&](const std::string& s) {
      return reason_of(input + "." + encode_base64url(s), public_half(*key));
    };
    EXPECT_EQ(with(good), Reason::token_ok);
    EXPECT_EQ(with(std::string(2 * n, '\0')), Reason::bad_signature);  // CVE-2022-21449
    EXPECT_EQ(with(std::string(n, '\0') + good.substr(n)), Reason::bad_signature);
    EXPECT_EQ(with(good.substr(0, n) + std::string(n, '\0')), Reason::bad_signature);
    EXPECT_EQ(with(std::string(2 * n, '\xff')), Reason::bad_signature);
    EXPECT_EQ(with(good + std::string(1, '\0')), Reason::bad_signature);
    EXPECT_EQ(with(std::string(1, '\0') + good.substr(0, n) + std::string(1, '\0') + good.substr(n)),
              Reason::bad_signature);
    EXPECT_EQ(with(good.substr(n) + good.substr(0, n)), Reason::bad_signature);
    // The same signature in DER, as other libraries write it.
    std::string der = std::string("\x02", 1) + static_cast<char>(n) + good.substr(0, n) + "\x02" +
                      static_cast<char>(n) + good.substr(n);
    der = std::string("\x30", 1) + static_cast<char>(der.size()) + der;
    EXPECT_EQ(with(der), Reason::bad_signature);
  }
}

TEST_F(AttackTest, AnEd25519SignatureHasOneForm) {
  const auto key = fresh(KeyKind::ed25519);
  const std::string input = encode_base64url(R"({"alg":"EdDSA"})") + ".e30";
  const std::string good = *key->sign(Algorithm::EdDSA, input);
  const auto with = [&](const std::string& s) {
    return reason_of(input + "." + encode_base64url(s), public_half(*key));
  };
  EXPECT_EQ(with(good), Reason::token_ok);
  // S + L is the same number modulo L (RFC 8032 5.1.7: refuse it).
  const unsigned char order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                   0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                   0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  std::string malleable = good;
  int carry = 0;
  for (int i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(good[static_cast<std::size_t>(32 + i)]) + order[i];
    malleable[static_cast<std::size_t>(32 + i)] = static_cast<char>(carry);
    carry >>= 8;
  }
  EXPECT_EQ(with(malleable), Reason::bad_signature);
  EXPECT_EQ(with(good + "x"), Reason::bad_signature);
  EXPECT_EQ(with(std::string(64, '\0')), Reason::bad_signature);
}

TEST_F(AttackTest, AKidSelectsKeysOfThatKidAndKeysThatHaveNone) {
  const auto with_kid = [](std::optional<std::string> kid, std::string_view secret) {
    return *make_secret_key(secret, {.origin = KeyOrigin::secret, .label = "s", .kid = std::move(kid)});
  };
  const std::string token = signed_json(R"({"alg":"HS256","kid":"a"})"), bare = signed_json(R"({"alg":"HS256"})");
  EXPECT_EQ(reason_of(token, with_kid("a", kSecret)), Reason::token_ok);
  EXPECT_EQ(reason_of(token, with_kid(std::nullopt, kSecret)), Reason::token_ok);
  EXPECT_EQ(reason_of(token, with_kid("b", kSecret)), Reason::unknown_key_id);
  EXPECT_EQ(reason_of(token, with_kid("A", kSecret)), Reason::unknown_key_id);
  EXPECT_EQ(reason_of(bare, with_kid("b", kSecret)), Reason::token_ok);
  EXPECT_EQ(reason_of(token,
                      std::vector<KeyPtr>{with_kid("b", kSecret), with_kid("a", "another secret of thirty-two bytes")}),
            Reason::bad_signature);
}

TEST_F(AttackTest, SignatureChecksAreCounted) {
  std::vector<KeyPtr> keys;
  for (int i = 0; i < kMaxSignatureChecks; ++i) keys.push_back(secret_key("wrong key number " + std::to_string(i)));
  const std::string token = signed_json(R"({"alg":"HS256"})");
  EXPECT_EQ(reason_of(token, keys), Reason::bad_signature);
  keys.push_back(key_);
  EXPECT_EQ(reason_of(token, keys), Reason::too_many_keys);
  std::swap(keys.front(), keys.back());
  EXPECT_EQ(reason_of(token, keys), Reason::token_ok);
}

TEST_F(AttackTest, ClaimsOfOneTokenAreNeverHandedOutUnderAnothersSignature) {
  TokenBuffers buffers;
  const std::string mine = signed_json(R"({"alg":"HS256"})", R"({"sub":"mine"})");
  const std::string forged =
      encode_base64url(R"({"alg":"HS256"})") + "." + encode_base64url(R"({"sub":"root"})") + ".AAAA";
  const auto first = CompactJws::parse(mine, buffers);
  const auto second = CompactJws::parse(forged, buffers);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  ASSERT_EQ(second->peek_unverified_claims()->find("sub")->string(), "root");
  // The signature of `first` lies in buffers that the second parse wrote over: refused, not confused.
  const VerificationKey* const candidates[] = {key_.get()};
  const auto verified = Verifier::verify(*first, candidates);
  if (verified)
    EXPECT_EQ(verified->claims().find("sub")->string(), "mine");
  else
    EXPECT_EQ(verified.error(), Reason::bad_signature);
}

TEST_F(AttackTest, ClaimsAreReadTwiceWithoutChangingThem) {
  TokenBuffers buffers;
  const std::string token = signed_json(R"({"alg":"HS256"})", R"({"sub":"a\\u0041\u0042"})");
  const auto jws = CompactJws::parse(token, buffers);
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->peek_unverified_claims()->find("sub")->string(), "a\\u0041B");
  const VerificationKey* const candidates[] = {key_.get()};
  EXPECT_EQ(Verifier::verify(*jws, candidates)->claims().find("sub")->string(), "a\\u0041B");
}

}  // namespace
}  // namespace sallyport
