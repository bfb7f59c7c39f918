// C2SP Wycheproof's vectors for JWS and JWK: "valid" is accepted, "invalid" refused,
// and each exception is decided here and in docs/security.md.
#include <gtest/gtest.h>

#include <map>

#include "jose/testing.h"

namespace sallyport {
namespace {

using namespace testing_jose;

struct Count {
  int accepted = 0, refused = 0;
};

// tcId -> why we decide otherwise than the file.
Count run(const char* file, const std::map<std::int64_t, const char*>& decided) {
  Count count;
  Doc d(read_file(std::string(SP_SOURCE_DIR "/tests/vectors/wycheproof/") + file));
  EXPECT_EQ(d.error, JsonError::none) << file;
  for (auto g = d.root().find("groups")->begin(); g.valid(); g.advance()) {
    const auto set = parse_jwks_with_secrets(json_of(*g.value().find("keys")), {});
    for (auto t = g.value().find("tests")->begin(); t.valid(); t.advance()) {
      const std::int64_t id = *t.value().find("tcId")->integer();
      const JsonValue jws = *t.value().find("jws");
      // Some are JWS of the JSON serialization, which no field of CONNECT holds.
      const Reason reason =
          set ? reason_of(jws.is_string() ? std::string(*jws.string()) : json_of(jws), set->keys, true)
              : Reason::no_key_for_algorithm;
      const bool valid = t.value().find("result")->string() == "valid";
      const bool accepted = reason == Reason::token_ok;
      EXPECT_EQ(accepted, valid != (decided.count(id) > 0))
          << file << " " << id << " " << t.value().find("comment")->text() << ": " << name(reason)
          << (set ? "" : " " + set.error().cause);
      ++(accepted ? count.accepted : count.refused);
    }
  }
  return count;
}

TEST(WycheproofTest, JsonWebSignature) {
  const Count c = run("json_web_signature.json",
                      {
                          {346, "PS384 by a key whose alg is PS256"},
                          {347, "ES512 by a key whose alg is ES521, which does not exist"},
                          {350, "as 346"},
                          {351, "as 347"},
                          {367, "says padding but has none; byte for byte the valid token of 357"},
                          {370, "as 367"},
                          {372, "a character outside the alphabet in the header is no base64url (RFC 7515 2)"},
                          {373, "as 372, in the payload"},
                      });
  EXPECT_EQ(c.accepted + c.refused, 401);
  EXPECT_GE(c.accepted, 30);
}
TEST(WycheproofTest, JsonWebKey) {
  const Count c = run("json_web_key.json", {});
  EXPECT_EQ(c.accepted, 5);
}
TEST(WycheproofTest, JsonWebCrypto) {
  const Count c = run("json_web_crypto.json", {});
  EXPECT_GE(c.accepted, 4);
}

}  // namespace
}  // namespace sallyport
