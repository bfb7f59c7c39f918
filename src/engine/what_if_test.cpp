#include "engine/what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jose/sign.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr UnixSeconds kNow = 1'700'000'000;
constexpr std::string_view kSecret = "a secret of this test, long enough for HS256";

std::string token(std::string_view payload, std::string_view secret = kSecret,
                  std::string_view header = R"({"alg":"HS256","typ":"JWT"})") {
  return sign_compact(**signing_key_from_secret(secret), Algorithm::HS256, header, payload).value();
}

ClaimRule rule(std::string_view claim, std::string_view expected) {
  return {ClaimPath(claim), Template::compile(expected).value()};
}

GateSnapshot gate(std::string_view secret = kSecret) {
  GateSnapshot made;
  made.users = UserDirectory::Builder().build();
  made.jwt.enabled = true;
  made.jwt.principal_claims.emplace_back("sub");
  KeyOptions options;
  options.origin = KeyOrigin::secret;
  options.label = "secret";
  made.jwt.plain.keys = std::make_shared<KeyRing>(std::vector<KeyPtr>{make_secret_key(secret, options).value()}, 1);
  return made;
}

ConnectAttempt attempt(std::string_view password, std::optional<std::string_view> username = std::nullopt) {
  ConnectAttempt made;
  made.client_id = "dev-1";
  made.username = username;
  made.password = password;
  made.peer = {"127.0.0.1", Transport::mqtt_tcp};
  return made;
}

// The one change, or both with " + " between; "none" where nothing helps.
std::string change(const ConnectAttempt& a, const GateSnapshot& g, bool show_values = false) {
  const auto found = smallest_change(a, g, {kNow, 0}, show_values);
  if (!found) return "none";
  return found->changes.size() == 1 ? found->changes[0] : found->changes[0] + " + " + found->changes[1];
}

TEST(WhatIfTest, TellsAClockThatIsWrongFromATokenThatIsOld) {
  const std::string late = token(R"({"sub":"a","exp":1699999909})");
  EXPECT_EQ(change(attempt(late), gate()), "a clock 92 s earlier: this is a clock, not a token");
  const std::string old = token(R"({"sub":"a","exp":1690000000})");
  EXPECT_THAT(change(attempt(old), gate()), HasSubstr("the token is old"));
}

TEST(WhatIfTest, CountsTheLeewayIntoTheClock) {
  GateSnapshot g = gate();
  g.jwt.plain.leeway = 10;
  EXPECT_EQ(change(attempt(token(R"({"exp":1699999909})")), g), "a clock 82 s earlier: this is a clock, not a token");
  EXPECT_EQ(change(attempt(token(R"({"nbf":1700000030})")), g), "a clock 20 s later: this is a clock, not a token");
}

TEST(WhatIfTest, NamesTheAudienceOnlyWhereValuesAreAskedFor) {
  GateSnapshot g = gate();
  g.jwt.plain.audience = {"gate"};
  const std::string t = token(R"({"aud":["other-canary","x"]})");
  EXPECT_THAT(change(attempt(t), g), HasSubstr("aud in the token"));
  EXPECT_THAT(change(attempt(t), g), Not(HasSubstr("other-canary")));
  EXPECT_EQ(change(attempt(t), g, true), "aud = \"gate\" in the token, or [jwt] audience = \"other-canary\"");
  EXPECT_EQ(change(attempt(token("{}")), g), "aud in the token (it has none that is text), or no [jwt] audience");
}

TEST(WhatIfTest, NamesTheIssuer) {
  GateSnapshot g = gate();
  g.jwt.plain.issuer = "https://a";
  EXPECT_EQ(change(attempt(token(R"({"iss":"https://b"})")), g, true),
            "iss = \"https://a\" in the token, or [jwt] issuer = \"https://b\"");
}

TEST(WhatIfTest, NamesTheOneRuleThatFails) {
  GateSnapshot g = gate();
  g.jwt.plain.claims = {rule("site", "north"), rule("username", "%u")};
  const std::string t = token(R"({"site":"north","username":"bob"})");
  EXPECT_EQ(change(attempt(t, "alice"), g), "the rule for claim \"username\" off");
  EXPECT_EQ(change(attempt(t, "alice"), g, true),
            "the rule for claim \"username\" off, or username = \"alice\" in the token");
}

TEST(WhatIfTest, SwitchesAllRulesOffWhereSeveralFail) {
  GateSnapshot g = gate();
  g.jwt.plain.claims = {rule("site", "north"), rule("username", "%u")};
  EXPECT_EQ(change(attempt(token("{}"), "alice"), g), "verify_claims = false (no claim rule at all)");
}

TEST(WhatIfTest, FindsPairs) {
  GateSnapshot g = gate();
  g.jwt.plain.audience = {"gate"};
  EXPECT_THAT(change(attempt(token(R"({"exp":1699999909,"aud":"x"})")), g),
              HasSubstr("clock 92 s earlier: this is a clock, not a token + another aud"));
}

TEST(WhatIfTest, KnowsTheSettingsAboutLifetimes) {
  GateSnapshot g = gate();
  g.jwt.plain.require_exp = true;
  EXPECT_THAT(change(attempt(token("{}")), g), HasSubstr("require_exp = false"));
  g.jwt.plain.max_lifetime = 60;
  EXPECT_EQ(change(attempt(token(R"({"iat":1699999900,"exp":1700000900})")), g), "max_lifetime = \"1000s\" or more");
}

TEST(WhatIfTest, KnowsTheTyp) {
  GateSnapshot g = gate();
  g.jwt.plain.typ = "at+jwt";
  EXPECT_THAT(change(attempt(token("{}")), g), HasSubstr("typ \"at+jwt\" in the token's header"));
}

TEST(WhatIfTest, SwitchesAnAuthenticatorOn) {
  GateSnapshot g = gate();
  g.jwt.enabled = false;
  EXPECT_EQ(change(attempt(token("{}"), "x"), g), "[jwt] enabled = true");
}

TEST(WhatIfTest, EnablesAUserWhosePasswordIsRight) {
  GateSnapshot g = gate();
  UserDirectory::Builder builder;
  builder.add({"ann", hash_password("her password").value(), false, false, 7});
  g.users = builder.build();
  EXPECT_EQ(change(attempt("her password", "ann"), g), "the user enabled: sallyport user enable");
  EXPECT_EQ(change(attempt("another", "ann"), g), "none");
  EXPECT_THAT(change(attempt(token("{}"), "ann"), g), HasSubstr("no user name beside the token"));
}

TEST(WhatIfTest, FindsATokenInTheOtherField) {
  GateSnapshot g = gate();
  g.jwt.from = TokenSource::username;
  EXPECT_EQ(change(attempt(token("{}")), g), "the token in the user name field, or [jwt] from = \"password\"");
}

TEST(WhatIfTest, KnowsThatPublishedSecretsCanBeOpened) {
  ConnectAttempt far = attempt("");
  const std::string t = token("{}", "secret");
  far.password = t;
  far.peer.address = "192.0.2.7";
  EXPECT_THAT(change(far, gate("secret")), HasSubstr("allow_published_secrets = true"));
  far.peer.address = "127.0.0.1";
  EXPECT_EQ(change(far, gate("secret")), "none") << "it is let in already";
}

TEST(WhatIfTest, HasNoAdviceForABadSignature) {
  EXPECT_EQ(change(attempt(token(R"({"exp":1699999909})", "another secret that is long enough")), gate()), "none");
  EXPECT_EQ(change(attempt("not a token"), gate()), "none");
}

}  // namespace
}  // namespace sallyport
