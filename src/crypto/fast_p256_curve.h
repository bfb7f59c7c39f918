// NIST P-256 (SP 800-186 3.2.1.3), and its field's products.
#pragma once

#include "crypto/fast_adx_product.h"
#include "crypto/fast_weierstrass.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

struct P256 {
  struct Field {
    static constexpr int kLimbs = 4;
    static constexpr Wide<4> kModulus{{0xffffffffffffffff, 0x00000000ffffffff, 0, 0xffffffff00000001}};
  };
  struct Order {
    static constexpr int kLimbs = 4;
    static constexpr Wide<4> kModulus{{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000}};
  };
  static constexpr Wide<4> kB{{0x3bce3c3e27d2604b, 0x651d06b0cc53b0f6, 0xb3ebbd55769886bc, 0x5ac635d8aa3a93e7}};
  static constexpr Wide<4> kX{{0xf4a13945d898c296, 0x77037d812deb33a0, 0xf8bce6e563a440f2, 0x6b17d1f2e12c4247}};
  static constexpr Wide<4> kY{{0xcbb6406837bf51f5, 0x2bce33576b315ece, 0x8ee7eb4a7c0f9e16, 0x4fe342e2fe1a7f9b}};
  static constexpr int kWindow = 7;  // 37 windows of 64 points: 148 KiB

  // p = -1 mod 2^64, so that a step of reduction by q is an addition of q (p + 1) / 2^64: shifts and one product.
  struct PortableProduct {
    // Not inlined: a call costs less than the registers that eight of them would fight for.
    __attribute__((noinline)) static void of(Wide<4>& out, const Wide<4>& a, const Wide<4>& b) noexcept {
      Limb t[5] = {};
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        Limb carry = 0;
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) {
          const DoubleLimb x = static_cast<DoubleLimb>(a.limb[j]) * b.limb[i] + t[j] + carry;
          t[j] = low(x);
          carry = high(x);
        }
        const DoubleLimb top = static_cast<DoubleLimb>(t[4]) + carry;
        const Limb q = t[0];
        const DoubleLimb q3 = static_cast<DoubleLimb>(q) * Field::kModulus.limb[3];
        DoubleLimb x = static_cast<DoubleLimb>(t[1]) + (q << 32);
        t[0] = low(x);
        x = static_cast<DoubleLimb>(t[2]) + (q >> 32) + high(x);
        t[1] = low(x);
        x = static_cast<DoubleLimb>(t[3]) + low(q3) + high(x);
        t[2] = low(x);
        x = static_cast<DoubleLimb>(low(top)) + high(q3) + high(x);
        t[3] = low(x);
        t[4] = high(top) + high(x);
      }
      Modular<Field>::reduce_once(out, {{t[0], t[1], t[2], t[3]}}, t[4]);
    }
  };
#if SALLYPORT_FAST_ADX
  struct AdxProduct {
    __attribute__((noinline)) static void of(Wide<4>& out, const Wide<4>& a, const Wide<4>& b) noexcept {
      adx_product_p256(out.limb, a.limb, b.limb);
    }
  };
#endif
};

}  // namespace sallyport::fast
#endif
