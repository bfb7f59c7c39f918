// The fast engine's arithmetic against Python's big integers: products on each path, sums,
// differences and inverses, on random numbers and on those where carries run.
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <random>

#include "crypto/fast_edwards25519.h"
#include "crypto/fast_p256_curve.h"
#include "crypto/fast_p384_curve.h"
#include "crypto/fast_path.h"
#include "crypto/fast_short_product.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {
namespace {

template <int N>
std::string hex(const Wide<N>& a) {
  std::string out;
  for (int i = N - 1; i >= 0; --i) {
    char text[17];
    std::snprintf(text, sizeof text, "%016" PRIx64, a.limb[i]);
    out += text;
  }
  return out;
}

template <class Modulus>
class Operands {
 public:
  static constexpr int N = Modulus::kLimbs;
  // 0, 1, 2, m - 1, m - 2, the prime's own limbs, ones and zeros in turn, and random ones: all below m.
  Wide<N> next() {
    Wide<N> a{};
    switch (random_() % 8) {
      case 0:
        a.limb[0] = random_() % 3;
        break;
      case 1:
        subtract_borrow(a, Modulus::kModulus, Wide<N>{{1 + random_() % 3}});
        break;
      case 2:
        for (Limb& x : a.limb) x = random_() % 2 ? ~Limb{0} : 0;
        break;
      case 3:
        for (int i = 0; i < N; ++i) a.limb[i] = Modulus::kModulus.limb[i] + random_() % 3 - 1;
        break;
      default:
        for (Limb& x : a.limb) x = random_();
    }
    while (not_below(a, Modulus::kModulus)) a.limb[N - 1] >>= 1;
    return a;
  }

 private:
  std::mt19937_64 random_{7};
};

constexpr const char* kJudge = R"(
import sys
wrong = count = 0
for line in sys.stdin:
    op, bits, m, a, b, c = line.split()
    bits, m, a, b, c = int(bits), *(int(x, 16) for x in (m, a, b, c))
    right = {'add': lambda: (a + b) % m, 'subtract': lambda: (a - b) % m, 'product': lambda: a * b * pow(2, -bits, m) % m,
             'inverse': lambda: pow(a, -1, m), 'wide': lambda: (a + (b << bits)) % m}[op]()
    count += 1
    if right != c:
        wrong += 1
        if wrong < 5: print('wrong:', line, file=sys.stderr)
sys.exit(0 if wrong == 0 and count >= 10000 else 1)
)";

class Judge {
 public:
  Judge() : pipe_(::popen(("python3 -c \"" + std::string(kJudge) + "\"").c_str(), "w")) {}
  template <int N>
  void say(const char* op, const Wide<N>& m, const Wide<N>& a, const Wide<N>& b, const Wide<N>& c,
           int radix_bits = 64 * N) {
    std::fprintf(pipe_, "%s %d %s %s %s %s\n", op, radix_bits, hex(m).c_str(), hex(a).c_str(), hex(b).c_str(),
                 hex(c).c_str());
  }
  int done() { return ::pclose(pipe_); }

 private:
  std::FILE* pipe_;
};

template <class Modulus, class... Products>
void ask_all(Judge& judge, int rounds) {
  using M = Modular<Modulus>;
  constexpr int N = Modulus::kLimbs;
  Operands<Modulus> operands;
  for (int i = 0; i < rounds; ++i) {
    const Wide<N> a = operands.next(), b = operands.next();
    Wide<N> c;
    M::add(c, a, b);
    judge.say("add", M::kModulus, a, b, c);
    M::subtract(c, a, b);
    judge.say("subtract", M::kModulus, a, b, c);
    M::product(c, a, b);
    judge.say("product", M::kModulus, a, b, c);
    [[maybe_unused]] const auto with = [&](void (*product)(Wide<N>&, const Wide<N>&, const Wide<N>&) noexcept) {
      Wide<N> d = a;  // also onto an operand
      product(d, d, b);
      judge.say("product", M::kModulus, a, b, d);
      d = b;
      product(d, d, d);
      judge.say("product", M::kModulus, b, b, d);
    };
    (with(&Products::of), ...);
    if (!is_zero(a)) judge.say("inverse", M::kModulus, a, a, Inverse<Modulus>::of(a));
  }
}

