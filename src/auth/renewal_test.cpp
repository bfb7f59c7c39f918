// Enhanced authentication (MQTT 5, section 4.12), and whether a session may go on with another token.
#include <gtest/gtest.h>

#include "auth/testing.h"
#include "auth/token_holder.h"

namespace sallyport {
namespace {

using namespace testing;

std::string device(const std::string& more = "") { return token(R"({"sub":"device-1","exp":1800000600)" + more + "}"); }

class RenewalTest : public ::testing::Test {
 protected:
  Decision by_method(std::optional<std::string_view> data, std::string_view method = "JWT",
                     std::optional<std::string_view> username = {}) {
    ConnectAttempt a;
    a.client_id = "c1";
    a.username = username;
    a.auth_method = method;
    a.auth_data = data;
    a.peer = {"192.0.2.7", Transport::mqtt_tcp};
    return decide(a, snapshot, {kNow, 1'000'000}, work);
  }
  Decision renew(const std::string& with, const TokenHolder& holder, std::optional<std::string_view> username = {}) {
    ConnectAttempt a;
    a.client_id = "c1";
    a.username = username;
    a.auth_data = with;
    a.peer = {"192.0.2.7", Transport::mqtt_tcp};
    return decide_renewal(a, holder, snapshot, {kNow, 1'000'000}, work);
  }
  TokenHolder holder(const std::string& of) {
    const Decision d = by_method(of);
    EXPECT_EQ(d.reason, Reason::token_ok);
    return holder_of(d);
  }

