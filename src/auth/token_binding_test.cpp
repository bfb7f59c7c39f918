#include "auth/token_binding.h"

#include <gtest/gtest.h>

#include "auth/testing.h"
#include "auth/token_cache.h"
#include "codec/base64url.h"

namespace sallyport {
namespace {

using namespace sallyport::testing;

const std::string kThumbprint(32, '\x5a');
const std::string kOther = std::string(31, '\x5a') + '\x5b';

class TokenBindingTest : public ::testing::Test {
 protected:
  Reason reason(const std::string& cnf, std::string_view certificate) {
    const std::string payload = cnf.empty() ? R"({"sub":"d"})" : R"({"sub":"d","cnf":)" + cnf + "}";
    Attempt a;
    a.username = "x";
    a.password = token(payload);
    ConnectAttempt view = a.view();
    view.certificate_thumbprint = certificate;
    last = decide(view, snapshot, {kNow, 1'000'000}, work);
    return last.reason;
  }
  static std::string bound_to(std::string_view thumbprint) {
    return R"({"x5t#S256":")" + encode_base64url(thumbprint) + "\"}";
  }
  GateSnapshot snapshot = gate();
  Workspace work;
  Decision last;
};

TEST_F(TokenBindingTest, ABoundTokenIsGoodWithItsCertificateAlone) {
  EXPECT_EQ(reason(bound_to(kThumbprint), kThumbprint), Reason::token_ok);
  EXPECT_TRUE(last.certificate_bound);
  EXPECT_EQ(reason(bound_to(kThumbprint), kOther), Reason::binding_mismatch);
  EXPECT_EQ(reason(bound_to(kThumbprint), ""), Reason::binding_mismatch);
  EXPECT_FALSE(last.certificate_bound);
}

TEST_F(TokenBindingTest, AnUnboundTokenIsGoodWithAnyCertificateAndWithout) {
  EXPECT_EQ(reason("", ""), Reason::token_ok);
  EXPECT_FALSE(last.certificate_bound);
  EXPECT_EQ(reason("", kThumbprint), Reason::token_ok);
  EXPECT_FALSE(last.certificate_bound);
}

TEST_F(TokenBindingTest, RequireBindingRefusesTheUnboundAndNobodyElse) {
  snapshot.jwt.plain.require_binding = true;
  EXPECT_EQ(reason("", kThumbprint), Reason::binding_required);
  EXPECT_EQ(reason(bound_to(kThumbprint), kThumbprint), Reason::token_ok);
}

// RFC 7800 has other members, and a peer that spelled the one wrong took bound tokens for unbound.
TEST_F(TokenBindingTest, AnyOtherMemberOfCnfRefusesEvenBesideTheRightOne) {
  for (const char* member : {R"("jkt":"x")", R"("jwk":{})", R"("kid":"k")", R"("x5t#s256":"x")", R"("x5t#S256 ":"x")",
                             R"("x5t":"x")", R"("jku":"https://x")", R"("":"")"}) {
    EXPECT_EQ(reason("{" + std::string(member) + "}", kThumbprint), Reason::unsupported_binding) << member;
    const std::string both = R"({"x5t#S256":")" + encode_base64url(kThumbprint) + "\"," + member + "}";
    EXPECT_EQ(reason(both, kThumbprint), Reason::unsupported_binding) << member;
  }
}

TEST_F(TokenBindingTest, ACnfThatCannotBeReadIsNeverAnAbsentOne) {
  for (const char* cnf : {"null", "{}", "[]", "\"x5t#S256\"", "1", "true"})
    EXPECT_EQ(reason(cnf, kThumbprint), Reason::malformed_claim) << cnf;
  const std::string encoded = encode_base64url(kThumbprint);
  for (const std::string& value :
       {std::string("null"), std::string("1"), std::string("\"\""), "\"" + encoded + "=\"",
        "\"" + encoded.substr(1) + "\"", "\"" + encode_base64url(kThumbprint.substr(1)) + "\"",
        "\"" + encode_base64url(kThumbprint + "a") + "\"", "\"" + encode_hex(kThumbprint) + "\"",
        "\"" + encode_base64(kThumbprint + "aa") + "\""})
    EXPECT_EQ(reason(R"({"x5t#S256":)" + value + "}", kThumbprint), Reason::malformed_claim) << value;
}

TEST_F(TokenBindingTest, ARememberedTokenIsHeldToItsBinding) {
  TokenCache tokens;
  DecisionMemory memory;
  memory.tokens = &tokens;
  const std::string t = token(R"({"sub":"d","cnf":)" + bound_to(kThumbprint) + "}");
  ConnectAttempt a;
  a.username = "x";
  a.password = t;
  a.certificate_thumbprint = kThumbprint;
  EXPECT_EQ(decide(a, snapshot, {kNow, 0}, work, memory).reason, Reason::token_ok);
  a.certificate_thumbprint = kOther;
  EXPECT_EQ(decide(a, snapshot, {kNow, 0}, work, memory).reason, Reason::binding_mismatch);
}

}  // namespace
}  // namespace sallyport
