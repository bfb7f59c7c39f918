#include "auth/chain.h"

#include <gtest/gtest.h>

#include "auth/guess_brake.h"
#include "auth/testing.h"
#include "auth/token_cache.h"
#include "users/password_memory.h"

namespace sallyport {
namespace {

using namespace sallyport::testing;

class ChainTest : public ::testing::Test {
 protected:
  // The reason, after checking that the verdict is the one that goes with it.
  // The attempt is kept: the decision's principal may be a view of its user name.
  Reason reason(Attempt a, Verdict verdict) {
    asked = std::move(a);
    last = judge(asked, snapshot, work, kNow, memory);
    EXPECT_EQ(name(last.verdict), name(verdict)) << name(last.reason);
    return last.reason;
  }
  GateSnapshot snapshot = gate();
  Workspace work;
  DecisionMemory memory;
  Attempt asked;
  Decision last;
};

TEST_F(ChainTest, AKnownUserWithTheRightPasswordIsIn) {
  EXPECT_EQ(reason({"ann", "right"}, Verdict::allow), Reason::password_ok);
  EXPECT_EQ(last.authenticator, Authenticator::password);
  EXPECT_EQ(last.principal, "ann");
  EXPECT_TRUE(last.principal_verified);
  EXPECT_FALSE(last.is_superuser);
}

TEST_F(ChainTest, ASuperuserIsSoByRecord) {
  EXPECT_EQ(reason({"root", "right"}, Verdict::allow), Reason::password_ok);
  EXPECT_TRUE(last.is_superuser);
  EXPECT_EQ(reason({"root", "wrong"}, Verdict::deny), Reason::wrong_password);
  EXPECT_FALSE(last.is_superuser);
}

TEST_F(ChainTest, AKnownUserWithAWrongPasswordIsOutAndNoTokenSavesHim) {
  EXPECT_EQ(reason({"ann", "wrong"}, Verdict::deny), Reason::wrong_password);
  EXPECT_EQ(reason({"ann", token(R"({"sub":"d1"})")}, Verdict::deny), Reason::wrong_password);
  EXPECT_EQ(reason({"stranger", token(R"({"sub":"d1"})")}, Verdict::allow), Reason::token_ok);
}

TEST_F(ChainTest, AKnownUserWithoutAPasswordIsOut) {
  EXPECT_EQ(reason({"ann", std::nullopt}, Verdict::deny), Reason::wrong_password);
  EXPECT_EQ(reason({"ann", ""}, Verdict::deny), Reason::wrong_password);
}

TEST_F(ChainTest, ADisabledUserIsOutAndOnlyHisPasswordTellsWhy) {
  EXPECT_EQ(reason({"off", "right"}, Verdict::deny), Reason::user_disabled);
  EXPECT_EQ(reason({"off", "wrong"}, Verdict::deny), Reason::wrong_password);
}

TEST_F(ChainTest, ATokenIsInWithAnyUserNameOrNone) {
  EXPECT_EQ(reason({"whoever", token(R"({"sub":"d1"})")}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(last.principal, "d1");
  EXPECT_TRUE(last.principal_verified);
  EXPECT_EQ(reason({std::nullopt, token(R"({"sub":"d1"})")}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(last.authenticator, Authenticator::jwt);
}

TEST_F(ChainTest, WithoutAPrincipalClaimTheUserNameIsThePrincipalAndIsMarkedUnverified) {
  EXPECT_EQ(reason({"whoever", token("{}")}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(last.principal, "whoever");
  EXPECT_FALSE(last.principal_verified);
  EXPECT_EQ(reason({"whoever", token(R"({"sub":7})")}, Verdict::allow), Reason::token_ok);
  EXPECT_FALSE(last.principal_verified);
}

TEST_F(ChainTest, ABadSignatureIsOutAndNeverGoesOn) {
  snapshot.no_match = NoMatch::defer;
  const std::string good = token(R"({"sub":"d1"})");
  EXPECT_EQ(reason({"x", good}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(reason({"x", token(R"({"sub":"d1"})", "another secret, just as long as it")}, Verdict::deny),
            Reason::bad_signature);
  EXPECT_EQ(reason({"x", good.substr(0, good.size() - 1)}, Verdict::deny), Reason::malformed_token);
}

TEST_F(ChainTest, ATokenSignedWithAnEmptySecretIsOut) {
  // A peer's reload fell back to an empty secret. Signed here by hand: our signer makes no such key.
  const std::string empty_key = "eyJhbGciOiJIUzI1NiJ9.e30.4E_Bsx-pJi3kOW9wVXN8CgbATwP09D9V5gxh9-9zSZ0";
  EXPECT_EQ(reason({"x", empty_key}, Verdict::deny), Reason::bad_signature);
  snapshot.jwt.plain.keys = std::make_shared<const KeyRing>(std::vector<KeyPtr>{}, 2);
  EXPECT_EQ(reason({"x", empty_key}, Verdict::deny), Reason::no_key_for_algorithm);
  EXPECT_FALSE(make_secret_key("", {}));
}

TEST_F(ChainTest, SomethingThatIsNoTokenIsOutOrHandedToWhoeverAnswersNext) {
  EXPECT_EQ(reason({"stranger", "guess"}, Verdict::deny), Reason::not_a_token);
  EXPECT_EQ(reason({"stranger", "a.b.c"}, Verdict::deny), Reason::not_a_token);
  snapshot.jwt.not_a_token = NotAToken::ignore;
  EXPECT_EQ(reason({"stranger", "guess"}, Verdict::deny), Reason::unknown_credential);
  snapshot.no_match = NoMatch::defer;
  EXPECT_EQ(reason({"stranger", "guess"}, Verdict::ignore), Reason::handed_on);
}

TEST_F(ChainTest, FivePartsAreAnEncryptedToken) {
  EXPECT_EQ(reason({"x", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..a.b.c"}, Verdict::deny), Reason::encrypted_token);
}

TEST_F(ChainTest, NoMatchAllowAdmitsOnlyWhoShowsNothingAtAll) {
  snapshot.no_match = NoMatch::allow;
  EXPECT_EQ(reason({std::nullopt, std::nullopt}, Verdict::allow), Reason::anonymous_allowed);
  EXPECT_EQ(reason({"stranger", std::nullopt}, Verdict::deny), Reason::unknown_credential);
  snapshot.jwt.not_a_token = NotAToken::ignore;
  EXPECT_EQ(reason({std::nullopt, "guess"}, Verdict::deny), Reason::unknown_credential);
  ConnectAttempt method;
  method.auth_method = "JWT";
  EXPECT_EQ(decide(method, snapshot, {kNow, 0}, work).reason, Reason::no_credentials);
  EXPECT_EQ(decide(method, snapshot, {kNow, 0}, work).verdict, Verdict::deny);
}

TEST_F(ChainTest, NoMatchDenyRefusesAndDeferHandsOn) {
  EXPECT_EQ(reason({std::nullopt, std::nullopt}, Verdict::deny), Reason::no_credentials);
  EXPECT_EQ(reason({"stranger", std::nullopt}, Verdict::deny), Reason::unknown_credential);
  snapshot.no_match = NoMatch::defer;
  EXPECT_EQ(reason({std::nullopt, std::nullopt}, Verdict::ignore), Reason::handed_on);
  EXPECT_EQ(reason({"stranger", std::nullopt}, Verdict::ignore), Reason::handed_on);
  EXPECT_EQ(reason({"ann", "wrong"}, Verdict::deny), Reason::wrong_password);
}

TEST_F(ChainTest, WithBothOffNobodyGetsInWhateverNoMatchSays) {
  snapshot.password_enabled = false;
  snapshot.jwt.enabled = false;
  for (const NoMatch no_match : {NoMatch::deny, NoMatch::allow, NoMatch::defer}) {
    snapshot.no_match = no_match;
    EXPECT_EQ(reason({std::nullopt, std::nullopt}, Verdict::deny), Reason::nothing_enabled);
    EXPECT_EQ(reason({"ann", "right"}, Verdict::deny), Reason::nothing_enabled);
  }
}

TEST_F(ChainTest, EachAuthenticatorIsSwitchedOffAlone) {
  snapshot.password_enabled = false;
  EXPECT_EQ(reason({"ann", "right"}, Verdict::deny), Reason::not_a_token);
  EXPECT_EQ(reason({"ann", token("{}")}, Verdict::allow), Reason::token_ok);
  snapshot.password_enabled = true;
  snapshot.jwt.enabled = false;
  EXPECT_EQ(reason({"ann", "right"}, Verdict::allow), Reason::password_ok);
  EXPECT_EQ(reason({"stranger", token("{}")}, Verdict::deny), Reason::unknown_credential);
}

TEST_F(ChainTest, UsersThatAreNotLoadedMakeNamesUndecidableAndNeverIn) {
  snapshot.users = nullptr;
  EXPECT_EQ(reason({"ann", "right"}, Verdict::unavailable), Reason::users_unavailable);
  EXPECT_EQ(reason({"stranger", token("{}")}, Verdict::unavailable), Reason::users_unavailable);
  EXPECT_EQ(reason({std::nullopt, token("{}")}, Verdict::allow), Reason::token_ok);
  snapshot.settings_known = false;
  EXPECT_EQ(reason({std::nullopt, token("{}")}, Verdict::unavailable), Reason::settings_unavailable);
}

TEST_F(ChainTest, OfUsersThatAreHereInPartANameThatIsNotIsUndecidedUntilItIsFetched) {
  snapshot.absent_users = directory({{"stranger", "-"}});
  EXPECT_EQ(reason({"ann", "right"}, Verdict::allow), Reason::password_ok);
  EXPECT_FALSE(last.wants_user);
  // No token saves a name that may be a user's.
  for (const std::string& shown : {std::string("right"), token(R"({"sub":"d1"})")}) {
    EXPECT_EQ(reason({"bob", shown}, Verdict::unavailable), Reason::users_unavailable);
    EXPECT_TRUE(last.wants_user);
  }
  EXPECT_EQ(reason({"stranger", token(R"({"sub":"d1"})")}, Verdict::allow), Reason::token_ok);
  EXPECT_FALSE(last.wants_user);
  snapshot.absent_users = nullptr;
  EXPECT_EQ(reason({"bob", token(R"({"sub":"d1"})")}, Verdict::allow), Reason::token_ok);
}

TEST_F(ChainTest, ATokenInTheUserNameNeverNeedsAPassword) {
  snapshot.jwt.from = TokenSource::username;
  EXPECT_EQ(reason({token(R"({"sub":"d1"})"), std::nullopt}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(last.principal, "d1");
  EXPECT_EQ(reason({token("{}"), std::nullopt}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(last.principal, "c1");
  EXPECT_FALSE(last.principal_verified);
  EXPECT_EQ(reason({std::nullopt, token("{}")}, Verdict::deny), Reason::unknown_credential);
}

TEST_F(ChainTest, APublishedSecretAdmitsOnlyPlainTcpOnLoopback) {
  snapshot.jwt.plain.keys = std::make_shared<const KeyRing>(std::vector<KeyPtr>{secret_key("secret")}, 2);
  Attempt a{"x", token("{}", "secret")};
  a.address = "127.0.0.1";
  EXPECT_EQ(reason(a, Verdict::allow), Reason::token_ok);
  a.address = "::1";
  EXPECT_EQ(reason(a, Verdict::allow), Reason::token_ok);
  a.transport = Transport::websocket;
  EXPECT_EQ(reason(a, Verdict::deny), Reason::published_secret);
  a.transport = Transport::http;
  EXPECT_EQ(reason(a, Verdict::deny), Reason::published_secret);
  a.transport = Transport::mqtt_tcp;
  for (const char* address : {"", "192.0.2.1", "127.0.0.1.example", "1127.0.0.1", "::ffff:192.0.2.1"}) {
    a.address = address;
    EXPECT_EQ(reason(a, Verdict::deny), Reason::published_secret) << address;
  }
  snapshot.jwt.allow_published_secrets = true;
  EXPECT_EQ(reason(a, Verdict::allow), Reason::token_ok);
}

TEST_F(ChainTest, AFieldOverMqttsTwoByteLengthIsOut) {
  EXPECT_EQ(reason({std::string(65'536, 'x'), "right"}, Verdict::deny), Reason::field_too_long);
  EXPECT_EQ(reason({std::string(65'535, 'x'), "right"}, Verdict::deny), Reason::not_a_token);
}

TEST_F(ChainTest, AnEmbeddedNulNeverEndsATokenEarly) {
  const std::string good = token("{}");
  EXPECT_EQ(reason({"x", good}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(reason({"x", good + std::string("\0garbage", 8)}, Verdict::deny), Reason::malformed_token);
}

TEST_F(ChainTest, GuessingIsSlowedForAKnownNameAndRememberedPasswordsPass) {
  PasswordMemory passwords;
  GuessBrake brake;
  memory = {&passwords, nullptr, &brake, true};
  EXPECT_EQ(reason({"ann", "right"}, Verdict::allow), Reason::password_ok);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(reason({"ann", "wrong"}, Verdict::deny), Reason::wrong_password);
  EXPECT_EQ(reason({"ann", "wrong"}, Verdict::deny), Reason::too_many_attempts);
  EXPECT_EQ(reason({"ann", "right"}, Verdict::allow), Reason::password_ok);
  EXPECT_EQ(reason({"root", "right"}, Verdict::allow), Reason::password_ok);
}

TEST_F(ChainTest, TokensNeverMeetTheBrakeAndKeepTheirReasonUnderIt) {
  PasswordMemory passwords;
  GuessBrake brake;
  memory = {&passwords, nullptr, &brake, true};
  const std::string bad = token("{}", "another secret, just as long as it");
  for (int i = 0; i < 40; ++i) EXPECT_EQ(reason({"stranger", bad}, Verdict::deny), Reason::bad_signature);
  EXPECT_EQ(reason({"stranger", token("{}")}, Verdict::allow), Reason::token_ok);
}

TEST_F(ChainTest, ARememberedTokenIsStillHeldToTimeAndClaims) {
  TokenCache tokens;
  memory.tokens = &tokens;
  const std::string t = token(R"({"sub":"d1","exp":1800000100})");
  EXPECT_EQ(reason({"d1", t}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(tokens.entries(), 1u);
  EXPECT_EQ(reason({"d1", t}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(last.expires_at, 1'800'000'100);
  EXPECT_EQ(judge({"d1", t}, snapshot, work, 1'800'000'100, memory).reason, Reason::expired);
  snapshot.jwt.plain.claims.push_back({ClaimPath("sub"), Template::compile("%u").value()});
  EXPECT_EQ(reason({"d1", t}, Verdict::allow), Reason::token_ok);
  EXPECT_EQ(reason({"d2", t}, Verdict::deny), Reason::claim_mismatch);
}

// What is remembered of its parse is used again only where the parse left the text as it came.
TEST_F(ChainTest, ARememberedTokenSaysWhatItSaidAlsoWithEscapes) {
  TokenCache tokens;
  memory.tokens = &tokens;
  snapshot.jwt.plain.claims.push_back({ClaimPath("sub"), Template::compile("%u").value()});
  const std::string plain = token(R"({"sub":"d1","list":[1,{"a":true}],"exp":1800000100})");
  const std::string escaped = token(R"({"sub":"d\u0031","exp":1800000100})");
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(reason({"d1", plain}, Verdict::allow), Reason::token_ok);
    EXPECT_EQ(reason({"d1", escaped}, Verdict::allow), Reason::token_ok);
    EXPECT_EQ(reason({"d2", plain}, Verdict::deny), Reason::claim_mismatch);
    EXPECT_EQ(reason({"d2", escaped}, Verdict::deny), Reason::claim_mismatch);
  }
  EXPECT_EQ(tokens.entries(), 2u);
}

TEST_F(ChainTest, ARememberedTokenIsForgottenWithItsKeys) {
  TokenCache tokens;
  memory.tokens = &tokens;
  const std::string t = token("{}");
  EXPECT_EQ(reason({"x", t}, Verdict::allow), Reason::token_ok);
  snapshot.jwt.plain.keys =
      std::make_shared<const KeyRing>(std::vector<KeyPtr>{secret_key("another secret, just as long as it")}, 2);
  EXPECT_EQ(reason({"x", t}, Verdict::deny), Reason::bad_signature);
}

TEST_F(ChainTest, ARefusedTokenIsNotRemembered) {
  TokenCache tokens;
  memory.tokens = &tokens;
  EXPECT_EQ(reason({"x", token("{}", "another secret, just as long as it")}, Verdict::deny), Reason::bad_signature);
  EXPECT_EQ(tokens.entries(), 0u);
}

TEST_F(ChainTest, AWeakImportedHashThatWasRightAsksToBeReplaced) {
  UserDirectory::Builder builder;
  UserRecord weak;
  weak.username = "old";
  weak.hash = "$plain$none$$" + std::string("cHc");  // base64 of "pw"
  weak.version = 9;
  ASSERT_TRUE(check_hash(weak.hash));
  builder.add(weak);
  snapshot.users = builder.build();
  EXPECT_EQ(reason({"old", "pw"}, Verdict::allow), Reason::password_ok);
  EXPECT_TRUE(last.wants_rehash);
  EXPECT_EQ(reason({"old", "no"}, Verdict::deny), Reason::wrong_password);
  EXPECT_FALSE(last.wants_rehash);
}

}  // namespace
}  // namespace sallyport
