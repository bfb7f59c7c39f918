// SHA-2 states of OpenSSL's lower level, which are plain values: a prepared state is
// copied by assignment. They are deprecated in OpenSSL 3 but there in every 3.x, and
// cost no fetch and no allocation, which EVP's do at each call. For this room's .cpp only.
#pragma once

#include <openssl/sha.h>

#include <cstring>
#include <string_view>

#include "crypto/digest.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace sallyport {

struct Sha256State {
  static constexpr std::size_t kBlock = 64, kSize = 32;
  SHA256_CTX context;
  Sha256State() noexcept { SHA256_Init(&context); }
  void update(const void* data, std::size_t n) noexcept { SHA256_Update(&context, data, n); }
  void finish(unsigned char* out) noexcept { SHA256_Final(out, &context); }
};

struct Sha512State {
  static constexpr std::size_t kBlock = 128, kSize = 64;
  SHA512_CTX context;
  Sha512State() noexcept { SHA512_Init(&context); }
  void update(const void* data, std::size_t n) noexcept { SHA512_Update(&context, data, n); }
  void finish(unsigned char* out) noexcept { SHA512_Final(out, &context); }
};

struct Sha384State {
  static constexpr std::size_t kBlock = 128, kSize = 48;
  SHA512_CTX context;
  Sha384State() noexcept { SHA384_Init(&context); }
  void update(const void* data, std::size_t n) noexcept { SHA384_Update(&context, data, n); }
  void finish(unsigned char* out) noexcept { SHA384_Final(out, &context); }
};

}  // namespace sallyport

#pragma GCC diagnostic pop
