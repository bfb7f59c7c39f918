#include "engine/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/words.h"

namespace sallyport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Step step(StepKind kind, Authenticator who, bool passed, Reason reason = Reason::token_ok,
          std::string_view subject = {}) {
  Step made;
  made.kind = kind;
  made.who = who;
  made.passed = passed;
  made.reason = reason;
  made.subject = subject;
  return made;
}

std::string only(const Step& s, const ExplainOptions& options = {}) {
  Trace trace;
  trace.add(s);
  const auto lines = explain_steps(trace, options);
  return lines.size() == 1 ? lines.front() : "not one line";
}

TEST(ExplainTest, SaysWhichAuthenticatorLookedAtWhat) {
  Trace trace;
  trace.add(step(StepKind::unknown_user, Authenticator::password, true));
  trace.add(step(StepKind::token_read, Authenticator::jwt, true, Reason::token_ok, "HS256"));
  trace.add(step(StepKind::key_tried, Authenticator::jwt, false, Reason::bad_signature, "secret"));
  EXPECT_THAT(explain_steps(trace, {}), ElementsAre("password: the user name is not in the store: not mine",
                                                    "jwt: the field holds a token, alg \"HS256\"",
                                                    "jwt: key \"secret\" was tried and does not verify the signature"));
}

TEST(ExplainTest, ShowsClaimValuesOnlyWhereAsked) {
  Step claim = step(StepKind::claim_checked, Authenticator::jwt, false, Reason::claim_mismatch, "username");
  claim.expected = "alice";
  claim.found = "bob";
  EXPECT_EQ(only(claim), "jwt: claim \"username\" does not have the value that its rule expects");
  EXPECT_EQ(only(claim, {.show_values = true}),
            "jwt: claim \"username\" does not have the value that its rule expects: expected \"alice\", found \"bob\"");
}

TEST(ExplainTest, SaysWhatATemplateStandsFor) {
  Step claim = step(StepKind::claim_checked, Authenticator::jwt, false, Reason::claim_mismatch, "username");
  claim.expected = "x-%u";
  claim.found = "x-bob";
  EXPECT_THAT(only(claim, {.show_values = true, .attempt = {"alice", std::nullopt}}),
              HasSubstr("expected \"x-alice\" (x-%u), found \"x-bob\""));
  EXPECT_THAT(only(claim, {.show_values = true}), HasSubstr("expected \"x-%u\" (with nothing behind a placeholder)"));
  EXPECT_THAT(only(claim, {.attempt = {"alice", std::nullopt}}), Not(HasSubstr("alice")));
}

TEST(ExplainTest, TellsADisabledUserFromAWrongPassword) {
  EXPECT_EQ(only(step(StepKind::password_checked, Authenticator::password, false, Reason::wrong_password)),
            "password: the password is wrong");
  EXPECT_EQ(only(step(StepKind::password_checked, Authenticator::password, false, Reason::user_disabled)),
            "password: the password is right, and the user is disabled");
}

TEST(ExplainTest, SaysHowLongAgoATokenExpired) {
  Step expired = step(StepKind::expiry_checked, Authenticator::jwt, false, Reason::expired);
  expired.number = 1'700'000'000;
  EXPECT_EQ(only(expired, {.now = 1'700'000'092}), "jwt: the token has expired: exp 2023-11-14T22:13:20Z, 92 s ago");
  expired.passed = true;
  EXPECT_EQ(only(expired, {.now = 1'699'999'990}), "jwt: not expired: exp 2023-11-14T22:13:20Z, in 10 s");
}

TEST(ExplainTest, TellsTimesThatNoCalendarReaches) {
  Step far = step(StepKind::expiry_checked, Authenticator::jwt, true);
  far.number = INT64_MAX;
  EXPECT_THAT(only(far, {.now = 1}), HasSubstr("9223372036854775807"));
  Step long_ago = step(StepKind::expiry_checked, Authenticator::jwt, false, Reason::expired);
  long_ago.number = INT64_MIN;
  EXPECT_THAT(only(long_ago, {.now = 1'700'000'000}), HasSubstr("-9223372036854775808"));
}

// A kid is the client's own text: it must not move the cursor, end the line or close the quotes.
TEST(ExplainTest, EscapesWhatTheClientChose) {
  const std::string line = only(
      step(StepKind::no_key_tried, Authenticator::jwt, false, Reason::unknown_key_id, "a\x1b[2J\n\"\xff\xe2\x80\xae"));
  EXPECT_THAT(line, HasSubstr("\"a\\x1b[2J\\x0a\\x22\\xff\\xe2\\x80\\xae\""));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(ExplainTest, CutsLongText) {
  const std::string line =
      only(step(StepKind::key_tried, Authenticator::jwt, true, Reason::token_ok, std::string(5000, 'k')));
  EXPECT_LT(line.size(), 300U);
}

TEST(ExplainTest, CountsStepsThatDidNotFit) {
  Trace trace;
  for (int i = 0; i < 50; ++i)
    trace.add(step(StepKind::key_tried, Authenticator::jwt, false, Reason::bad_signature, "k"));
  EXPECT_EQ(explain_steps(trace, {}).back(), "chain: 10 further steps were not kept");
}

TEST(ExplainTest, SaysTheSameOfAKeptStep) {
  const Step tried = step(StepKind::key_tried, Authenticator::jwt, false, Reason::bad_signature, "keys/a.pem");
  KeptStep kept;
  kept.kind = tried.kind;
  kept.who = tried.who;
  kept.reason = tried.reason;
  kept.subject = tried.subject;
  EXPECT_THAT(explain_steps(std::vector<KeptStep>{kept}, {}), ElementsAre(only(tried)));
}

TEST(ExplainTest, HasWordsForEveryStepPassedOrNot) {
  for (int kind = 0; kind <= static_cast<int>(StepKind::no_match); ++kind)
    for (bool passed : {true, false})
      for (Authenticator who : {Authenticator::none, Authenticator::password, Authenticator::jwt}) {
        const std::string line = only(step(static_cast<StepKind>(kind), who, passed, Reason::bad_signature));
        EXPECT_GT(line.size(), line.find(": ") + 4) << kind;
        EXPECT_FALSE(line.ends_with('.')) << line;
      }
}

TEST(WordsTest, WritesDatesAcrossLeapDays) {
  EXPECT_EQ(words::moment(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(words::moment(951'782'399), "2000-02-28T23:59:59Z");
  EXPECT_EQ(words::moment(951'782'400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(words::moment(253'402'300'799), "9999-12-31T23:59:59Z");
  EXPECT_EQ(words::moment(253'402'300'800), "253402300800");
}

TEST(WordsTest, WritesSpansThatAPersonCanRead) {
  EXPECT_EQ(words::span(92), "92 s");
  EXPECT_EQ(words::span(300), "300 s (5 min)");
  EXPECT_EQ(words::span(5400), "5400 s (1 h 30 min)");
  EXPECT_EQ(words::span(90'000), "90000 s (1 d 1 h)");
  EXPECT_EQ(words::distance(INT64_MIN, INT64_MAX), INT64_MAX);
}

}  // namespace
}  // namespace sallyport
