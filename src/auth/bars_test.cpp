// Revocations and blocks in a decision: on every one, whatever is remembered.
#include <gtest/gtest.h>

#include "auth/chain.h"
#include "auth/guess_brake.h"
#include "auth/testing.h"
#include "auth/token_cache.h"
#include "bars/bar_list.h"
#include "users/password_memory.h"

namespace sallyport {
namespace {

using namespace sallyport::testing;

BarRecord bar(BarKind kind, std::string value, std::string why = "") {
  BarRecord out;
  out.id = 17;
  out.kind = kind;
  out.value = std::move(value);
  out.why = std::move(why);
  EXPECT_TRUE(check_bar(out));
  return out;
}

class BarsTest : public ::testing::Test {
 protected:
  void bars(const std::vector<BarRecord>& records) {
    BarList::Builder builder;
    for (const BarRecord& one : records) builder.add(one);
    snapshot.bars = builder.build();
  }
  Reason reason(Attempt a) {
    asked = std::move(a);
    last = judge(asked, snapshot, work, kNow, memory);
    EXPECT_EQ(last.verdict == Verdict::allow, entry(last.reason).cls == ReasonClass::in);
    return last.reason;
  }
  Reason of(std::string_view payload) { return reason({"x", token(payload)}); }
  const Step* step(StepKind kind) const {
    for (const Step& s : work.trace)
      if (s.kind == kind) return &s;
    return nullptr;
  }
  GateSnapshot snapshot = gate();
  Workspace work;
  DecisionMemory memory;
  Attempt asked;
  Decision last;
};

TEST_F(BarsTest, ARevokedJtiIsOutAndItsNeighbourIsIn) {
  bars({bar(BarKind::jti, "a-1", "stolen")});
  EXPECT_EQ(of(R"({"sub":"d","jti":"a-1"})"), Reason::revoked);
  ASSERT_TRUE(step(StepKind::revocation_checked));
  EXPECT_EQ(step(StepKind::revocation_checked)->subject, "stolen");
  EXPECT_EQ(step(StepKind::revocation_checked)->number, 17);
  EXPECT_EQ(of(R"({"sub":"d","jti":"a-2"})"), Reason::token_ok);
  EXPECT_EQ(of(R"({"sub":"d"})"), Reason::token_ok);
}

TEST_F(BarsTest, AJtiThatIsANumberIsRevokedAsItStands) {
  bars({bar(BarKind::jti, "1001")});
  EXPECT_EQ(of(R"({"sub":"d","jti":1001})"), Reason::revoked);
  EXPECT_EQ(of(R"({"sub":"d","jti":1002})"), Reason::token_ok);
}

TEST_F(BarsTest, ARevocationHoldsOnWhatIsAnsweredFromMemory) {
  TokenCache tokens;
  memory.tokens = &tokens;
  const std::string t = token(R"({"sub":"d","jti":"a-1"})");
  EXPECT_EQ(reason({"x", t}), Reason::token_ok);
  EXPECT_EQ(reason({"x", t}), Reason::token_ok);
  EXPECT_TRUE(step(StepKind::remembered));
  bars({bar(BarKind::jti, "a-1")});
  EXPECT_EQ(reason({"x", t}), Reason::revoked);
  EXPECT_TRUE(step(StepKind::remembered));
  bars({});
  EXPECT_EQ(reason({"x", t}), Reason::token_ok);
}

TEST_F(BarsTest, APrincipalsTokensAreOutByWhenTheyWereIssued) {
  BarRecord one = bar(BarKind::principal, "d");
  one.issued_before = 1'000;
  bars({one});
  EXPECT_EQ(of(R"({"sub":"d","iat":999})"), Reason::revoked);
  EXPECT_EQ(of(R"({"sub":"d","iat":1000})"), Reason::token_ok);
  EXPECT_EQ(of(R"({"sub":"d"})"), Reason::revoked);  // without iat: issued before
  EXPECT_EQ(of(R"({"sub":"e"})"), Reason::token_ok);
}

TEST_F(BarsTest, AKeysTokensAreOutOfOneIssuerOrOfAll) {
  snapshot.jwt.plain.keys = std::make_shared<const KeyRing>(std::vector<KeyPtr>{secret_key(kSecret, "k1")}, 1);
  bars({bar(BarKind::key_id, "k1")});
  EXPECT_EQ(of(R"({"sub":"d"})"), Reason::revoked);  // the key has the kid, the token says none
  BarRecord of_issuer = bar(BarKind::key_id, "k1");
  of_issuer.issuer = "https://a";
  bars({of_issuer});
  EXPECT_EQ(of(R"({"sub":"d","iss":"https://a"})"), Reason::revoked);
  EXPECT_EQ(of(R"({"sub":"d","iss":"https://b"})"), Reason::token_ok);
  EXPECT_EQ(of(R"({"sub":"d"})"), Reason::token_ok);
}

TEST_F(BarsTest, AKidOfTheHeaderCountsWhereTheKeyHasNone) {
  bars({bar(BarKind::key_id, "k9")});
  const std::string t = token(R"({"sub":"d"})", kSecret, R"({"alg":"HS256","kid":"k9"})");
  EXPECT_EQ(reason({"x", t}), Reason::revoked);
  EXPECT_EQ(of(R"({"sub":"d"})"), Reason::token_ok);
}

TEST_F(BarsTest, ARevocationBarsTokensAndNoPasswords) {
  bars({bar(BarKind::principal, "ann"), bar(BarKind::jti, "ann")});
  EXPECT_EQ(reason({"ann", "right"}), Reason::password_ok);
}

TEST_F(BarsTest, ABlockComesBeforeEverySignatureAndHash) {
  TokenCache tokens;
  PasswordMemory passwords;
  GuessBrake brake;
  memory = {&passwords, &tokens, &brake, true};
  const std::string good = token(R"({"sub":"d"})");
  for (const BarRecord& one :
       {bar(BarKind::client_id, "c1"), bar(BarKind::client_id_pattern, "c*"), bar(BarKind::username, "ann"),
        bar(BarKind::username_pattern, "a?n"), bar(BarKind::address, "192.0.2.0/24")}) {
    bars({one});
    EXPECT_EQ(reason({"ann", "right"}), Reason::blocked) << name(one.kind);
    EXPECT_EQ(reason({"ann", good}), Reason::blocked);
    EXPECT_EQ(work.trace.size(), 1u) << "nothing else was looked at";
    EXPECT_EQ(last.authenticator, Authenticator::none);
  }
  EXPECT_EQ(tokens.entries(), 0u);
  bars({bar(BarKind::client_id, "c2"), bar(BarKind::username, "bob"), bar(BarKind::address, "198.51.100.0/24")});
  EXPECT_EQ(reason({"ann", "right"}), Reason::password_ok);
}

TEST_F(BarsTest, ABlockHoldsForTheAnonymousToo) {
  snapshot.no_match = NoMatch::allow;
  EXPECT_EQ(reason({}), Reason::anonymous_allowed);
  bars({bar(BarKind::address, "192.0.2.7")});
  EXPECT_EQ(reason({}), Reason::blocked);
}

TEST_F(BarsTest, ABlockedNameIsNoWayInAsAPrincipal) {
  bars({bar(BarKind::username, "d")});
  EXPECT_EQ(of(R"({"sub":"d"})"), Reason::blocked);
  EXPECT_EQ(of(R"({"sub":"e"})"), Reason::token_ok);
}

TEST_F(BarsTest, WhatIsOverBarsNobody) {
  BarRecord one = bar(BarKind::client_id, "c1");
  one.until = kNow;
  bars({one});
  EXPECT_EQ(reason({"ann", "right"}), Reason::password_ok);
  one.until = kNow + 1;
  bars({one});
  EXPECT_EQ(reason({"ann", "right"}), Reason::blocked);
}

TEST_F(BarsTest, TheMarksOfADecisionAreWhatALaterRevocationHits) {
  EXPECT_EQ(of(R"({"sub":"d","jti":"a-1","iat":5})"), Reason::token_ok);
  bars({bar(BarKind::jti, "a-1")});
  EXPECT_TRUE(snapshot.bars->find_token(last.marks, kNow));
  bars({bar(BarKind::jti, "a-2")});
  EXPECT_FALSE(snapshot.bars->find_token(last.marks, kNow));
  EXPECT_EQ(reason({"ann", "right"}), Reason::password_ok);
  EXPECT_FALSE(last.marks.of_token);
}

}  // namespace
}  // namespace sallyport
