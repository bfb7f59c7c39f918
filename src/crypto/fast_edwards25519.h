// Ed25519's verification (RFC 8032 5.1.7, without the cofactor) on -x^2 + y^2 = 1 + d x^2 y^2, with a table for the key
// as there is one for the generator. PUBLIC DATA ONLY.
//
// Computed once for each key: j 2^(W w) (-A) for every window w and j = 1 … 2^(W - 1), as y + x, y - x and 2 d x y.
// Then S B - k A is one addition for each signed digit of S and k, and no doubling. The additions are complete: no case
// is special. Formulas: H. Hisil et al., "Twisted Edwards curves revisited", 2008, sections 3.1 and 3.3.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "crypto/fast_field25519.h"
#include "crypto/fast_modular.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

struct Order25519 {
  static constexpr int kLimbs = 4;
  static constexpr Wide<4> kModulus{{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000}};
};

class Edwards25519 {
 public:
  using F = Field25519;
  using S = Modular<Order25519>;
  using Number = Wide<4>;
  static constexpr int W = 7;
  static constexpr int kWindows = (253 + W - 1) / W;  // scalars are below the order, which is below 2^253
  static constexpr int kMultiples = 1 << (W - 1);
  static_assert(kWindows * W > 253);

  struct Entry {
    Number plus, minus, product;  // y + x, y - x, 2 d x y
  };
  // x = X / Z, y = Y / Z, x y = T / Z; this is the neutral element, (0, 1).
  struct Point {
    Number x{}, y{{1}}, z{{1}}, t{};
  };
  using Table = std::unique_ptr<Entry[]>;
  static constexpr std::size_t kTableEntries = static_cast<std::size_t>(kWindows) * kMultiples;
  static constexpr std::size_t kTableBytes = kTableEntries * sizeof(Entry);

  // Of the encoded point, or of its opposite. Nothing unless the encoding is canonical and of a point on the curve
  // whose order is above 8.
  static Table make_table(const unsigned char* encoded, bool opposite) {
    Point base;
    if (!decode(base, encoded) || is_small(base)) return nullptr;
    if (opposite) {
      F::subtract(base.x, Number{}, base.x);
      F::subtract(base.t, Number{}, base.t);
    }
    Table table(new Entry[kTableEntries]);
    std::vector<Point> row(kMultiples + 1);
    std::vector<Entry> affine(kMultiples + 1);
    Entry step = entry_of(base);
    for (int w = 0; w < kWindows; ++w) {
      Point sum;
      for (std::size_t j = 0; j < kMultiples; ++j) {
        add(sum, step, false);
        row[j] = sum;
      }
      row[kMultiples] = doubled(sum);  // 2 2^(W - 1) times the base: the next window's
      make_affine(row, affine);
      for (std::size_t j = 0; j < kMultiples; ++j) table[entry(w, static_cast<int>(j))] = affine[j];
      step = affine[kMultiples];
    }
    return table;
  }

  static constexpr unsigned char kGenerator[32] = {0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                                   0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                                                   0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};

  // `hash` is SHA-512 of R, A and the message; `signature` is R, S. `key` is the table of -A.
  static bool verify(const Entry* generator, const Entry* key, const unsigned char* hash,
                     const unsigned char* signature) noexcept {
    const Number s = from_little_endian<4>(signature + 32);
    if (not_below(s, Order25519::kModulus)) return false;  // S + L would be a second signature
    const std::array<const Entry*, 2> tables{generator, key};
    const std::array<Digits, 2> digits{digits_of(s), digits_of(modulo_order(hash))};
    for (std::size_t k = 0; k < 2; ++k)
      for (int i = 0; i < kWindows; ++i)
        if (const int d = digits[k][static_cast<std::size_t>(i)]) {
          const char* at = reinterpret_cast<const char*>(&tables[k][entry(i, (d < 0 ? -d : d) - 1)]);
          __builtin_prefetch(at);
          __builtin_prefetch(at + 64);
        }
    Point sum;
    for (std::size_t k = 0; k < 2; ++k)
      for (int i = 0; i < kWindows; ++i)
        if (const int d = digits[k][static_cast<std::size_t>(i)])
          add(sum, tables[k][entry(i, (d < 0 ? -d : d) - 1)], d < 0);

    // R as it should be, byte for byte: another spelling of it is another R. One of small order fits many messages.
    Number x, y;
    const Number by_z = F::inverse(sum.z);
    F::product(x, sum.x, by_z);
    F::product(y, sum.y, by_z);
    x = F::canonical(x);
    y = F::canonical(y);
    if (is_small_order_y(y)) return false;
    y.limb[3] |= (x.limb[0] & 1) << 63;
    return equal(y, from_little_endian<4>(signature));
  }

  // h modulo the order, of 64 bytes, the lowest first: h = h0 + h1 R, R = 2^256.
  static Number modulo_order(const unsigned char* hash) noexcept {
    const Number h0 = from_little_endian<4>(hash), h1 = from_little_endian<4>(hash + 32);
    Number a, b;
    S::product(a, h0, S::kSquareOfRadix);  // h0 R; a first factor may be anything below R
    S::product(a, a, Number{{1}});         // h0
    S::product(b, h1, S::kSquareOfRadix);  // h1 R
    S::add(a, a, b);
    return a;
  }

