#include "engine/decision_log.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(LoggableTest, WhatCouldForgeALineIsEscaped) {
  EXPECT_EQ(loggable("plain-1"), "plain-1");
  EXPECT_EQ(loggable("a\nb\r\x1b[31m\x7f"), "a\\x0ab\\x0d\\x1b[31m\\x7f");
  EXPECT_EQ(loggable("a\"b\\c"), "a\\x22b\\x5cc");
  EXPECT_EQ(loggable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(loggable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(loggable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right-to-left override
  EXPECT_EQ(loggable(std::string(500, 'x')).size(), 131u);
}

TEST(LooksLikeTokenTest, KnowsATokenAndLeavesNamesAlone) {
  EXPECT_TRUE(looks_like_token("eyJhbGciOiJIUzI1NiJ9.e30.4E_Bsx-pJi3kOW9wVXN8CgbATwP09D9V5gxh9-9zSZ0"));
  EXPECT_TRUE(looks_like_token("eyJhbGciOiJIUzI1NiJ9broken"));
  EXPECT_FALSE(looks_like_token("device.7.example"));
  EXPECT_FALSE(looks_like_token("alice"));
}

TEST(FingerprintTest, IsTheHeadOfSha256) { EXPECT_EQ(fingerprint("abc"), "ba7816bf"); }

TEST(DecisionLogTest, ARefusalIsOneLineAtNoticeAndJsonWhereAsked) {
  Metrics metrics;
  std::vector<std::string> lines;
  DecisionLog log([&](LogLevel, std::string_view line) { lines.emplace_back(line); }, metrics);
  ConnectAttempt a;
  a.client_id = "c\n1";
  a.peer.address = "192.0.2.7";
  Decision d;
  d.reason = Reason::bad_signature;
  log.decision(a, d, {}, "ann", "1a2b3c4d");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "refused client \"c\\x0a1\" user \"ann\" from 192.0.2.7: bad_signature, token 1a2b3c4d");
  log.set(LogLevel::notice, LogFormat::json);
  log.decision(a, d, {}, "ann", "1a2b3c4d");
  EXPECT_EQ(
      lines[1],
      R"({"level":"notice","event":"decision","verdict":"deny","reason":"bad_signature","authenticator":"none","client_id":"c\\x0a1","username":"ann","address":"192.0.2.7","token":"1a2b3c4d"})");
  d.verdict = Verdict::allow;
  log.decision(a, d, {}, "ann", "");
  EXPECT_EQ(lines.size(), 2u);
  log.set(LogLevel::debug, LogFormat::text);
  log.decision(a, d, {}, "ann", "");
  EXPECT_EQ(lines.size(), 3u);
}

}  // namespace
}  // namespace sallyport
