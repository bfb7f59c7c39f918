// Without memory OpenSSL refuses whatever it is shown. That is no word about a signature: the fast engine hands the
// check on, is not condemned for the difference, and answers again when there is memory.
#include <gtest/gtest.h>

#include <cstdlib>

#include "crypto/fast_engine.h"
#include "crypto/fast_known_answers.h"
#include "crypto/fast_rsa.h"
#include "crypto/openssl_handles.h"
#include "crypto/public_key.h"

namespace sallyport::fast {
namespace {

thread_local long g_left = -1;  // allocations that OpenSSL still gets; below zero: as many as it likes
thread_local bool g_missed = false;

bool is_there() {
  if (g_left < 0) return true;
  if (g_left > 0) return --g_left, true;
  g_missed = true;
  return false;
}
void* get(std::size_t n, const char*, int) { return is_there() ? std::malloc(n) : nullptr; }
void* grow(void* p, std::size_t n, const char*, int) { return is_there() ? std::realloc(p, n) : nullptr; }
void give_back(void* p, const char*, int) { std::free(p); }

// OpenSSL takes other functions only before it has allocated anything.
int g_taken = 0;
__attribute__((constructor(101))) void take_over() { g_taken = CRYPTO_set_mem_functions(get, grow, give_back); }

class Lack {
 public:
  explicit Lack(long left = 0) {
    g_missed = false;
    g_left = left;
  }
  ~Lack() { g_left = -1; }
};

constexpr std::string_view kInput = "header.payload";

struct RsaSigned {
  EvpPkey own{EVP_RSA_gen(2048)};
  std::string modulus = bn_bytes(pkey_bn(own.get(), OSSL_PKEY_PARAM_RSA_N).get());
  std::string exponent{"\x01\x00\x01", 3}, hash{digest(Hash::sha256, kInput).view()};
  std::string signature = std::string(RsaKey::kBytes, '\0');

  RsaSigned() {
    const EvpPkeyCtx ctx(EVP_PKEY_CTX_new(own.get(), nullptr));
    std::size_t size = signature.size();
    EXPECT_TRUE(EVP_PKEY_sign_init(ctx.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_CTX_set_signature_md(ctx.get(), EVP_sha256()) == 1 &&
                EVP_PKEY_sign(ctx.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, as_bytes(hash),
                              hash.size()) == 1);
  }
};

class FastWithoutMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    if (paths().empty()) GTEST_SKIP() << "no fast engine on this machine";
    ASSERT_EQ(g_taken, 1) << "OpenSSL had allocated before";
  }
  // Whatever a key has to have in use before it answers for itself.
  static void use(Engine& engine, const std::shared_ptr<Key>& key, const RsaSigned& s, std::uint32_t times) {
    for (std::uint32_t i = 0; i < times; ++i) verify(engine, key, s);
  }
  static bool verify(Engine& engine, const std::shared_ptr<Key>& key, const RsaSigned& s) {
    const auto openssl = [&] { return key->judge(SignatureScheme::rsa_pkcs1, Hash::sha256, kInput, s.signature); };
    return engine.verify(key, SignatureScheme::rsa_pkcs1, Hash::sha256, kInput, s.signature, openssl);
  }
};

TEST_F(FastWithoutMemoryTest, AnRsaSignatureIsCheckedOrHandedOnAndNeverRefused) {
  const RsaSigned s;
  for (const Path path : paths()) {
    int handed_on = 0;
    bool done = false;
    for (long left = 0; !done && left < 1000; ++left) {
      const auto key = RsaKey::make(s.modulus, s.exponent, path);  // its first check allocates what it works in
      const Lack lack(left);
      const Answer answer = key->verify(s.hash, s.signature);
      ASSERT_NE(answer, Answer::refuse) << name(path) << " with " << left << " allocations";
      done = answer == Answer::accept;
      handed_on += answer == Answer::none;
    }
    EXPECT_TRUE(done);
    EXPECT_GT(handed_on, 2);
  }
}

TEST_F(FastWithoutMemoryTest, NoTableIsMadeOfAKeyAndOneIsWhenThereIsMemory) {
  const RsaSigned s;
  const auto make = [&] { return RsaKey::make(s.modulus, s.exponent, paths().back()); };
  {
    const Lack lack;
    EXPECT_THROW(make(), std::bad_alloc);
  }
  EXPECT_TRUE(make());
}

TEST_F(FastWithoutMemoryTest, OpensslsRefusalCondemnsNobodyOnProbationOrAfterwards) {
  const RsaSigned s;
  Engine engine;
  engine.enable(true);
  engine.begin_confirming();
  ASSERT_TRUE(engine.active());
  const auto key = engine.adopt(KeyType::rsa, s.modulus, s.exponent, s.own.get());
  use(engine, key, s, Key::kUsesBeforeTable);
  engine.make_tables();
  ASSERT_GT(key->table_bytes(), 0u);
  ASSERT_TRUE(verify(engine, key, s));  // warm: the next check allocates nothing, and the judge does
  {
    const Lack lack;
    EXPECT_FALSE(verify(engine, key, s)) << "on probation OpenSSL's word counts";
    EXPECT_TRUE(g_missed);
  }
  EXPECT_TRUE(engine.active()) << engine.report().fault;
  use(engine, key, s, Key::kProbation);
  ASSERT_EQ(engine.report().unconfirmed, 0u);
  const std::uint64_t before = engine.report().confirmed;
  engine.confirm_waiting();
  const std::uint64_t confirmed = engine.report().confirmed;
  EXPECT_GT(confirmed, before);
  ASSERT_TRUE(verify(engine, key, s));
  {
    const Lack lack;
    engine.confirm_waiting();
    EXPECT_TRUE(g_missed);
  }
  EXPECT_TRUE(engine.active()) << engine.report().fault;
  EXPECT_EQ(engine.report().unconfirmed, 1u);
  EXPECT_EQ(engine.report().confirmed, confirmed);
  EXPECT_EQ(engine.report().mismatches, 0u);
}

TEST_F(FastWithoutMemoryTest, KnownAnswersThatCouldNotBeAskedAreAskedLater) {
  Engine engine;
  engine.enable(true);
  {
    const Lack lack;
    engine.begin_confirming();
    EXPECT_TRUE(g_missed);
  }
  EXPECT_FALSE(engine.active());
  EXPECT_FALSE(engine.condemned()) << engine.report().fault;
  engine.make_tables();
  EXPECT_TRUE(engine.active());
}

}  // namespace
}  // namespace sallyport::fast
