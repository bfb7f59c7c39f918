// Arithmetic modulo p = 2^255 - 19 (RFC 7748 4.1). Numbers stand for what they are modulo p and are anything below
// 2^256 = 2p + 38; canonical() gives the one below p. PUBLIC DATA ONLY.
#pragma once

#include "crypto/fast_inverse.h"
#include "crypto/fast_limbs.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

struct Field25519 {
  static constexpr int kLimbs = 4;
  using Number = Wide<4>;
  static constexpr Number kModulus{{0xffffffffffffffed, 0xffffffffffffffff, 0xffffffffffffffff, 0x7fffffffffffffff}};

  // Results go to `out`, which may be an operand, as in Modular. 2^256 = 38 modulo p: what is carried out of the top
  // comes back 38 times.
  SP_INLINE static constexpr void add(Number& out, const Number& a, const Number& b) {
    fold(out, add_carry(out, a, b));
  }
  SP_INLINE static constexpr void subtract(Number& out, const Number& a, const Number& b) {
    Limb borrow = subtract_borrow(out, a, b);
    // A second time only where what is left was below 38, which makes it large.
    for (int turn = 0; turn < 2; ++turn) {
      const Number back{{borrow * 38, 0, 0, 0}};
      borrow = subtract_borrow(out, out, back);
    }
  }
  // Not inlined: as in P256.
  __attribute__((noinline)) static constexpr void product(Number& out, const Number& a, const Number& b) {
    Limb t[8] = {};
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      Limb carry = 0;
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) {
        const DoubleLimb x = static_cast<DoubleLimb>(a.limb[j]) * b.limb[i] + t[i + j] + carry;
        t[i + j] = low(x);
        carry = high(x);
      }
      t[i + 4] = carry;
    }
    Limb carry = 0;
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const DoubleLimb x = static_cast<DoubleLimb>(t[i + 4]) * 38 + t[i] + carry;
      out.limb[i] = low(x);
      carry = high(x);
    }
    fold(out, carry);
  }
  static constexpr Number canonical(Number a) {
    while (not_below(a, kModulus)) subtract_borrow(a, a, kModulus);
    return a;
  }
  static constexpr bool is_zero_here(const Number& a) { return is_zero(canonical(a)); }
  static Number inverse(const Number& a) noexcept { return Inverse<Field25519>::of(canonical(a)); }  // a is not 0
  // a^(2^252 - 3), with which square roots are found (RFC 8032 5.1.3).
  static Number root_power(const Number& a) noexcept {
    Number out = a;  // the highest bit of 2^252 - 3 = 2^251 + … + 2^2 + 2^0
    for (int bit = 250; bit >= 0; --bit) {
      product(out, out, out);
      if (bit != 1) product(out, out, a);
    }
    return out;
  }

 private:
  // `carried` was carried out of the top of `out`.
  SP_INLINE static constexpr void fold(Number& out, Limb carried) {
    for (int turn = 0; turn < 2; ++turn) {
      const Number more{{carried * 38, 0, 0, 0}};
      carried = add_carry(out, out, more);
    }
  }
};

}  // namespace sallyport::fast
#endif
