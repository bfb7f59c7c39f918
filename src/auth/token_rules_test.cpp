#include "auth/token_rules.h"

#include <gtest/gtest.h>

#include "auth/testing.h"

namespace sallyport {
namespace {

using namespace sallyport::testing;

class TokenRulesTest : public ::testing::Test {
 protected:
  Reason reason(std::string_view payload, UnixSeconds now = kNow) {
    const Decision d = judge({"ann2", token(payload)}, snapshot, work, now);
    EXPECT_EQ(d.verdict == Verdict::allow, d.reason == Reason::token_ok);
    return d.reason;
  }
  Reason reason_of_header(std::string_view header) {
    return judge({"ann2", token("{}", kSecret, header)}, snapshot, work).reason;
  }
  GateSnapshot snapshot = gate();
  Workspace work;
};

TEST_F(TokenRulesTest, ExpiresOnTheSecondOfExpAndLeewayMovesIt) {
  EXPECT_EQ(reason(R"({"exp":1800000001})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"exp":1800000000})"), Reason::expired);
  EXPECT_EQ(reason(R"({"exp":1799999999})"), Reason::expired);
  snapshot.jwt.plain.leeway = 30;
  EXPECT_EQ(reason(R"({"exp":1799999971})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"exp":1799999970})"), Reason::expired);
}

TEST_F(TokenRulesTest, StartsOnTheSecondOfNbfAndLeewayMovesIt) {
  EXPECT_EQ(reason(R"({"nbf":1800000000})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"nbf":1800000001})"), Reason::not_yet_valid);
  snapshot.jwt.plain.leeway = 30;
  EXPECT_EQ(reason(R"({"nbf":1800000030})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"nbf":1800000031})"), Reason::not_yet_valid);
}

TEST_F(TokenRulesTest, ATimeIsANumberAFractionOrDigitsAndIsExact) {
  EXPECT_EQ(reason(R"({"exp":"1800000001"})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"exp":"1800000000"})"), Reason::expired);
  EXPECT_EQ(reason(R"({"exp":1800000000.5})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"exp":1799999999.5})"), Reason::expired);
  EXPECT_EQ(reason(R"({"exp":15822553606420000})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"exp":9223372036854775807})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"exp":-1})"), Reason::expired);
  EXPECT_EQ(reason(R"({"exp":0})"), Reason::expired);
}

TEST_F(TokenRulesTest, AMalformedTimeIsNeverAbsent) {
  for (const char* bad : {R"({"exp":null})", R"({"exp":""})", R"({"exp":"soon"})", R"({"exp":"-5"})",
                          R"({"exp":" 1800000001"})", R"({"exp":true})", R"({"exp":[1800000001]})", R"({"exp":{}})",
                          R"({"exp":1e400})", R"({"nbf":"x"})", R"({"iat":"x"})"})
    EXPECT_EQ(reason(bad), Reason::malformed_claim) << bad;
  EXPECT_EQ(reason("{}"), Reason::token_ok);
}

TEST_F(TokenRulesTest, IatIsInformative) { EXPECT_EQ(reason(R"({"iat":1900000000})"), Reason::token_ok); }

TEST_F(TokenRulesTest, RequireExpRefusesATokenWithout) {
  snapshot.jwt.plain.require_exp = true;
  EXPECT_EQ(reason("{}"), Reason::missing_expiry);
  EXPECT_EQ(reason(R"({"exp":1800000001})"), Reason::token_ok);
}

TEST_F(TokenRulesTest, MaxLifetimeNeedsBothTimesAndBoundsTheirDifference) {
  snapshot.jwt.plain.max_lifetime = 3600;
  EXPECT_EQ(reason(R"({"iat":1800000000,"exp":1800003600})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"iat":1800000000,"exp":1800003601})"), Reason::lifetime_too_long);
  EXPECT_EQ(reason(R"({"exp":1800000001})"), Reason::lifetime_too_long);
  EXPECT_EQ(reason(R"({"iat":1800000000})"), Reason::lifetime_too_long);
  EXPECT_EQ(reason(R"({"iat":-9223372036854775807,"exp":9223372036854775807})"), Reason::lifetime_too_long);
}

TEST_F(TokenRulesTest, TheIssuerIsExactText) {
  snapshot.jwt.plain.issuer = "https://id.example";
  EXPECT_EQ(reason(R"({"iss":"https://id.example"})"), Reason::token_ok);
  for (const char* bad : {"{}", R"({"iss":"https://id.example/"})", R"({"iss":"HTTPS://id.example"})",
                          R"({"iss":["https://id.example"]})"})
    EXPECT_EQ(reason(bad), Reason::issuer_mismatch) << bad;
}

TEST_F(TokenRulesTest, TheAudienceIsTextOrOneMemberOfAnArray) {
  snapshot.jwt.plain.audience = {"mqtt", "mqtt2"};
  EXPECT_EQ(reason(R"({"aud":"mqtt"})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"aud":["web","mqtt2"]})"), Reason::token_ok);
  for (const char* bad :
       {"{}", R"({"aud":"web"})", R"({"aud":[]})", R"({"aud":["web"]})", R"({"aud":{"mqtt":1}})", R"({"aud":null})"})
    EXPECT_EQ(reason(bad), Reason::audience_mismatch) << bad;
}

TEST_F(TokenRulesTest, DeclaredClaimsHoldAndTheSwitchTurnsThemOff) {
  snapshot.jwt.plain.claims.push_back({ClaimPath("username"), Template::compile("%u").value()});
  EXPECT_EQ(reason(R"({"username":"ann2"})"), Reason::token_ok);
  EXPECT_EQ(reason(R"({"username":"bob"})"), Reason::claim_mismatch);
  EXPECT_EQ(reason("{}"), Reason::claim_missing);
  snapshot.jwt.plain.verify_claims = false;
  EXPECT_EQ(reason("{}"), Reason::token_ok);
}

TEST_F(TokenRulesTest, TypMayBeAbsentJwtOrAccessTokenAndASettingNarrowsIt) {
  for (const char* good : {R"({"alg":"HS256"})", R"({"alg":"HS256","typ":"jwt"})", R"({"alg":"HS256","typ":"at+jwt"})",
                           R"({"alg":"HS256","typ":"application/at+JWT"})"})
    EXPECT_EQ(reason_of_header(good), Reason::token_ok) << good;
  for (const char* bad : {R"({"alg":"HS256","typ":"secevent+jwt"})", R"({"alg":"HS256","typ":"dpop+jwt"})",
                          R"({"alg":"HS256","typ":"logout+jwt"})", R"({"alg":"HS256","typ":""})"})
    EXPECT_EQ(reason_of_header(bad), Reason::wrong_type) << bad;
  snapshot.jwt.plain.typ = "at+jwt";
  EXPECT_EQ(reason_of_header(R"({"alg":"HS256","typ":"at+jwt"})"), Reason::token_ok);
  EXPECT_EQ(reason_of_header(R"({"alg":"HS256","typ":"JWT"})"), Reason::wrong_type);
  EXPECT_EQ(reason_of_header(R"({"alg":"HS256"})"), Reason::wrong_type);
}

TEST_F(TokenRulesTest, AnAlgorithmThatIsNotAllowedIsOutThoughItsKeyIsHere) {
  snapshot.jwt.plain.allowed_algorithms = bit(Algorithm::HS512);
  EXPECT_EQ(reason("{}"), Reason::algorithm_not_allowed);
  snapshot.jwt.plain.allowed_algorithms = bit(Algorithm::HS256);
  EXPECT_EQ(reason("{}"), Reason::token_ok);
}

TEST_F(TokenRulesTest, AKidNobodyHasIsOutAndAsksForARefresh) {
  snapshot.jwt.plain.keys = std::make_shared<const KeyRing>(std::vector<KeyPtr>{secret_key(kSecret, "a")}, 2);
  EXPECT_EQ(reason_of_header(R"({"alg":"HS256","kid":"a"})"), Reason::token_ok);
  EXPECT_EQ(reason_of_header(R"({"alg":"HS256"})"), Reason::token_ok);
  EXPECT_EQ(reason_of_header(R"({"alg":"HS256","kid":"b"})"), Reason::unknown_key_id);
  snapshot.jwt.plain.keys =
      std::make_shared<const KeyRing>(std::vector<KeyPtr>{secret_key(kSecret, "a")}, 3, PendingKeys{false, true});
  const Decision d = judge({"x", token("{}", kSecret, R"({"alg":"HS256","kid":"b"})")}, snapshot, work);
  EXPECT_EQ(d.verdict, Verdict::unavailable);
  EXPECT_EQ(d.reason, Reason::keys_unavailable);
  EXPECT_TRUE(d.wants_refresh);
}

TEST(AddSaturatingTest, NeverWrapsAround) {
  EXPECT_EQ(add_saturating(INT64_MAX, 1), INT64_MAX);
  EXPECT_EQ(add_saturating(INT64_MIN, -1), INT64_MIN);
  EXPECT_EQ(add_saturating(1, 2), 3);
}

}  // namespace
}  // namespace sallyport
