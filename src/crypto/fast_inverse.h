// 1/a modulo an odd m, by division steps: D. J. Bernstein and B.-Y. Yang, "Fast
// constant-time gcd computation and modular inversion" (2019), in its variable-time form.
// Sixty-two steps at a time are taken on the lowest words alone and gathered in a 2 x 2
// matrix, which is then applied to the whole numbers.
#pragma once

#include "crypto/fast_limbs.h"
#include "crypto/fast_modular.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

template <class Modulus>
class Inverse {
 public:
  static constexpr int N = Modulus::kLimbs;
  // a is in 1 … m - 1, m is prime. Plain numbers, not Montgomery's.
  static Wide<N> of(const Wide<N>& a) noexcept {
    Digits f = split(Modulus::kModulus), g = split(a), d{}, e{};
    e.digit[0] = 1;
    std::int64_t delta = 1;
    // With |f|, |g| < 2^(64 N) the paper's theorem 11.2 bounds the steps by (49 bits + 57) / 17.
    constexpr int kMostBatches = ((49 * 64 * N + 57) / 17 + kStep - 1) / kStep;
    for (int batch = 0; batch < kMostBatches && !is_zero(g); ++batch) {
      const Matrix m = divide(delta, static_cast<Limb>(f.digit[0]), static_cast<Limb>(g.digit[0]));
      apply_modular(m, d, e);
      apply(m, f, g);
    }
    // g is 0, f is 1 or -1, and d is f/a.
    if (f.digit[kDigits - 1] < 0) negate(d);
    return join(normal(d));
  }

 private:
  static constexpr int kStep = 62;
  static constexpr Limb kMask = (Limb{1} << kStep) - 1;
  static constexpr int kDigits = (64 * N + 2 + kStep - 1) / kStep;  // with room for a sign and a bit
  static constexpr Limb kInverse =
      (Limb{0} - negated_inverse_of_limb(Modulus::kModulus.limb[0])) & kMask;  // 1/m mod 2^62

  // Sum of digit[i] 2^(62 i). All but the top digit are in 0 … 2^62 - 1; the top one has the sign.
  struct Digits {
    std::int64_t digit[kDigits];
  };
  // 2^62 times the product of the steps' matrices: (f, g) becomes (u f + v g, q f + r g) / 2^62.
  struct Matrix {
    std::int64_t u, v, q, r;
  };

  static constexpr Digits split(const Wide<N>& a) {
    Digits out{};
    for (int i = 0; i < kDigits; ++i) out.digit[i] = static_cast<std::int64_t>(bits_at(a, kStep * i, kStep));
    return out;
  }
  static constexpr Digits kModulus = split(Modulus::kModulus);

  static Wide<N> join(const Digits& a) noexcept {
    Wide<N> out{};
    for (int i = 0; i < kDigits; ++i) {
      const int at = kStep * i / 64, shift = kStep * i % 64;
      const Limb x = static_cast<Limb>(a.digit[i]);
      if (at < N) out.limb[at] |= x << shift;
      if (shift > 64 - kStep && at + 1 < N) out.limb[at + 1] |= x >> (64 - shift);
    }
    return out;
  }

  static bool is_zero(const Digits& a) noexcept {
    std::int64_t any = 0;
    for (const std::int64_t x : a.digit) any |= x;
    return any == 0;
  }

  // The paper's figure 10.1, "divsteps2", with the steps on even g taken together.
  static Matrix divide(std::int64_t& delta, Limb f, Limb g) noexcept {
    Limb u = 1, v = 0, q = 0, r = 1;
    for (int left = kStep;;) {
      // The bit above the steps that are left ends the run of zeros.
      const int zeros = __builtin_ctzll(g | (~Limb{0} << left));
      g >>= zeros;
      u <<= zeros;
      v <<= zeros;
      delta += zeros;
      left -= zeros;
      if (left == 0) break;
      // Here g is odd. With delta > 0 the two change places: (f, g) = (g, -f).
      if (delta > 0) {
        delta = -delta;
        const Limb old_f = f, old_u = u, old_v = v;
        f = g;
        g = Limb{0} - old_f;
        u = q;
        q = Limb{0} - old_u;
        v = r;
        r = Limb{0} - old_v;
      }
      // While delta stays at or below 0 only f's multiples are added to g: one multiple clears several bits at once.
      // -g/f mod 2^6 is g f (f^2 - 2), for any odd f, whose square is 1 mod 8.
      const std::int64_t run = 1 - delta < left ? 1 - delta : left;
      const Limb mask = (~Limb{0} >> (64 - run)) & 63;
      const Limb w = (f * g * (f * f - 2)) & mask;
      g += f * w;
      q += u * w;
      r += v * w;
    }
    return {static_cast<std::int64_t>(u), static_cast<std::int64_t>(v), static_cast<std::int64_t>(q),
            static_cast<std::int64_t>(r)};
  }

