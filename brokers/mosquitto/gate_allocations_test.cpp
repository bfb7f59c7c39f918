// A question that the broker asks for every message costs no allocation, from its callback to its answer; nor does what
// is kept of the claims of a token, once there is room for it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "brokers/mosquitto/gate_testing.h"
#include "engine/kept_claims.h"

namespace {
thread_local long g_allocations = 0;  // the watcher's own are not the question's
}

__attribute__((noinline)) void* operator new(std::size_t n) {
  ++g_allocations;
  if (void* p = std::malloc(n)) return p;
  throw std::bad_alloc();
}
__attribute__((noinline)) void* operator new[](std::size_t n) { return operator new(n); }
// std::stable_sort asks this one, and gives back by the others.
__attribute__((noinline)) void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  ++g_allocations;
  return std::malloc(n);
}
__attribute__((noinline)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete[](void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete(void* p, std::size_t) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace sallyport::mosquitto {
namespace {

class GateAllocationsTest : public GateFixture {};

// The published sample and its key.
constexpr const char* kToken =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkVNUVggQ2xvdWQiLCJpYXQiOjE1MTYyMzkwMjJ9."
    "wGxZTwkCZtYPzkS854aQ9WCnP8YGIQ_erFh5RIznhYk";

TEST_F(GateAllocationsTest, ARepeatedQuestionCostsNoneWhateverItsAnswer) {
  start(
      "[topics]\nno_match = \"deny\"\n[session]\nmax_session = \"1h\"\n[[topic_rules]]\npermission = \"allow\"\ntopics "
      "= "
      "[\"sites/+/%u/state/#\", \"a/long/topic/that/fits/no/small/string/buffer\"]\n[jwt]\nsecret = \"secret\"\n");
  auto c = client("a-client-id-that-fits-no-small-string-buffer");
  ASSERT_EQ(connect(c, kToken), MOSQ_ERR_SUCCESS);
  const char* const allowed = "sites/7/1234567890/state/temperature/of/the/second/pump";
  const char* const denied = "sites/7/somebody-else/state/temperature/of/the/second/pump";
  const auto ask = [&](int times) {
    int right = 0;
    for (int i = 0; i < times; ++i) {
      right += broker().acl(c, MOSQ_ACL_WRITE, allowed) == MOSQ_ERR_SUCCESS;
      right += broker().acl(c, MOSQ_ACL_READ, allowed) == MOSQ_ERR_SUCCESS;
      right += broker().acl(c, MOSQ_ACL_WRITE, denied) == MOSQ_ERR_ACL_DENIED;
      right += broker().acl(c, MOSQ_ACL_READ, denied) == MOSQ_ERR_ACL_DENIED;
      right += broker().acl(c, MOSQ_ACL_READ, "$CONTROL/sallyport/v1/notice") == MOSQ_ERR_SUCCESS;
    }
    return right;
  };
  ASSERT_EQ(ask(10), 50);  // the rules are filled, and the first denials are kept for `why`
  const long before = g_allocations;
  const int right = ask(1000);
  const long after = g_allocations;
  EXPECT_EQ(right, 5000);
  EXPECT_EQ(after, before);
}

TEST(KeptClaimsAllocationsTest, WhatIsKeptOfATokenCostsNoneInRoomThatIsUsedAgain) {
  std::string text =
      R"({"sub":"a-device-whose-name-fits-no-small-string-buffer","aud":["the-first-of-the-audiences","another"],)"
      R"("realm_access":{"roles":["a-role-with-a-long-name"]},"exp":1999999999,"iat":1799999999,"is_gateway":true})";
  JsonTape tape;
  ASSERT_EQ(tape.parse(text.data(), text.size()), JsonError::none);
  const KeptDigest digest("a key of a file");
  std::string out, pointer;
  keep_claims(tape.root(), "JWT", digest, out, pointer);
  const std::string first = out;
  out.clear();
  const long before = g_allocations;
  keep_claims(tape.root(), "JWT", digest, out, pointer);
  const long after = g_allocations;
  EXPECT_EQ(after, before);
  EXPECT_EQ(out, first);
}

}  // namespace
}  // namespace sallyport::mosquitto