// Numbers of any size below 2^256; no Montgomery's form, so that a product is a product (2^0).
void ask_25519(Judge& judge, int rounds) {
  using F = Field25519;
  std::mt19937_64 random(9);
  const auto next = [&] {
    Wide<4> a{};
    for (Limb& x : a.limb) x = random() % 4 == 0 ? (random() % 2 ? ~Limb{0} : 0) : random();
    if (random() % 8 == 0) a = F::kModulus;
    if (random() % 4 == 0) a.limb[0] -= random() % 40;
    return a;
  };
  for (int i = 0; i < rounds; ++i) {
    const Wide<4> a = next(), b = next();
    Wide<4> c;
    F::add(c, a, b);
    judge.say("add", F::kModulus, a, b, F::canonical(c), 0);
    F::subtract(c, a, b);
    judge.say("subtract", F::kModulus, a, b, F::canonical(c), 0);
    F::product(c, a, b);
    judge.say("product", F::kModulus, a, b, F::canonical(c), 0);
    if (!F::is_zero_here(a)) judge.say("inverse", F::kModulus, a, a, F::inverse(a), 0);
    unsigned char hash[64];
    for (unsigned char& byte : hash) byte = static_cast<unsigned char>(random());
    const Wide<4> h0 = from_little_endian<4>(hash), h1 = from_little_endian<4>(hash + 32);
    judge.say("wide", Order25519::kModulus, h0, h1, Edwards25519::modulo_order(hash), 256);
  }
}

// A digest times a number below a modulus of RSA's size; also those at the edges, and onto small moduli's carries.
void ask_short_products(Judge& judge, int rounds) {
  constexpr int M = 32;
  std::mt19937_64 random(11);
  const auto limb = [&] { return random() % 3 ? random() : (random() % 2 ? ~Limb{0} : random() % 3); };
  for (int i = 0; i < rounds; ++i) {
    Wide<M> m{}, b{};
    for (Limb& x : m.limb) x = limb();
    m.limb[0] |= 1;
    m.limb[M - 1] |= Limb{1} << 63;
    for (Limb& x : b.limb) x = limb();
    if (i % 5 == 0) subtract_borrow(b, m, Wide<M>{{1 + random() % 3}});
    if (not_below(b, m)) subtract_borrow(b, b, m);
    Wide<4> a{};
    for (Limb& x : a.limb) x = limb();
    Wide<M> wide{};
    for (int j = 0; j < 4; ++j) wide.limb[j] = a.limb[j];
    judge.say("product", m, wide, b, short_product(a, b, m, negated_inverse_of_limb(m.limb[0])), 256);
    // Twice the most, reduced as the padding's sum is.
    Wide<M> sum;
    const Limb carry = add_carry(sum, b, b);
    reduce_fully(sum, carry, m);
    judge.say("add", m, b, b, sum);
  }
}

TEST(FastFieldTest, AgreesWithTheBigIntegersOfPython) {
  Judge judge;
  ask_all<P256::Field, P256::PortableProduct>(judge, 3000);
#if SALLYPORT_FAST_ADX
  if (has(Path::adx)) ask_all<P256::Field, P256::AdxProduct>(judge, 3000);
#endif
  ask_all<P256::Order>(judge, 3000);
  ask_all<P384::Field, P384::PortableProduct>(judge, 3000);
  ask_all<P384::Order>(judge, 3000);
  ask_25519(judge, 3000);
  ask_short_products(judge, 2000);
  EXPECT_EQ(judge.done(), 0);
}

}  // namespace
}  // namespace sallyport::fast
#endif
