// Whole numbers of a fixed width, as limbs of 64 bits, the lowest first. For the fast
// engine: PUBLIC DATA ONLY. The code here and in the other fast_* files takes a time that
// depends on its operands, which is right for verifying and wrong for anything secret.
#pragma once

#include <cstddef>
#include <cstdint>

// Without 128-bit products (32-bit processors) there is no fast engine, and OpenSSL decides alone.
#ifdef __SIZEOF_INT128__
#define SALLYPORT_FAST_ENGINE 1
#else
#define SALLYPORT_FAST_ENGINE 0
#endif
// The inline assembly; chosen at run time by what the processor says.
#if defined(__x86_64__) && SALLYPORT_FAST_ENGINE
#define SALLYPORT_FAST_ADX 1
#else
#define SALLYPORT_FAST_ADX 0
#endif

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

using Limb = std::uint64_t;
__extension__ typedef unsigned __int128 DoubleLimb;
__extension__ typedef __int128 SignedDoubleLimb;

// g++ leaves these small loops as calls otherwise, at three times the cost of a whole check.
#define SP_INLINE __attribute__((always_inline)) inline

inline constexpr Limb low(DoubleLimb x) { return static_cast<Limb>(x); }
inline constexpr Limb high(DoubleLimb x) { return static_cast<Limb>(x >> 64); }

template <int N>
struct Wide {
  Limb limb[N];
};

template <int N>
SP_INLINE constexpr bool is_zero(const Wide<N>& a) {
  Limb any = 0;
  for (int i = 0; i < N; ++i) any |= a.limb[i];
  return any == 0;
}
template <int N>
SP_INLINE constexpr bool equal(const Wide<N>& a, const Wide<N>& b) {
  Limb differ = 0;
  for (int i = 0; i < N; ++i) differ |= a.limb[i] ^ b.limb[i];
  return differ == 0;
}
template <int N>
SP_INLINE constexpr bool not_below(const Wide<N>& a, const Wide<N>& b) {
  for (int i = N - 1; i >= 0; --i)
    if (a.limb[i] != b.limb[i]) return a.limb[i] > b.limb[i];
  return true;
}
// Both give what is carried out of, or borrowed from, the limb above. `out` may be an operand.
template <int N>
SP_INLINE constexpr Limb add_carry(Wide<N>& out, const Wide<N>& a, const Wide<N>& b) {
  Limb carry = 0;
  for (int i = 0; i < N; ++i) {
    const DoubleLimb sum = static_cast<DoubleLimb>(a.limb[i]) + b.limb[i] + carry;
    out.limb[i] = low(sum);
    carry = high(sum);
  }
  return carry;
}
template <int N>
SP_INLINE constexpr Limb subtract_borrow(Wide<N>& out, const Wide<N>& a, const Wide<N>& b) {
  Limb borrow = 0;
  for (int i = 0; i < N; ++i) {
    const DoubleLimb difference = static_cast<DoubleLimb>(a.limb[i]) - b.limb[i] - borrow;
    out.limb[i] = low(difference);
    borrow = high(difference) & 1;
  }
  return borrow;
}

// `bytes` has exactly 8 * N of them.
template <int N>
SP_INLINE constexpr Wide<N> from_big_endian(const unsigned char* bytes) {
  Wide<N> out{};
  for (int i = 0; i < N; ++i)
    for (int j = 0; j < 8; ++j) out.limb[N - 1 - i] = out.limb[N - 1 - i] << 8 | bytes[8 * i + j];
  return out;
}
template <int N>
SP_INLINE constexpr Wide<N> from_little_endian(const unsigned char* bytes) {
  Wide<N> out{};
  for (int i = 0; i < N; ++i)
    for (int j = 7; j >= 0; --j) out.limb[i] = out.limb[i] << 8 | bytes[8 * i + j];
  return out;
}

// `count` (under 64) bits of `a` from bit `at` on; those beyond its top are zero.
template <int N>
SP_INLINE constexpr Limb bits_at(const Wide<N>& a, int at, int count) {
  const int i = at / 64, shift = at % 64;
  if (i >= N) return 0;
  Limb x = a.limb[i] >> shift;
  if (shift + count > 64 && i + 1 < N) x |= a.limb[i + 1] << (64 - shift);
  return x & ((Limb{1} << count) - 1);
}

}  // namespace sallyport::fast
#endif
