#include <gtest/gtest.h>

#include "auth/testing.h"
#include "auth/token_cache.h"
#include "jose/key_set.h"

namespace sallyport {
namespace {

using namespace sallyport::testing;

struct Issuer {
  std::shared_ptr<const SigningKey> key = *generate_signing_key(KeyKind::ed25519);

  KeyPtr verifier(std::optional<std::string> kid) const {
    const std::string jwk = key->jwk(false, {}, kid.value_or(""));
    return parse_key_document(jwk, KeyDocumentPolicy::trusted_file, {.origin = KeyOrigin::jwks, .label = "jwks"})
        ->keys.at(0);
  }
  std::string token(std::string_view payload, std::string_view kid = {}) const {
    const std::string header =
        kid.empty() ? R"({"alg":"EdDSA"})" : R"({"alg":"EdDSA","kid":")" + std::string(kid) + "\"}";
    return *sign_compact(*key, Algorithm::EdDSA, header, payload);
  }
};

class IssuersTest : public ::testing::Test {
 protected:
  IssuersTest() {
    snapshot.jwt.plain.keys = ring({plain.verifier("p")}, 1);
    add("a", a.verifier("same"), 2);
    add("b", b.verifier("same"), 3);
  }
  static std::shared_ptr<const KeyRing> ring(std::vector<KeyPtr> keys, std::uint64_t generation,
                                             PendingKeys pending = {}) {
    return std::make_shared<const KeyRing>(std::move(keys), generation, pending);
  }
  void add(const std::string& name, KeyPtr key, std::uint64_t generation) {
    TokenAuthority authority;
    authority.name = name;
    authority.issuer = "https://" + name;
    authority.keys = ring({std::move(key)}, generation);
    snapshot.jwt.issuers.push_back(std::move(authority));
  }
  Decision decide_on(const std::string& token, const DecisionMemory& memory = {}) {
    return judge({"x", token}, snapshot, work, kNow, memory);
  }
  Reason reason(const std::string& token) { return decide_on(token).reason; }

