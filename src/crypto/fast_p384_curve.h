// NIST P-384 (SP 800-186 3.2.1.4), and its field's products.
#pragma once

#include "crypto/fast_weierstrass.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

struct P384 {
  struct Field {
    static constexpr int kLimbs = 6;
    static constexpr Wide<6> kModulus{{0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff,
                                       0xffffffffffffffff, 0xffffffffffffffff}};
  };
  struct Order {
    static constexpr int kLimbs = 6;
    static constexpr Wide<6> kModulus{{0xecec196accc52973, 0x581a0db248b0a77a, 0xc7634d81f4372ddf, 0xffffffffffffffff,
                                       0xffffffffffffffff, 0xffffffffffffffff}};
  };
  static constexpr Wide<6> kB{{0x2a85c8edd3ec2aef, 0xc656398d8a2ed19d, 0x0314088f5013875a, 0x181d9c6efe814112,
                               0x988e056be3f82d19, 0xb3312fa7e23ee7e4}};
  static constexpr Wide<6> kX{{0x3a545e3872760ab7, 0x5502f25dbf55296c, 0x59f741e082542a38, 0x6e1d3b628ba79b98,
                               0x8eb1c71ef320ad74, 0xaa87ca22be8b0537}};
  static constexpr Wide<6> kY{{0x7a431d7c90ea0e5f, 0x0a60b1ce1d7e819d, 0xe9da3113b5f0b8c0, 0xf8f41dbd289a147c,
                               0x5d9e98bf9292dc29, 0x3617de4a96262c6f}};
  static constexpr int kWindow = 7;  // 55 windows of 64 points: 330 KiB

  struct PortableProduct {
    // Not inlined: as in P256.
    __attribute__((noinline)) static void of(Wide<6>& out, const Wide<6>& a, const Wide<6>& b) noexcept {
      Modular<Field>::product(out, a, b);
    }
  };
};

}  // namespace sallyport::fast
#endif
