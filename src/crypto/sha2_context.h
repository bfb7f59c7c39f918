// SHA-2 states of OpenSSL's lower level, which are plain values: a prepared state is
// copied by assignment. They are deprecated in OpenSSL 3 but there in every 3.x, and
// cost no fetch and no allocation, which EVP's do at each call. For this room's .cpp only.
#pragma once

#include <openssl/sha.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "crypto/digest.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace sallyport {

inline void write_big_endian(unsigned char* out, std::uint32_t x) noexcept {
  if constexpr (std::endian::native == std::endian::little) x = __builtin_bswap32(x);
  std::memcpy(out, &x, sizeof x);
}
inline void write_big_endian(unsigned char* out, std::uint64_t x) noexcept {
  if constexpr (std::endian::native == std::endian::little) x = __builtin_bswap64(x);
  std::memcpy(out, &x, sizeof x);
}

// FIPS 180-4 5.1: what stands behind the last whole block, a one, zeros, and the length of everything in bits, which
// an eighth of a block holds. `out` has room for two blocks; the number of them that were filled.
template <std::size_t kBlock>
inline std::size_t pad_blocks(unsigned char* out, const void* rest, std::size_t n, std::uint64_t bytes) noexcept {
  const std::size_t blocks = n + 1 + kBlock / 8 > kBlock ? 2 : 1;
  if (n > 0) std::memcpy(out, rest, n);
  out[n] = 0x80;
  std::memset(out + n + 1, 0, blocks * kBlock - n - 1);
  write_big_endian(out + blocks * kBlock - 8, bytes * 8);
  return blocks;
}

struct Sha256State {
  static constexpr std::size_t kBlock = 64, kSize = 32;
  SHA256_CTX context;
  Sha256State() noexcept { SHA256_Init(&context); }
  void update(const void* data, std::size_t n) noexcept { SHA256_Update(&context, data, n); }
  void finish(unsigned char* out) noexcept { SHA256_Final(out, &context); }
  // After whole blocks and what pad_blocks() made: the digest, without a call.
  void write(unsigned char* out) const noexcept {
    for (std::size_t i = 0; i < kSize / 4; ++i) write_big_endian(out + 4 * i, std::uint32_t{context.h[i]});
  }
};

struct Sha512State {
  static constexpr std::size_t kBlock = 128, kSize = 64;
  SHA512_CTX context;
  Sha512State() noexcept { SHA512_Init(&context); }
  void update(const void* data, std::size_t n) noexcept { SHA512_Update(&context, data, n); }
  void finish(unsigned char* out) noexcept { SHA512_Final(out, &context); }
  void write(unsigned char* out) const noexcept {
    for (std::size_t i = 0; i < kSize / 8; ++i) write_big_endian(out + 8 * i, std::uint64_t{context.h[i]});
  }
};

struct Sha384State {
  static constexpr std::size_t kBlock = 128, kSize = 48;
  SHA512_CTX context;
  Sha384State() noexcept { SHA384_Init(&context); }
  void update(const void* data, std::size_t n) noexcept { SHA384_Update(&context, data, n); }
  void finish(unsigned char* out) noexcept { SHA384_Final(out, &context); }
  void write(unsigned char* out) const noexcept {
    for (std::size_t i = 0; i < kSize / 8; ++i) write_big_endian(out + 8 * i, std::uint64_t{context.h[i]});
  }
};

}  // namespace sallyport

#pragma GCC diagnostic pop