  const Issuer plain, a, b;
  GateSnapshot snapshot = gate();
  Workspace work;
};

TEST_F(IssuersTest, EachIssuersKeyVerifiesItsOwnTokensAndNoOthers) {
  EXPECT_EQ(reason(a.token(R"({"iss":"https://a"})", "same")), Reason::token_ok);
  EXPECT_EQ(reason(b.token(R"({"iss":"https://b"})", "same")), Reason::token_ok);
  EXPECT_EQ(reason(a.token(R"({"iss":"https://b"})", "same")), Reason::bad_signature);
  EXPECT_EQ(reason(b.token(R"({"iss":"https://a"})", "same")), Reason::bad_signature);
  EXPECT_EQ(reason(plain.token(R"({"iss":"https://a"})")), Reason::bad_signature);
}

TEST_F(IssuersTest, WithoutAMatchThePlainKeysAreAskedIfThereAreAny) {
  for (const char* payload :
       {R"({"iss":"https://c"})", R"({})", R"({"iss":7})", R"({"iss":"https://A"})", R"({"iss":"https://a/"})"}) {
    EXPECT_EQ(reason(plain.token(payload)), Reason::token_ok) << payload;
    EXPECT_EQ(reason(a.token(payload)), Reason::bad_signature) << payload;
  }
  snapshot.jwt.plain.keys = ring({}, 4);
  const Decision d = decide_on(a.token(R"({"iss":"https://c"})"));
  EXPECT_EQ(d.verdict, Verdict::deny);
  EXPECT_EQ(d.reason, Reason::issuer_mismatch);
}

TEST_F(IssuersTest, APayloadThatIsNoObjectChoosesNobody) { EXPECT_EQ(reason(a.token("[]")), Reason::malformed_token); }

TEST_F(IssuersTest, EachIssuersRulesAreItsOwn) {
  snapshot.jwt.issuers[0].audience = {"mqtt-a"};
  snapshot.jwt.issuers[1].require_exp = true;
  snapshot.jwt.plain.audience = {"plain"};
  EXPECT_EQ(reason(a.token(R"({"iss":"https://a","aud":"mqtt-a"})")), Reason::token_ok);
  EXPECT_EQ(reason(a.token(R"({"iss":"https://a","aud":"plain"})")), Reason::audience_mismatch);
  EXPECT_EQ(reason(b.token(R"({"iss":"https://b"})")), Reason::missing_expiry);
  EXPECT_EQ(reason(b.token(R"({"iss":"https://b","exp":1800000001})")), Reason::token_ok);
  EXPECT_EQ(reason(plain.token(R"({"iss":"https://c"})")), Reason::audience_mismatch);
}

TEST_F(IssuersTest, ARememberedTokenIsRememberedUnderItsIssuerAlone) {
  TokenCache cache;
  const DecisionMemory memory{nullptr, &cache, nullptr, false};
  const std::string token = a.token(R"({"iss":"https://a"})", "same");
  EXPECT_EQ(decide_on(token, memory).reason, Reason::token_ok);
  EXPECT_EQ(decide_on(token, memory).reason, Reason::token_ok);
  // The key leaves the set: what was remembered under it is forgotten with it.
  snapshot.jwt.issuers[0].keys = ring({b.verifier("other")}, 9);
  EXPECT_NE(decide_on(token, memory).verdict, Verdict::allow);
}

// -- what a refresh can still bring

constexpr std::int64_t kNowMs = 1'000'000;  // of judge()

class PendingTest : public IssuersTest {
 protected:
  Decision with(std::vector<KeyPtr> keys, PendingKeys pending, const std::string& token) {
    snapshot.jwt.issuers[0].keys = ring(std::move(keys), 10, pending);
    const Decision d = decide_on(token);
    EXPECT_EQ(d.authority == &snapshot.jwt.issuers[0], true);
    return d;
  }
  const std::string known = a.token(R"({"iss":"https://a"})", "known");
  const std::string unknown = b.token(R"({"iss":"https://a"})", "unknown");
  const std::string nameless = b.token(R"({"iss":"https://a"})");
  PendingKeys open{.remote = true, .known_until_ms = kNowMs};
  PendingKeys closed{.remote = true, .known_until_ms = kNowMs + 1};
  PendingKeys none{.none_yet = true, .remote = true};
};

TEST_F(PendingTest, NothingFetchedYetIsUnavailableAndNeverDenied) {
  for (const std::string& token : {known, unknown, nameless}) {
    const Decision d = with({}, none, token);
    EXPECT_EQ(d.verdict, Verdict::unavailable);
    EXPECT_EQ(d.reason, Reason::keys_unavailable);
    EXPECT_TRUE(d.wants_refresh);
  }
}

TEST_F(PendingTest, AnUnknownKidIsUnavailableWhileARefreshCanBringItAndDeniedWhenTheAnswerIsKnown) {
  Decision d = with({a.verifier("known")}, open, unknown);
  EXPECT_EQ(d.verdict, Verdict::unavailable);
  EXPECT_TRUE(d.wants_refresh);
  d = with({a.verifier("known")}, closed, unknown);
  EXPECT_EQ(d.verdict, Verdict::deny);
  EXPECT_EQ(d.reason, Reason::unknown_key_id);
  EXPECT_TRUE(d.wants_refresh) << "the next refresh may come sooner for it";
  EXPECT_EQ(with({a.verifier("known")}, open, known).verdict, Verdict::allow);
}

TEST_F(PendingTest, ABadSignatureUnderAKnownKidOrWithoutOneIsDeniedAndAsksNobody) {
  const std::string forged = b.token(R"({"iss":"https://a"})", "known");
  for (const std::string& token : {forged, nameless})
    for (const PendingKeys& pending : {open, closed}) {
      const Decision d = with({a.verifier("known")}, pending, token);
      EXPECT_EQ(d.verdict, Verdict::deny);
      EXPECT_EQ(d.reason, Reason::bad_signature);
      EXPECT_FALSE(d.wants_refresh);
    }
}

TEST_F(PendingTest, AKeyWithoutKidThatDoesNotVerifyHidesNoUnknownKid) {
  // A PEM file beside a key set: every EdDSA token is tried against it first.
  const Decision d = with({a.verifier(std::nullopt)}, open, unknown);
  EXPECT_EQ(d.verdict, Verdict::unavailable);
  EXPECT_TRUE(d.wants_refresh);
  EXPECT_EQ(with({a.verifier(std::nullopt)}, none, nameless).verdict, Verdict::unavailable)
      << "the set is not here yet";
  EXPECT_EQ(with({a.verifier(std::nullopt)}, open, nameless).reason, Reason::bad_signature);
}

TEST_F(PendingTest, AKeyOfAnotherKindIsWaitedForAndASharedSecretNever) {
  // The provider goes from EdDSA to ES256.
  const auto other = *generate_signing_key(KeyKind::p256);
  const std::string es256 =
      *sign_compact(*other, Algorithm::ES256, R"({"alg":"ES256","kid":"new"})", R"({"iss":"https://a"})");
  EXPECT_EQ(with({a.verifier("known")}, open, es256).verdict, Verdict::unavailable);
  EXPECT_EQ(with({a.verifier("known")}, closed, es256).verdict, Verdict::deny);
  const std::string hs256 = token(R"({"iss":"https://a"})", kSecret, R"({"alg":"HS256","kid":"new"})");
  for (const PendingKeys& pending : {open, closed, none}) {
    const Decision d = with({a.verifier("known")}, pending, hs256);
    EXPECT_EQ(d.verdict, Verdict::deny) << "no key set holds shared secrets";
    EXPECT_FALSE(d.wants_refresh);
  }
}

TEST_F(PendingTest, WithoutASourceOnTheNetworkNothingIsWaitedFor) {
  const Decision d = with({a.verifier("known")}, {}, unknown);
  EXPECT_EQ(d.verdict, Verdict::deny);
  EXPECT_EQ(d.reason, Reason::unknown_key_id);
  EXPECT_FALSE(d.wants_refresh);
}

}  // namespace
}  // namespace sallyport