 private:
  using Digits = std::array<std::int16_t, static_cast<std::size_t>(kWindows)>;
  static constexpr Number kD{{0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73}};
  static constexpr Number kTwiceD{{0xebd69b9426b2f159, 0x00e0149a8283b156, 0x198e80f2eef3d130, 0x2406d9dc56dffce7}};
  static constexpr Number kRootOfMinusOne{
      {0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b}};

  static std::size_t entry(int window, int index) noexcept {
    return static_cast<std::size_t>(window) * kMultiples + static_cast<std::size_t>(index);
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
  // The y of the points of order 1, 2, 4 and 8 (both signs of x have it).
  static bool is_small_order_y(const Number& y) noexcept {
    constexpr Number kSmall[] = {{{0}},
                                 {{1}},
                                 {{0xffffffffffffffec, 0xffffffffffffffff, 0xffffffffffffffff, 0x7fffffffffffffff}},
                                 {{0xb027b2c28f95e826, 0xf098eff289f4c345, 0x3933c6d305acdfd5, 0x05fc536d880238b1}},
                                 {{0x4fd84d3d706a17c7, 0x0f67100d760b3cba, 0xc6cc392cfa53202a, 0x7a03ac9277fdc74e}}};
    for (const Number& small : kSmall)
      if (equal(y, small)) return true;
    return false;
  }
  static bool is_small(const Point& affine) noexcept { return is_small_order_y(affine.y); }

  // RFC 8032 5.1.3.
  static bool decode(Point& out, const unsigned char* encoded) noexcept {
    Number y = from_little_endian<4>(encoded);
    const Limb sign = y.limb[3] >> 63;
    y.limb[3] &= ~(Limb{1} << 63);
    if (not_below(y, F::kModulus)) return false;
    Number u, v, v3, x, check;
    F::product(u, y, y);
    F::product(v, u, kD);
    F::subtract(u, u, Number{{1}});
    F::add(v, v, Number{{1}});
    F::product(v3, v, v);
    F::product(v3, v3, v);
    F::product(x, v3, v3);  // u v^3 (u v^7)^(2^252 - 3)
    F::product(x, x, v);
    F::product(x, x, u);
    x = F::root_power(x);
    F::product(x, x, v3);
    F::product(x, x, u);
    F::product(check, x, x);
    F::product(check, check, v);
    Number difference, sum;
    F::subtract(difference, check, u);
    if (!F::is_zero_here(difference)) {
      F::add(sum, check, u);
      if (!F::is_zero_here(sum)) return false;
      F::product(x, x, kRootOfMinusOne);
    }
    x = F::canonical(x);
    if (is_zero(x) && sign) return false;
    if ((x.limb[0] & 1) != sign) F::subtract(x, F::kModulus, x);
    out.x = x;
    out.y = y;
    out.z = Number{{1}};
    F::product(out.t, x, y);
    return true;
  }
  static Entry entry_of(const Point& affine) noexcept {
    Entry out;
    F::add(out.plus, affine.y, affine.x);
    F::subtract(out.minus, affine.y, affine.x);
    F::product(out.product, affine.t, kTwiceD);
    return out;
  }

  // sum += p, or sum -= p.
  SP_INLINE static void add(Point& sum, const Entry& p, bool negative) noexcept {
    Number a, b, c, d, e, f, g, h;
    F::subtract(a, sum.y, sum.x);
    F::product(a, a, negative ? p.plus : p.minus);
    F::add(b, sum.y, sum.x);
    F::product(b, b, negative ? p.minus : p.plus);
    F::product(c, sum.t, p.product);
    F::add(d, sum.z, sum.z);
    F::subtract(e, b, a);
    F::add(h, b, a);
    if (negative) {
      F::add(f, d, c);
      F::subtract(g, d, c);
    } else {
      F::subtract(f, d, c);
      F::add(g, d, c);
    }
    F::product(sum.x, e, f);
    F::product(sum.y, g, h);
    F::product(sum.t, e, h);
    F::product(sum.z, f, g);
  }
  static Point doubled(const Point& p) noexcept {
    Number a, b, c, e, f, g, h;
    F::product(a, p.x, p.x);
    F::product(b, p.y, p.y);
    F::product(c, p.z, p.z);
    F::add(c, c, c);
    F::add(e, p.x, p.y);
    F::product(e, e, e);
    F::subtract(e, e, a);
    F::subtract(e, e, b);
    F::subtract(g, b, a);  // -x^2 + y^2
    F::subtract(f, g, c);
    F::subtract(h, Number{}, a);
    F::subtract(h, h, b);
    Point out;
    F::product(out.x, e, f);
    F::product(out.y, g, h);
    F::product(out.t, e, h);
    F::product(out.z, f, g);
    return out;
  }
  // One inversion for a whole row (P. L. Montgomery's trick).
  static void make_affine(const std::vector<Point>& in, std::vector<Entry>& out) {
    std::vector<Number> before(in.size() + 1);
    before[0] = Number{{1}};
    for (std::size_t i = 0; i < in.size(); ++i) F::product(before[i + 1], before[i], in[i].z);
    Number inverse = F::inverse(before[in.size()]), by_z;
    for (std::size_t i = in.size(); i-- > 0;) {
      F::product(by_z, inverse, before[i]);
      F::product(inverse, inverse, in[i].z);
      Point affine;
      F::product(affine.x, in[i].x, by_z);
      F::product(affine.y, in[i].y, by_z);
      F::product(affine.t, affine.x, affine.y);
      out[i] = entry_of(affine);
    }
  }
};

}  // namespace sallyport::fast
#endif
