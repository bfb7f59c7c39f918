// C2SP Wycheproof's vectors for the signatures and MACs that tokens carry.
#include <gtest/gtest.h>

#include "codec/base64url.h"
#include "crypto/hmac.h"
#include "crypto/public_key.h"
#include "jose/testing.h"

namespace sallyport {
namespace {

using namespace testing_jose;

std::string bytes(const JsonValue& object, const char* name) { return *decode_hex(*object.find(name)->string()); }

template <class Check>
void run(const std::string& file, Check&& check) {
  Doc d(read_file(std::string(SP_SOURCE_DIR "/tests/vectors/wycheproof/") + file + ".json"));
  ASSERT_EQ(d.error, JsonError::none) << file;
  int valid = 0, invalid = 0;
  for (auto g = d.root().find("groups")->begin(); g.valid(); g.advance())
    for (auto t = g.value().find("tests")->begin(); t.valid(); t.advance()) {
      const std::string_view result = *t.value().find("result")->string();
      const bool accepted = check(g.value(), t.value());
      // "acceptable" signatures (missing NULL in PKCS#1's DigestInfo and the like) are refused: no issuer makes them.
      EXPECT_EQ(accepted, result == "valid") << file << " " << t.value().find("tcId")->text() << " "
                                             << t.value().find("comment")->text() << " (" << result << ")";
      ++(result == "valid" ? valid : invalid);
    }
  EXPECT_GT(valid, 0) << file;
  EXPECT_GT(invalid, 0) << file;
}

struct Signature {
  const char* file;
  SignatureScheme scheme;
  Hash hash;
};
class WycheproofSignatureTest : public testing::TestWithParam<Signature> {};

TEST_P(WycheproofSignatureTest, ValidIsAcceptedAndInvalidRefused) {
  const Signature& p = GetParam();
  std::string der_now;
  std::optional<PublicKey> key;
  run(p.file, [&](const JsonValue& group, const JsonValue& test) {
    const std::string der = bytes(group, "der");
    if (der != der_now) {
      auto read = PublicKey::from_spki(der);
      key.reset();
      if (read) key.emplace(std::move(*read));
      der_now = der;
    }
    // A key that is refused at load accepts nothing.
    return key && key->verify(p.scheme, p.hash, bytes(test, "msg"), bytes(test, "sig"));
  });
}
INSTANTIATE_TEST_SUITE_P(
    All, WycheproofSignatureTest,
    testing::Values(Signature{"ecdsa_secp256r1_sha256_p1363", SignatureScheme::ecdsa, Hash::sha256},
                    Signature{"ecdsa_secp384r1_sha384_p1363", SignatureScheme::ecdsa, Hash::sha384},
                    Signature{"ecdsa_secp521r1_sha512_p1363", SignatureScheme::ecdsa, Hash::sha512},
                    Signature{"rsa_signature_2048_sha256", SignatureScheme::rsa_pkcs1, Hash::sha256},
                    Signature{"rsa_signature_2048_sha384", SignatureScheme::rsa_pkcs1, Hash::sha384},
                    Signature{"rsa_signature_2048_sha512", SignatureScheme::rsa_pkcs1, Hash::sha512},
                    Signature{"rsa_signature_3072_sha256", SignatureScheme::rsa_pkcs1, Hash::sha256},
                    Signature{"rsa_signature_3072_sha384", SignatureScheme::rsa_pkcs1, Hash::sha384},
                    Signature{"rsa_signature_3072_sha512", SignatureScheme::rsa_pkcs1, Hash::sha512},
                    Signature{"rsa_signature_4096_sha256", SignatureScheme::rsa_pkcs1, Hash::sha256},
                    Signature{"rsa_signature_4096_sha384", SignatureScheme::rsa_pkcs1, Hash::sha384},
                    Signature{"rsa_signature_4096_sha512", SignatureScheme::rsa_pkcs1, Hash::sha512},
                    Signature{"rsa_pss_2048_sha256_mgf1_32", SignatureScheme::rsa_pss, Hash::sha256},
                    Signature{"rsa_pss_2048_sha384_mgf1_48", SignatureScheme::rsa_pss, Hash::sha384},
                    Signature{"rsa_pss_3072_sha256_mgf1_32", SignatureScheme::rsa_pss, Hash::sha256},
                    Signature{"rsa_pss_4096_sha256_mgf1_32", SignatureScheme::rsa_pss, Hash::sha256},
                    Signature{"rsa_pss_4096_sha384_mgf1_48", SignatureScheme::rsa_pss, Hash::sha384},
                    Signature{"rsa_pss_4096_sha512_mgf1_64", SignatureScheme::rsa_pss, Hash::sha512},
                    Signature{"ed25519", SignatureScheme::eddsa, Hash::sha512},
                    Signature{"ed448", SignatureScheme::eddsa, Hash::sha512}),
    [](const auto& each) { return std::string(each.param.file); });

TEST(WycheproofMacTest, ValidIsAcceptedAndInvalidRefused) {
  for (const auto& [file, hash] : {std::pair{"hmac_sha256", Hash::sha256}, std::pair{"hmac_sha384", Hash::sha384},
                                   std::pair{"hmac_sha512", Hash::sha512}})
    run(file, [hash = hash](const JsonValue& group, const JsonValue& test) {
      const HmacKey key(bytes(test, "key"));
      const std::string message = bytes(test, "msg"), tag = bytes(test, "tag");
      if (*group.find("tagSize")->integer() == static_cast<std::int64_t>(digest_size(hash) * 8))
        return key.verify(hash, message, tag);
      // Truncated MACs are not JWS's; the bytes that are there are compared all the same.
      EXPECT_FALSE(key.verify(hash, message, tag));
      return key.compute(hash, message).view().substr(0, tag.size()) == tag;
    });
}

}  // namespace
}  // namespace sallyport
