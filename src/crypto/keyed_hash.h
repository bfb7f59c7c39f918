// Keyed hashes under a random key of this process: for tables that strangers fill, so
// that keys cannot be chosen to collide, and for remembering a secret without holding it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sallyport {

// SipHash-2-4 (libsodium's), 64 bits: for tables only.
class TableHash {
 public:
  TableHash();  // a fresh random key
  std::uint64_t operator()(std::string_view bytes) const noexcept;

 private:
  std::array<unsigned char, 16> key_;
};

// Of at most 64 bytes, which is nearly nothing: NH (J. Black et al., "UMAC: fast and secure message authentication",
// 1999), four products under random numbers. Nobody who does not see the hashes can choose texts that collide, and each
// pair does by one chance in 2^60; for tables of this process that compare what they find in full.
class ShortTableHash {
 public:
  static constexpr std::size_t kMaxBytes = 64;
  ShortTableHash();  // fresh random numbers
  std::uint64_t operator()(std::string_view bytes) const noexcept;

 private:
  std::array<std::uint64_t, 10> key_;
};

// SipHash-2-4 of 128 bits: for tables that keep the hash in the name's place. Each domain, up to 31, has a key of its
// own, so that the same text in two of them has unrelated hashes.
class WideTableHash {
 public:
  WideTableHash();  // fresh random keys
  std::array<std::uint64_t, 2> operator()(std::uint8_t domain, std::string_view bytes) const noexcept;

 private:
  std::array<std::array<unsigned char, 16>, 32> keys_;
};

// Keyed BLAKE2b, 256 bits: stands for the bytes themselves. Fields are length-prefixed,
// so that ("ab","c") and ("a","bc") differ.
class SecretDigester {
 public:
  using Digest = std::array<unsigned char, 32>;
  SecretDigester();
  ~SecretDigester();
  SecretDigester(const SecretDigester&) = delete;
  SecretDigester& operator=(const SecretDigester&) = delete;
  Digest operator()(std::string_view name, std::uint64_t number, std::string_view secret) const noexcept;

 private:
  std::array<unsigned char, 32> key_;
};

}  // namespace sallyport
