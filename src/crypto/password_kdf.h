// What password hashes are made of: Argon2id, PBKDF2, bcrypt, plain digests. Costs
// are the caller's to cap (users/password_hash.h); none of these reads a clock or
// keeps a byte of the password.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

enum class PasswordDigest : std::uint8_t { md5, sha1, sha256, sha512 };

constexpr std::size_t size_of(PasswordDigest digest) noexcept {
  switch (digest) {
    case PasswordDigest::md5:
      return 16;
    case PasswordDigest::sha1:
      return 20;
    case PasswordDigest::sha256:
      return 32;
    case PasswordDigest::sha512:
      return 64;
  }
  return 0;
}

inline constexpr std::size_t kArgon2SaltSize = 16;

// False where memory runs out or a cost is out of range. The salt has kArgon2SaltSize bytes.
bool argon2id(std::string_view password, std::string_view salt, std::uint32_t memory_kib, std::uint32_t passes,
              std::span<std::uint8_t> out) noexcept;
// Any PHC string of argon2id or argon2i, with the lanes and lengths that it says.
bool argon2_matches(const std::string& phc, std::string_view password) noexcept;

bool pbkdf2(PasswordDigest digest, std::string_view password, std::string_view salt, std::uint32_t iterations,
            std::span<std::uint8_t> out) noexcept;

// digest(first || second) into `out`, which has size_of(digest) bytes.
bool digest_two(PasswordDigest digest, std::string_view first, std::string_view second,
                std::span<std::uint8_t> out) noexcept;

// bcrypt comes from the system's libcrypt.so.1, which is loaded at the first call; where there is none these are false.
bool bcrypt_available() noexcept;
// False for a password with a NUL: crypt(3) would take what stands before it for the whole.
bool bcrypt_matches(const std::string& hash, std::string_view password) noexcept;

}  // namespace sallyport
