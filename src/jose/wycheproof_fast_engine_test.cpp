// C2SP Wycheproof's vectors on each path of the fast engine.
#include <gtest/gtest.h>

#include "codec/base64url.h"
#include "crypto/fast_key.h"
#include "crypto/public_key.h"
#include "jose/testing.h"

namespace sallyport {
namespace {

using namespace testing_jose;

std::string bytes(const JsonValue& object, const char* name) { return *decode_hex(*object.find(name)->string()); }

struct FastVectors {
  const char* file;
  fast::Path path;
};
class WycheproofFastEngineTest : public testing::TestWithParam<FastVectors> {};

TEST_P(WycheproofFastEngineTest, ValidIsAcceptedAndInvalidRefused) {
  const auto& [file, path] = GetParam();
  if (!fast::has(path)) GTEST_SKIP() << "this machine has no " << fast::name(path);
  Doc d(read_file(std::string(SP_SOURCE_DIR "/tests/vectors/wycheproof/") + file + ".json"));
  ASSERT_EQ(d.error, JsonError::none) << file;
  int valid = 0, invalid = 0;
  bool served = true;
  std::string der_now;
  std::unique_ptr<const fast::KeyTable> table;
  for (auto g = d.root().find("groups")->begin(); g.valid(); g.advance())
    for (auto t = g.value().find("tests")->begin(); t.valid(); t.advance()) {
      const std::string der = bytes(g.value(), "der");
      if (der != der_now) {
        const auto key = PublicKey::from_spki(der);
        table.reset();
        // An RSA key of another exponent is OpenSSL's alone.
        served = !key || fast::KeyTable::takes(key->type(), key->first(), key->second());
        if (key && served) {
          table = fast::KeyTable::make(key->type(), key->first(), key->second(), path);
          ASSERT_TRUE(table) << t.value().find("tcId")->text();
        }
        der_now = der;
      }
      if (!served) continue;
      const bool right = *t.value().find("result")->string() == "valid";
      EXPECT_EQ(table ? table->verify(bytes(t.value(), "msg"), bytes(t.value(), "sig")) : fast::Answer::refuse,
                fast::answer_of(right))
          << file << " " << t.value().find("tcId")->text() << " " << t.value().find("comment")->text();
      ++(right ? valid : invalid);
    }
  EXPECT_GT(valid, 0);
  EXPECT_GT(invalid, 0);
}
INSTANTIATE_TEST_SUITE_P(All, WycheproofFastEngineTest,
                         testing::Values(FastVectors{"ecdsa_secp256r1_sha256_p1363", fast::Path::portable},
                                         FastVectors{"ecdsa_secp256r1_sha256_p1363", fast::Path::adx},
                                         FastVectors{"ecdsa_secp384r1_sha384_p1363", fast::Path::portable},
                                         FastVectors{"ecdsa_secp384r1_sha384_p1363", fast::Path::adx},
                                         FastVectors{"rsa_signature_2048_sha256", fast::Path::portable},
                                         FastVectors{"rsa_signature_2048_sha256", fast::Path::adx},
                                         FastVectors{"ed25519", fast::Path::portable}),
                         [](const auto& each) {
                           return std::string(each.param.file) + "_" + std::string(fast::name(each.param.path));
                         });

}  // namespace
}  // namespace sallyport
