// Arithmetic modulo an odd number of N limbs that is known when this is compiled:
// a field's prime or a group's order. Products are Montgomery's (P. L. Montgomery,
// "Modular multiplication without trial division", 1985): product(a, b) = a b / R mod m,
// R = 2^(64 N). Every value that goes in or comes out is below m.
#pragma once

#include "crypto/fast_limbs.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

// -1/m mod 2^64 by Newton's iteration, which doubles the bits that are right: 1, 2, 4 … 64.
constexpr Limb negated_inverse_of_limb(Limb m) {
  Limb x = 1;
  for (int i = 0; i < 6; ++i) x *= 2 - m * x;
  return ~x + 1;
}

// `Modulus` has kLimbs and kModulus.
template <class Modulus>
struct Modular {
  static constexpr int N = Modulus::kLimbs;
  using Number = Wide<N>;
  static constexpr const Number& kModulus = Modulus::kModulus;
  static constexpr Limb kNegatedInverse = negated_inverse_of_limb(Modulus::kModulus.limb[0]);

  // Results go to `out`, which may be an operand: limbs are written where they are read next. Copies by vector
  // registers right after stores of single limbs would stall, which costs half of a check.

  // (top, a) is below 2m: less m where that does not go below zero.
  SP_INLINE static constexpr void reduce_once(Number& out, const Number& a, Limb top) {
    Number less;
    const Limb borrow = subtract_borrow(less, a, kModulus);
    const Limb keep = Limb{0} - static_cast<Limb>(top < borrow);
    for (int i = 0; i < N; ++i) out.limb[i] = (a.limb[i] & keep) | (less.limb[i] & ~keep);
  }
  SP_INLINE static constexpr void add(Number& out, const Number& a, const Number& b) {
    Number sum;
    const Limb carry = add_carry(sum, a, b);
    reduce_once(out, sum, carry);
  }
  SP_INLINE static constexpr void subtract(Number& out, const Number& a, const Number& b) {
    Number difference;
    const Limb below_zero = Limb{0} - subtract_borrow(difference, a, b);
    Limb carry = 0;
    for (int i = 0; i < N; ++i) {
      const DoubleLimb sum = static_cast<DoubleLimb>(difference.limb[i]) + (kModulus.limb[i] & below_zero) + carry;
      out.limb[i] = low(sum);
      carry = high(sum);
    }
  }

  // One row of a's multiples, one step of reduction, and so on (CIOS in Koç, Acar and
  // Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", 1996).
  static constexpr void product(Number& out, const Number& a, const Number& b) {
    Limb t[N + 1] = {};
#pragma GCC unroll 8
    for (int i = 0; i < N; ++i) {
      Limb carry = 0;
#pragma GCC unroll 8
      for (int j = 0; j < N; ++j) {
        const DoubleLimb x = static_cast<DoubleLimb>(a.limb[j]) * b.limb[i] + t[j] + carry;
        t[j] = low(x);
        carry = high(x);
      }
      const DoubleLimb top = static_cast<DoubleLimb>(t[N]) + carry;
      const Limb q = t[0] * kNegatedInverse;
      carry = high(static_cast<DoubleLimb>(q) * kModulus.limb[0] + t[0]);
#pragma GCC unroll 8
      for (int j = 1; j < N; ++j) {
        const DoubleLimb x = static_cast<DoubleLimb>(q) * kModulus.limb[j] + t[j] + carry;
        t[j - 1] = low(x);
        carry = high(x);
      }
      const DoubleLimb x = static_cast<DoubleLimb>(low(top)) + carry;
      t[N - 1] = low(x);
      t[N] = high(top) + high(x);
    }
    Number sum;
    for (int i = 0; i < N; ++i) sum.limb[i] = t[i];
    reduce_once(out, sum, t[N]);
  }

  static constexpr Number power_of_two(int exponent) {
    Number x{{1}};
    for (int i = 0; i < exponent; ++i) add(x, x, x);
    return x;
  }
  static constexpr Number kOne = power_of_two(64 * N);             // R
  static constexpr Number kSquareOfRadix = power_of_two(128 * N);  // R^2
};

}  // namespace sallyport::fast
#endif