  GateSnapshot snapshot = gate();
  Workspace work;
};

TEST_F(RenewalTest, AMethodsDataIsTheTokenWhereverTokensStandOtherwise) {
  for (const TokenSource from : {TokenSource::password, TokenSource::username}) {
    snapshot.jwt.from = from;
    const std::string good = device();
    const Decision d = by_method(good, "JWT", "joe");
    EXPECT_EQ(d.verdict, Verdict::allow);
    EXPECT_EQ(d.reason, Reason::token_ok);
    EXPECT_EQ(d.principal, "device-1");
    EXPECT_TRUE(d.token_shown);
  }
}

TEST_F(RenewalTest, WithoutAPrincipalClaimConnectsOwnNameIsItsOwnSay) {
  const std::string nobody = token("{}");
  snapshot.jwt.from = TokenSource::username;
  Decision d = by_method(nobody, "JWT", "joe");
  EXPECT_EQ(d.principal, "joe");
  EXPECT_FALSE(d.principal_verified);
  d = by_method(nobody);
  EXPECT_EQ(d.verdict, Verdict::allow);
  EXPECT_TRUE(d.principal.empty());
}

TEST_F(RenewalTest, NoDataIsNoCredentialAndNothingElseIsAsked) {
  snapshot.jwt.not_a_token = NotAToken::ignore;
  for (const NoMatch no_match : {NoMatch::deny, NoMatch::allow, NoMatch::defer}) {
    snapshot.no_match = no_match;
    EXPECT_EQ(by_method(std::nullopt).reason, Reason::no_credentials);
    EXPECT_EQ(by_method("").reason, Reason::no_credentials);
    EXPECT_EQ(by_method("guess").reason, Reason::not_a_token);
    EXPECT_EQ(by_method("guess").verdict, Verdict::deny);
  }
}

TEST_F(RenewalTest, AnUnknownMethodIsRefusedOrHandedOn) {
  const std::string good = device();
  for (const std::string_view method : {"", "jwt", "SCRAM-SHA-1"}) {
    EXPECT_EQ(by_method(good, method).verdict, Verdict::deny);
    EXPECT_EQ(by_method(good, method).reason, Reason::unsupported_method);
  }
  snapshot.no_match = NoMatch::allow;
  EXPECT_EQ(by_method(good, "SCRAM-SHA-1").reason, Reason::unsupported_method);
  snapshot.no_match = NoMatch::defer;
  EXPECT_EQ(by_method(good, "SCRAM-SHA-1").verdict, Verdict::ignore);
  EXPECT_EQ(by_method(good, "JWT").verdict, Verdict::allow);
  snapshot.no_match = NoMatch::deny;
  snapshot.jwt.methods.clear();
  EXPECT_EQ(by_method(good).reason, Reason::unsupported_method);
}

TEST_F(RenewalTest, ANameOfTheStoreNeedsAClaimThatBindsIt) {
  const std::string good = device(R"(,"name":"ann")");
  EXPECT_EQ(by_method(good, "JWT", "ann").reason, Reason::unbound_user_name);
  EXPECT_EQ(by_method(good, "JWT", "nobody").reason, Reason::token_ok);
  snapshot.jwt.plain.claims.push_back({ClaimPath("name"), Template::compile("%u").value()});
  EXPECT_EQ(by_method(good, "JWT", "ann").reason, Reason::token_ok);
  EXPECT_EQ(by_method(good, "JWT", "nobody").reason, Reason::claim_mismatch);
  snapshot.jwt.plain.claims.clear();
  snapshot.users = nullptr;
  EXPECT_EQ(by_method(good, "JWT", "ann").verdict, Verdict::unavailable);
  EXPECT_EQ(by_method(good, "JWT", "ann").reason, Reason::users_unavailable);
  EXPECT_EQ(by_method(good).reason, Reason::token_ok) << "without a name there is nobody to ask for";
  snapshot.password_enabled = false;
  EXPECT_EQ(by_method(good, "JWT", "ann").reason, Reason::token_ok);
}

TEST_F(RenewalTest, ATokenOfTheSamePrincipalAndIssuerRenews) {
  const TokenHolder held = holder(device());
  const std::string fresh = token(R"({"sub":"device-1","exp":1800001200})");
  const Decision d = renew(fresh, held);
  EXPECT_EQ(d.verdict, Verdict::allow);
  EXPECT_EQ(d.reason, Reason::renewed);
  EXPECT_EQ(d.expires_at, 1'800'001'200);
}

TEST_F(RenewalTest, ATokenOfSomebodyElseDoesNot) {
  const TokenHolder held = holder(device(R"(,"iss":"one")"));
  EXPECT_EQ(renew(device(R"(,"iss":"one")"), held).reason, Reason::renewed);
  for (const std::string& other :
       {token(R"({"sub":"device-2","iss":"one"})"), device(R"(,"iss":"two")"), device(), token(R"({"iss":"one"})")}) {
    const Decision d = renew(other, held);
    EXPECT_EQ(d.verdict, Verdict::deny);
    EXPECT_EQ(d.reason, Reason::identity_changed);
  }
}

TEST_F(RenewalTest, AVerifiedNameIsNotTheSameAsOnesOwnSay) {
  TokenHolder held = holder(device());
  held.principal_verified = false;
  EXPECT_EQ(renew(device(), held).reason, Reason::identity_changed);
}

TEST_F(RenewalTest, AnotherAuthoritysTokenDoesNot) {
  const TokenHolder held = holder(device(R"(,"iss":"one")"));
  TokenAuthority one = snapshot.jwt.plain;
  one.name = "one";
  one.issuer = "one";
  snapshot.jwt.issuers.push_back(one);
  EXPECT_EQ(renew(device(R"(,"iss":"one")"), held).reason, Reason::identity_changed);
}

TEST_F(RenewalTest, ARenewalIsHeldToAllThatConnectIs) {
  const TokenHolder held = holder(device());
  EXPECT_EQ(renew("", held).reason, Reason::no_credentials);
  EXPECT_EQ(renew("guess", held).reason, Reason::not_a_token);
  EXPECT_EQ(renew(token(R"({"sub":"device-1","exp":1})"), held).reason, Reason::expired);
  EXPECT_EQ(renew(token(R"({"sub":"device-1"})", "another key, and long enough to be one"), held).reason,
            Reason::bad_signature);
  EXPECT_EQ(renew(std::string(65'536, 'x'), held).reason, Reason::field_too_long);
  snapshot.jwt.plain.claims.push_back({ClaimPath("sub"), Template::compile("%u").value()});
  EXPECT_EQ(renew(device(), held).reason, Reason::claim_mismatch);
  EXPECT_EQ(renew(device(), held, "device-1").reason, Reason::renewed);
  snapshot.jwt.enabled = false;
  EXPECT_EQ(renew(device(), held, "device-1").reason, Reason::nothing_enabled);
  snapshot.settings_known = false;
  EXPECT_EQ(renew(device(), held, "device-1").verdict, Verdict::unavailable);
}

}  // namespace
}  // namespace sallyport
