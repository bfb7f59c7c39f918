#include "auth/session_query.h"

#include <gtest/gtest.h>

#include "bars/bar_list.h"

namespace sallyport {
namespace {

class SessionQueryTest : public ::testing::Test {
 protected:
  SessionQueryTest() {
    marks.of_token = true;
    marks.jti = token_mark(BarKind::jti, "a-1");
    marks.key_id = token_mark(BarKind::key_id, "k1");
    marks.issuer = issuer_mark("https://idp.example");
    marks.key = key_mark("secret");
    facts = {"meter-7", "ann", "device-7", "192.0.2.7", Authenticator::jwt, &marks};
  }
  bool hits(std::vector<std::string> conditions) {
    const auto query = SessionQuery::parse(conditions);
    EXPECT_TRUE(query) << conditions.front();
    return query && query->matches(facts);
  }
  TokenMarks marks;
  SessionFacts facts;
};

TEST_F(SessionQueryTest, EachConditionHitsWhatItNamesAndNothingElse) {
  const std::tuple<const char*, const char*> cases[] = {
      {"client_id=meter-7", "client_id=meter-8"},
      {"client_id=meter-*", "client_id=pump-*"},
      {"username=ann", "username=device-7"},
      {"principal=device-?", "principal=ann"},
      {"address=192.0.2.0/24", "address=10.0.0.0/8"},
      {"address=192.0.2.7", "address=192.0.2.8"},
      {"authenticator=jwt", "authenticator=password"},
      {"issuer=https://idp.example", "issuer=https://idp"},
      {"kid=k1", "kid=a-1"},
      {"jti=a-1", "jti=k1"},
      {"key=secret", "key=public_key"},
  };
  for (const auto& [hit, missed] : cases) {
    EXPECT_TRUE(hits({hit})) << hit;
    EXPECT_FALSE(hits({missed})) << missed;
    EXPECT_FALSE(hits({hit, missed})) << "all must hold";
  }
  EXPECT_TRUE(hits({"client_id=meter-*", "kid=k1", "address=192.0.2.7"}));
}

TEST_F(SessionQueryTest, ASessionWithoutATokenIsHitByNothingOfTokens) {
  facts.marks = nullptr;
  for (const char* text : {"kid=k1", "jti=a-1", "issuer=https://idp.example", "key=secret"}) EXPECT_FALSE(hits({text}));
}

TEST_F(SessionQueryTest, SayingNothingIsNoWayToMeanEverybody) {
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{{},
                                                                                   {""},
                                                                                   {"client_id"},
                                                                                   {"client_id="},
                                                                                   {"=x"},
                                                                                   {"name=x"},
                                                                                   {"address=host"},
                                                                                   {"authenticator=none"},
                                                                                   {"kid=k1", "x"}})
    EXPECT_FALSE(SessionQuery::parse(bad));
}

}  // namespace
}  // namespace sallyport
