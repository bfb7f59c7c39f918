// A product of a short and a long number modulo an odd one of M limbs, Montgomery's by as many limbs as the short one
// has: a b / 2^(64 N) mod m. For what the fast engine computes once and meets again; public data only.
#pragma once

#include "crypto/fast_limbs.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

// a plus what is carried in `top` is below k m for a small k: less m as often as that goes.
template <int M>
inline void reduce_fully(Wide<M>& a, Limb top, const Wide<M>& m) {
  while (top != 0 || not_below(a, m)) top -= subtract_borrow(a, a, m);
}

// `negated_inverse` is -1/m mod 2^64; b is below m, and so is what comes out.
template <int N, int M>
Wide<M> short_product(const Wide<N>& a, const Wide<M>& b, const Wide<M>& m, Limb negated_inverse) {
  Wide<M> t{};
  Limb top = 0;
  for (int i = 0; i < N; ++i) {
    Limb carry = 0;
    for (int j = 0; j < M; ++j) {
      const DoubleLimb x = static_cast<DoubleLimb>(a.limb[i]) * b.limb[j] + t.limb[j] + carry;
      t.limb[j] = low(x);
      carry = high(x);
    }
    const DoubleLimb above = static_cast<DoubleLimb>(top) + carry;
    const Limb q = t.limb[0] * negated_inverse;
    carry = high(static_cast<DoubleLimb>(q) * m.limb[0] + t.limb[0]);
    for (int j = 1; j < M; ++j) {
      const DoubleLimb x = static_cast<DoubleLimb>(q) * m.limb[j] + t.limb[j] + carry;
      t.limb[j - 1] = low(x);
      carry = high(x);
    }
    const DoubleLimb x = static_cast<DoubleLimb>(low(above)) + carry;
    t.limb[M - 1] = low(x);
    top = high(above) + high(x);
  }
  reduce_fully(t, top, m);
  return t;
}

}  // namespace sallyport::fast
#endif
