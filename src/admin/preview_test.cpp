#include "admin/preview.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/kept_claims.h"

namespace sallyport {
namespace {

using nlohmann::json;
using Kind = Rejudged::Kind;

const KeptDigest kDigest("the key of a store"), kOther("the key of another store");

class PreviewTest : public testing::Test {
 protected:
  PreviewTest() {
    for (Settings* s : {&before_, &after_}) s->jwt.secret = Secret("k");
    row_.at = 1000;
    row_.verdict = "allow";
    row_.reason = "token_ok";
    row_.authenticator = "jwt";
    row_.key = "secret";
    row_.client_id = "meter-1";
    row_.username = "ann";
    keep(R"({"sub":"meter-1","iss":"https://a","aud":["x","y"],"exp":2000,"iat":900,"n":7,"groups":["g"]})");
  }
  void keep(std::string text, const char* typ = "JWT") {
    JsonTape tape;
    ASSERT_EQ(tape.parse(text.data(), text.size()), JsonError::none);
    std::string pointer;
    row_.facts.clear();
    keep_claims(tape.root(), typ, kDigest, row_.facts, pointer);
  }
  Rejudged judge(const KeptDigest* digest = &kDigest) const {
    const json steps = json::parse(R"([{"passed":true,"subject":"HS256"}])");
    return judge_again(row_, steps, before_, after_, digest);
  }
  void refused_before(const char* reason) {
    row_.verdict = "deny";
    row_.reason = reason;
  }

  Settings before_, after_;
  AuditRow row_;
};

TEST_F(PreviewTest, AClaimRuleIsHeldAgainstWhatIsKeptOfTheClaim) {
  const auto said = [&](const char* claim, const char* expected) {
    after_.jwt.claims = {{claim, expected}};
    return judge();
  };
  EXPECT_EQ(said("sub", "%c").kind, Kind::unchanged);
  EXPECT_EQ(said("sub", "meter-1").kind, Kind::unchanged);
  EXPECT_EQ(said("n", "7").kind, Kind::unchanged);
  EXPECT_EQ(said("groups", "g").kind, Kind::unchanged);
  EXPECT_EQ(said("sub", "%u").reason, "claim_mismatch");
  EXPECT_EQ(said("n", "8").reason, "claim_mismatch");
  EXPECT_EQ(said("nobody", "x").reason, "claim_missing");
  EXPECT_EQ(said("/groups/0", "g").kind, Kind::unknown);
}

TEST_F(PreviewTest, ANameThatIsNotKeptWholeIsNotCompared) {
  after_.jwt.claims = {{"sub", "%u"}};
  row_.username = "token 1a2b3c4d";
  EXPECT_EQ(judge().kind, Kind::unknown);
  row_.username = std::string(128, 'n');
  EXPECT_EQ(judge().kind, Kind::unknown);
  after_.jwt.claims = {{"sub", "%c"}};
  EXPECT_EQ(judge().kind, Kind::unchanged);
  row_.client_id = std::string(128, 'n');
  EXPECT_EQ(judge().kind, Kind::unknown);
}

TEST_F(PreviewTest, IssuerAudienceTypeAndTimesAreJudged) {
  const auto reset = [&] { after_.jwt = JwtSettings(), after_.jwt.secret = Secret("k"); };
  after_.jwt.issuer = "https://a";
  EXPECT_EQ(judge().kind, Kind::unchanged);
  after_.jwt.issuer = "https://b";
  EXPECT_EQ(judge().reason, "issuer_mismatch");
  reset();
  after_.jwt.audience = {"z", "y"};
  EXPECT_EQ(judge().kind, Kind::unchanged);
  after_.jwt.audience = {"z"};
  EXPECT_EQ(judge().reason, "audience_mismatch");
  reset();
  after_.jwt.typ = "at+jwt";
  EXPECT_EQ(judge().reason, "wrong_type");
  reset();
  after_.jwt.max_lifetime = 1100;
  EXPECT_EQ(judge().kind, Kind::unchanged);
  after_.jwt.max_lifetime = 1099;
  EXPECT_EQ(judge().reason, "lifetime_too_long");
  reset();
  after_.jwt.allowed_algorithms = bit(Algorithm::ES256);
  EXPECT_EQ(judge().reason, "algorithm_not_allowed");
}

TEST_F(PreviewTest, ANumberIsNoIssuer) {
  keep(R"({"iss":7,"aud":7})");
  after_.jwt.issuer = "7";
  EXPECT_EQ(judge().reason, "issuer_mismatch");
  after_.jwt.issuer.reset();
  after_.jwt.audience = {"7"};
  EXPECT_EQ(judge().reason, "audience_mismatch");
}

TEST_F(PreviewTest, WhoWasRefusedComesInOnlyWhereNothingElseKeepsHimOut) {
  refused_before("audience_mismatch");
  before_.jwt.audience = {"z"};
  EXPECT_EQ(judge().kind, Kind::admitted);
  after_.jwt.claims = {{"sub", "nobody"}};
  EXPECT_EQ(judge().kind, Kind::unchanged);
  after_.jwt.claims.clear();
  after_.jwt.require_binding = true;
  EXPECT_EQ(judge().kind, Kind::unknown);
  after_.jwt.require_binding = false;
  refused_before("revoked");
  EXPECT_EQ(judge().kind, Kind::unchanged);
}

TEST_F(PreviewTest, TheIssuerOfATokenChoosesWhatItIsHeldTo) {
  for (Settings* s : {&before_, &after_}) {
    IssuerSettings one;
    one.name = "a";
    one.issuer = "https://a";
    one.secret = Secret("a");
    s->jwt.issuers.push_back(std::move(one));
  }
  row_.key = "a secret";
  after_.jwt.audience = {"z"};  // of the plain keys, which are not asked
  EXPECT_EQ(judge().kind, Kind::unchanged);
  after_.jwt.issuers[0].audience = {"z"};
  EXPECT_EQ(judge().reason, "audience_mismatch");
  after_.jwt.issuers[0].audience.clear();
  after_.jwt.issuers[0].secret = Secret("b");
  EXPECT_EQ(judge().reason, "bad_signature");
  after_.jwt.issuers.clear();  // the plain secret is another one
  EXPECT_EQ(judge().reason, "bad_signature");
  after_.jwt.public_keys = {"a key that may be its"};
  EXPECT_EQ(judge().kind, Kind::unknown);
}

TEST_F(PreviewTest, WithoutTheKeyNothingIsCompared) {
  after_.jwt.audience = {"x"};
  EXPECT_EQ(judge().kind, Kind::unchanged);
  EXPECT_EQ(judge(nullptr).kind, Kind::unknown);
  EXPECT_EQ(judge(&kOther).kind, Kind::unknown);
  for (const char* damaged : {"", "{", "[]", "{\"claims\":7,\"by\":\"x\"}", "{\"claims\":{}}"}) {
    row_.facts = damaged;
    EXPECT_EQ(judge().kind, Kind::unknown) << damaged;
  }
}

}  // namespace
}  // namespace sallyport
