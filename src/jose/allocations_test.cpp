// The warm path of one token pays for no allocation of ours (OpenSSL's own, of RSA and
// ECDSA, are by malloc and not seen here).
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "jose/testing.h"

namespace {
std::atomic<long> g_allocations{0};
}

__attribute__((noinline)) void* operator new(std::size_t n) {
  ++g_allocations;
  if (void* p = std::malloc(n)) return p;
  throw std::bad_alloc();
}
__attribute__((noinline)) void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  ++g_allocations;
  return std::malloc(n);
}
__attribute__((noinline)) void* operator new[](std::size_t n) { return operator new(n); }
__attribute__((noinline)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete[](void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete(void* p, std::size_t) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace sallyport {
namespace {

using namespace testing_jose;

TEST(AllocationsTest, AWarmTokenCostsNone) {
  const std::string claims =
      R"({"iss":"https://id.example","sub":"device-7","aud":["mqtt","x"],"exp":1900000000,"name":"a\u00e9b","nested":{"a":[1,2,3]}})";
  const std::pair<KeyKind, Algorithm> kinds[] = {{KeyKind::secret, Algorithm::HS256},
                                                 {KeyKind::rsa, Algorithm::RS256},
                                                 {KeyKind::rsa, Algorithm::PS512},
                                                 {KeyKind::p256, Algorithm::ES256},
                                                 {KeyKind::ed25519, Algorithm::EdDSA}};
  TokenBuffers buffers;
  for (const auto& [kind, alg] : kinds) {
    const auto signer =
        kind == KeyKind::secret ? *signing_key_from_secret("a secret of this test, long enough") : fresh(kind);
    const KeyPtr key =
        kind == KeyKind::secret ? secret_key("a secret of this test, long enough") : public_half(*signer);
    const std::string token =
        *sign_compact(*signer, alg, R"({"typ":"JWT","alg":")" + std::string(name(alg)) + R"(","kid":"k"})", claims);
    const VerificationKey* const candidates[] = {key.get()};
    const auto once = [&] {
      const auto jws = CompactJws::parse(token, buffers);
      if (!jws) return false;
      const auto verified = Verifier::verify(*jws, candidates);
      return verified && numeric_date(*verified->claims().find("exp")) == 1900000000 &&
             verified->claims().at_pointer("/nested/a/2")->integer() == 3;
    };
    ASSERT_TRUE(once()) << name(alg);
    const long before = g_allocations;
    bool good = true;
    for (int i = 0; i < 20; ++i) good = once() && good;
    EXPECT_EQ(g_allocations - before, 0) << name(alg);
    EXPECT_TRUE(good);
  }
}

}  // namespace
}  // namespace sallyport
