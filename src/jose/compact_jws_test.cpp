#include "jose/compact_jws.h"

#include <gtest/gtest.h>

#include "jose/testing.h"

namespace sallyport {
namespace {

using namespace testing_jose;

std::string signed_token(std::string_view header, std::string_view payload) {
  return *sign_compact(**signing_key_from_secret("a secret of this test, long enough"), Algorithm::HS256, header,
                       payload);
}

TEST(CompactJwsTest, WhatWasLookedAtIsParsedAsTheTextItselfIs) {
  const std::string good = signed_token(R"({"alg":"HS256"})", R"({"sub":"a"})");
  for (const std::string& field :
       {good, std::string(), std::string("a.b"), "x" + good, good + ".x.y", good.substr(1)}) {
    TokenBuffers once, twice;
    const auto seen = CompactJws::parse(look_at(field, once), once);
    const auto text = CompactJws::parse(field, twice);
    ASSERT_EQ(seen.has_value(), text.has_value()) << field;
    if (!seen) {
      EXPECT_EQ(seen.error(), text.error()) << field;
    }
    EXPECT_EQ(look_at(field, once).shape, shape_of(field, twice)) << field;
  }
}

// The header of one token must never be read under the bytes of another.
TEST(CompactJwsTest, BuffersThatWentOnToAnotherTokenAreReadAnew) {
  const std::string first = signed_token(R"({"alg":"HS256","kid":"first"})", R"({"sub":"a"})");
  const std::string second = signed_token(R"({"alg":"HS256","kid":"second"})", R"({"sub":"b"})");
  TokenBuffers buffers;
  const LookedAt seen = look_at(first, buffers);
  ASSERT_EQ(seen.shape, TokenShape::token);
  ASSERT_EQ(look_at(second, buffers).shape, TokenShape::token);
  const auto jws = CompactJws::parse(seen, buffers);
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->kid(), "first");
  EXPECT_EQ(jws->peek_unverified_claims()->find("sub")->string(), "a");
}

TEST(CompactJwsTest, ASecondTokenOfTheSameHeaderIsReadAsTheFirstWas) {
  const std::string header = R"({"alg":"HS256","kid":"\u0061\u00e9","typ":"JWT"})";
  TokenBuffers buffers;
  for (const char* payload : {R"({"sub":"a"})", R"({"sub":"b"})"}) {
    const auto jws = CompactJws::parse(signed_token(header, payload), buffers);
    ASSERT_TRUE(jws);
    EXPECT_EQ(jws->kid(), "a\u00e9");
    EXPECT_EQ(jws->algorithm(), Algorithm::HS256);
  }
}

// What was read before must not stand in for a header that cannot be read.
TEST(CompactJwsTest, ADamagedHeaderAfterAGoodOneIsRefusedAndTheGoodOneStillPasses) {
  const std::string good = signed_token(R"({"alg":"HS256"})", "{}");
  TokenBuffers buffers;
  ASSERT_TRUE(CompactJws::parse(good, buffers));
  EXPECT_EQ(CompactJws::parse("=" + good, buffers).error(), Reason::malformed_token);
  EXPECT_EQ(CompactJws::parse(good.substr(good.find('.')), buffers).error(), Reason::not_a_token);
  ASSERT_TRUE(CompactJws::parse(good, buffers));
  EXPECT_EQ(CompactJws::parse("bm8" + good.substr(good.find('.')), buffers).error(), Reason::not_a_token);
  EXPECT_EQ(CompactJws::parse(good, buffers)->algorithm(), Algorithm::HS256);
}

}  // namespace
}  // namespace sallyport
