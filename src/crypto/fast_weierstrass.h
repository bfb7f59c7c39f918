// ECDSA verification (FIPS 186-5 6.4.2) on a curve y^2 = x^3 - 3x + b of prime order, with
// a table for the key as there is one for the generator. PUBLIC DATA ONLY.
//
// Computed once for each key: j 2^(W w) Q for every window w and j = 1 … 2^(W - 1), affine.
// Then u1 G + u2 Q is one mixed addition for each signed digit of u1 and u2, and no doubling
// (E. F. Brickell et al., "Fast exponentiation with precomputation", 1992). Formulas:
// hyperelliptic.org/EFD, short Weierstrass, XYZZ: madd-2008-s, mdbl-2008-s-1, dbl-2008-s-1.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "crypto/fast_inverse.h"
#include "crypto/fast_modular.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

template <int N>
struct AffinePoint {
  Wide<N> x, y;  // Montgomery's form; never the point at infinity
};

// `Curve`: Field and Order (moduli), kX, kY (the generator), kB, kWindow. `Product`: the field's.
template <class Curve, class Product>
class Weierstrass {
 public:
  static constexpr int N = Curve::Field::kLimbs;
  static constexpr int W = Curve::kWindow;
  static constexpr int kWindows = (64 * N + W - 1) / W;
  static constexpr int kMultiples = 1 << (W - 1);
  // The carry out of the top digit must have a place, and the top digit one in its window.
  static_assert(kWindows * W > 64 * N && W < 16);
  using Number = Wide<N>;
  using F = Modular<typename Curve::Field>;
  using S = Modular<typename Curve::Order>;

  using Affine = AffinePoint<N>;
  // x = X / ZZ, y = Y / ZZZ, ZZ^3 = ZZZ^2.
  struct Xyzz {
    Number x{}, y{}, zz{}, zzz{};
    bool infinity = true;
  };
  using Table = std::unique_ptr<Affine[]>;
  static constexpr std::size_t kTableEntries = static_cast<std::size_t>(kWindows) * kMultiples;
  static constexpr std::size_t kTableBytes = kTableEntries * sizeof(Affine);

  // Results go to the first operand, as in Modular.
  SP_INLINE static void multiply(Number& out, const Number& a, const Number& b) noexcept { Product::of(out, a, b); }
  SP_INLINE static void square(Number& out, const Number& a) noexcept { Product::of(out, a, a); }
  SP_INLINE static void to_montgomery(Number& out, const Number& a) noexcept { Product::of(out, a, F::kSquareOfRadix); }

  // x and y are plain numbers. Nothing unless they are below p and on the curve; the order is prime, so such a point
  // generates the group.
  static Table make_table(const Number& x, const Number& y) {
    if (not_below(x, F::kModulus) || not_below(y, F::kModulus)) return nullptr;
    Affine base;
    to_montgomery(base.x, x);
    to_montgomery(base.y, y);
    if (!on_curve(base)) return nullptr;

    Table table(new Affine[kTableEntries]);
    std::vector<Xyzz> row(kMultiples + 1);
    std::vector<Affine> affine(kMultiples + 1);
    for (int w = 0; w < kWindows; ++w) {
      Xyzz sum;
      for (int j = 0; j < kMultiples; ++j) {
        add(sum, base.x, base.y);
        row[static_cast<std::size_t>(j)] = sum;
      }
      row[kMultiples] = doubled(sum);  // 2 2^(W - 1) times the base: the next window's
      make_affine(row, affine);
      for (int j = 0; j < kMultiples; ++j) table[entry(w, j)] = affine[static_cast<std::size_t>(j)];
      base = affine[kMultiples];
    }
    return table;
  }

  // `e` is the digest's leftmost 64 N bits. r and s are any numbers.
  static bool verify(const Affine* generator, const Affine* key, Number e, const Number& r, const Number& s) noexcept {
    if (is_zero(r) || is_zero(s) || not_below(r, S::kModulus) || not_below(s, S::kModulus)) return false;
    S::reduce_once(e, e, 0);  // 2^(64 N) is below 2n
    Number w, u1, u2;
    S::product(w, Inverse<typename Curve::Order>::of(s), S::kSquareOfRadix);
    S::product(u1, e, w);
    S::product(u2, r, w);
    const std::array<const Affine*, 2> tables{generator, key};
    const std::array<Digits, 2> digits{digits_of(u1), digits_of(u2)};

    // Entries come from main memory when keys take turns: ask for all of them before the first is needed.
    for (std::size_t k = 0; k < 2; ++k)
      for (int i = 0; i < kWindows; ++i)
        if (const int d = digits[k][static_cast<std::size_t>(i)]) {
          const char* at = reinterpret_cast<const char*>(&tables[k][entry(i, (d < 0 ? -d : d) - 1)]);
          __builtin_prefetch(at);
          if constexpr (sizeof(Affine) > 64) __builtin_prefetch(at + 64);
        }
    Xyzz sum;
    Number minus_y;
    for (std::size_t k = 0; k < 2; ++k)
      for (int i = 0; i < kWindows; ++i)
        if (const int d = digits[k][static_cast<std::size_t>(i)]) {
          const Affine& p = tables[k][entry(i, (d < 0 ? -d : d) - 1)];
          const Number* y = &p.y;
          if (d < 0) {
            subtract_borrow(minus_y, F::kModulus, p.y);  // no point has y = 0
            y = &minus_y;
          }
          add(sum, p.x, *y);
        }
    if (sum.infinity) return false;

    // x(sum) mod n = r, without a division: x is r or, where that is below p, r + n.
    if (has_x(sum, r)) return true;
    Number room, second;
    subtract_borrow(room, F::kModulus, S::kModulus);
    if (not_below(r, room)) return false;
    add_carry(second, r, S::kModulus);
    return has_x(sum, second);
  }