  static void apply(const Matrix& m, Digits& f, Digits& g) noexcept {
    SignedDoubleLimb of_f = 0, of_g = 0;
    for (int i = 0; i < kDigits; ++i) {
      const SignedDoubleLimb x = f.digit[i], y = g.digit[i];
      of_f += x * m.u + y * m.v;
      of_g += x * m.q + y * m.r;
      // The lowest 62 bits are zero by the choice of the steps, and leave.
      if (i > 0) {
        f.digit[i - 1] = static_cast<std::int64_t>(static_cast<Limb>(of_f) & kMask);
        g.digit[i - 1] = static_cast<std::int64_t>(static_cast<Limb>(of_g) & kMask);
      }
      of_f >>= kStep;
      of_g >>= kStep;
    }
    f.digit[kDigits - 1] = static_cast<std::int64_t>(of_f);
    g.digit[kDigits - 1] = static_cast<std::int64_t>(of_g);
  }

  // The same on d and e, modulo m: a multiple of m is added that makes the lowest 62 bits zero. d and e stay in -2m …
  // m.
  static void apply_modular(const Matrix& m, Digits& d, Digits& e) noexcept {
    const std::int64_t d_sign = d.digit[kDigits - 1] >> 63, e_sign = e.digit[kDigits - 1] >> 63;
    // Begin from d and e in 0 … m: m is added to the negative one, within the matrix' product.
    std::int64_t add_d = (m.u & d_sign) + (m.v & e_sign), add_e = (m.q & d_sign) + (m.r & e_sign);
    SignedDoubleLimb of_d =
        static_cast<SignedDoubleLimb>(m.u) * d.digit[0] + static_cast<SignedDoubleLimb>(m.v) * e.digit[0];
    SignedDoubleLimb of_e =
        static_cast<SignedDoubleLimb>(m.q) * d.digit[0] + static_cast<SignedDoubleLimb>(m.r) * e.digit[0];
    add_d -= static_cast<std::int64_t>((kInverse * static_cast<Limb>(of_d) + static_cast<Limb>(add_d)) & kMask);
    add_e -= static_cast<std::int64_t>((kInverse * static_cast<Limb>(of_e) + static_cast<Limb>(add_e)) & kMask);
    of_d += static_cast<SignedDoubleLimb>(kModulus.digit[0]) * add_d;
    of_e += static_cast<SignedDoubleLimb>(kModulus.digit[0]) * add_e;
    of_d >>= kStep;
    of_e >>= kStep;
    for (int i = 1; i < kDigits; ++i) {
      const SignedDoubleLimb x = d.digit[i], y = e.digit[i], p = kModulus.digit[i];
      of_d += x * m.u + y * m.v + p * add_d;
      of_e += x * m.q + y * m.r + p * add_e;
      d.digit[i - 1] = static_cast<std::int64_t>(static_cast<Limb>(of_d) & kMask);
      e.digit[i - 1] = static_cast<std::int64_t>(static_cast<Limb>(of_e) & kMask);
      of_d >>= kStep;
      of_e >>= kStep;
    }
    d.digit[kDigits - 1] = static_cast<std::int64_t>(of_d);
    e.digit[kDigits - 1] = static_cast<std::int64_t>(of_e);
  }

  static void carry(Digits& a) noexcept {
    for (int i = 0; i + 1 < kDigits; ++i) {
      a.digit[i + 1] += a.digit[i] >> kStep;
      a.digit[i] &= static_cast<std::int64_t>(kMask);
    }
  }
  static void negate(Digits& a) noexcept {
    for (std::int64_t& x : a.digit) x = -x;
    carry(a);
  }
  // From -2m … 2m to 0 … m - 1.
  static Digits normal(Digits a) noexcept {
    while (a.digit[kDigits - 1] < 0) {
      for (int i = 0; i < kDigits; ++i) a.digit[i] += kModulus.digit[i];
      carry(a);
    }
    for (;;) {
      Digits less = a;
      for (int i = 0; i < kDigits; ++i) less.digit[i] -= kModulus.digit[i];
      carry(less);
      if (less.digit[kDigits - 1] < 0) return a;
      a = less;
    }
  }
};

}  // namespace sallyport::fast
#endif
