// HashForm: a password hash taken apart. Everything that makes it slow is read and
// capped here, before a byte of a password is hashed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/password_kdf.h"

namespace sallyport {

// A broker has one thread: what one password check spends, every client waits for.
// Each cap is about half a second on a server's core of 2026.
inline constexpr std::uint32_t kMaxArgon2Kib = 128 * 1024;
inline constexpr std::uint64_t kMaxArgon2KibPasses = 512 * 1024;  // memory times passes
inline constexpr std::uint32_t kMaxArgon2Lanes = 16;
inline constexpr unsigned kMaxBcryptCost = 13;
inline constexpr std::uint64_t kMaxPbkdf2Iterations = 1'500'000;  // times the blocks of the derived key
inline constexpr std::uint64_t kMaxPbkdf2Sha512Iterations = 700'000;
inline constexpr std::size_t kMaxHashText = 1024;

enum class HashKind : std::uint8_t { argon2, bcrypt, pbkdf2, plain, digest };
enum class SaltPosition : std::uint8_t { prefix, suffix, none };

struct HashForm {
  HashKind kind = HashKind::plain;
  PasswordDigest digest = PasswordDigest::sha512;  // pbkdf2, digest
  SaltPosition position = SaltPosition::none;      // plain, digest
  std::uint32_t iterations = 0;                    // pbkdf2
  unsigned bcrypt_cost = 0;
  std::uint32_t memory_kib = 0, passes = 0, lanes = 0;  // argon2
  std::string salt, hash;  // bytes; empty for argon2 and bcrypt, which their libraries read
};

// Invalid, with the cause, for what is no hash, is damaged, or costs too much. Never quotes the text.
Result<HashForm> parse_hash(std::string_view text);

// "$pbkdf2-sha256$i=N$SALT$HASH", "$sha256$prefix$SALT$HASH": the text of a form that is not argon2 or bcrypt.
std::string to_text(const HashForm& form);
// For people: "argon2, 2048 KiB, 2 passes", "pbkdf2-sha512, 101 iterations", "sha256, salted".
std::string describe(const HashForm& form);

}  // namespace sallyport