 private:
  using Digits = std::array<std::int16_t, static_cast<std::size_t>(kWindows)>;

  static std::size_t entry(int window, int index) noexcept {
    return static_cast<std::size_t>(window) * kMultiples + static_cast<std::size_t>(index);
  }
  static bool on_curve(const Affine& p) noexcept {
    Number left, right, three, b;
    square(left, p.y);
    square(right, p.x);
    F::add(three, F::kOne, F::kOne);
    F::add(three, three, F::kOne);
    F::subtract(right, right, three);
    multiply(right, right, p.x);
    to_montgomery(b, Curve::kB);
    F::add(right, right, b);
    return equal(left, right);
  }
  // Whether a point that is not infinity has this plain x.
  static bool has_x(const Xyzz& p, const Number& x) noexcept {
    Number scaled;
    to_montgomery(scaled, x);
    multiply(scaled, scaled, p.zz);
    return equal(scaled, p.x);
  }

  // u = sum of d[i] 2^(W i), each d[i] in -2^(W - 1) + 1 … 2^(W - 1).
  static Digits digits_of(const Number& u) noexcept {
    Digits out{};
    int carry = 0;
    for (int i = 0; i < kWindows; ++i) {
      int d = static_cast<int>(bits_at(u, W * i, W)) + carry;
      carry = d > kMultiples;
      if (carry) d -= 1 << W;
      out[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(d);
    }
    return out;
  }

  // sum += (x, y), complete: also where they are equal, opposite, or the sum is infinity.
  SP_INLINE static void add(Xyzz& sum, const Number& x, const Number& y) noexcept {
    if (__builtin_expect(sum.infinity, 0)) {
      sum = Xyzz{x, y, F::kOne, F::kOne, false};
      return;
    }
    Number p, r, pp, ppp, q, t;
    multiply(p, x, sum.zz);
    F::subtract(p, p, sum.x);
    multiply(r, y, sum.zzz);
    F::subtract(r, r, sum.y);
    if (__builtin_expect(is_zero(p), 0)) {
      // No point of prime order above 2 has y = 0, so that doubling is never infinity.
      sum = is_zero(r) ? doubled(Xyzz{x, y, F::kOne, F::kOne, false}) : Xyzz{};
      return;
    }
    square(pp, p);
    multiply(ppp, p, pp);
    multiply(q, sum.x, pp);
    square(t, r);  // x = r^2 - ppp - 2 q
    F::subtract(t, t, ppp);
    F::subtract(t, t, q);
    F::subtract(sum.x, t, q);
    F::subtract(q, q, sum.x);  // y = r (q - x) - y ppp
    multiply(q, r, q);
    multiply(t, sum.y, ppp);
    F::subtract(sum.y, q, t);
    multiply(sum.zz, sum.zz, pp);
    multiply(sum.zzz, sum.zzz, ppp);
  }

  static Xyzz doubled(const Xyzz& a) noexcept {
    Number u, v, w, s, m, t;
    Xyzz out;
    F::add(u, a.y, a.y);
    square(v, u);
    multiply(w, u, v);
    multiply(s, a.x, v);
    square(t, a.x);  // m = 3 x^2 + a zz^2 = 3 (x^2 - zz^2), because a = -3
    square(m, a.zz);
    F::subtract(t, t, m);
    F::add(m, t, t);
    F::add(m, m, t);
    square(out.x, m);  // x = m^2 - 2 s
    F::subtract(out.x, out.x, s);
    F::subtract(out.x, out.x, s);
    F::subtract(s, s, out.x);  // y = m (s - x) - w y
    multiply(out.y, m, s);
    multiply(t, w, a.y);
    F::subtract(out.y, out.y, t);
    multiply(out.zz, v, a.zz);
    multiply(out.zzz, w, a.zzz);
    out.infinity = false;
    return out;
  }

  // One inversion for a whole row (P. L. Montgomery's trick). 1/ZZ = (ZZ / ZZZ)^2.
  static void make_affine(const std::vector<Xyzz>& in, std::vector<Affine>& out) {
    std::vector<Number> before(in.size() + 1);
    before[0] = F::kOne;
    for (std::size_t i = 0; i < in.size(); ++i) multiply(before[i + 1], before[i], in[i].zzz);
    // Out of Montgomery's form, inverted, and back.
    Number inverse, by_zzz, by_zz;
    multiply(inverse, before[in.size()], Number{{1}});
    to_montgomery(inverse, Inverse<typename Curve::Field>::of(inverse));
    for (std::size_t i = in.size(); i-- > 0;) {
      multiply(by_zzz, inverse, before[i]);
      multiply(inverse, inverse, in[i].zzz);
      multiply(by_zz, by_zzz, in[i].zz);
      square(by_zz, by_zz);
      multiply(out[i].x, in[i].x, by_zz);
      multiply(out[i].y, in[i].y, by_zzz);
    }
  }
};

}  // namespace sallyport::fast
#endif
