#include "users/password_hash.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "base/secret.h"
#include "codec/base64url.h"
#include "crypto/random.h"
#include "users/hash_form.h"

namespace sallyport {
namespace {

constexpr std::size_t kMaxPassword = 65535;  // MQTT's own: binary data has a length of two bytes
constexpr std::size_t kOurHashSize = 32;

struct Argon2Cost {
  std::uint32_t memory_kib, passes;
};
// Measured: 1.7 ms and 74 ms on one core of a Xeon.
constexpr Argon2Cost cost_of(HashProfile profile) {
  switch (profile) {
    case HashProfile::device:
      return {2048, 2};
    case HashProfile::strong:
      return {64 * 1024, 2};
  }
  return {2048, 2};
}
// What costs an attacker less per guess than the default profile does.
constexpr std::uint64_t kArgon2Floor = 2048ULL * 2;
constexpr std::uint32_t kPbkdf2Floor = 50'000;
constexpr unsigned kBcryptFloor = 8;

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string unpadded(std::string_view bytes) {
  std::string text = encode_base64(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

bool matches(const HashForm& form, std::string_view text, std::string_view password) {
  switch (form.kind) {
    case HashKind::argon2:
      return argon2_matches(std::string(text), password);
    case HashKind::bcrypt:
      return bcrypt_matches(std::string(text), password);
    case HashKind::pbkdf2: {
      std::vector<std::uint8_t> made(form.hash.size());
      return pbkdf2(form.digest, password, form.salt, form.iterations, made) &&
             equal_constant_time(text_of(made), form.hash);
    }
    case HashKind::plain: {
      std::string salted = form.position == SaltPosition::prefix ? form.salt : std::string();
      salted += password;
      if (form.position == SaltPosition::suffix) salted += form.salt;
      const bool same = equal_constant_time(salted, form.hash);
      wipe(salted);
      return same;
    }
    case HashKind::digest: {
      std::array<std::uint8_t, 64> room;
      const std::span<std::uint8_t> made = std::span(room).first(size_of(form.digest));
      const bool before = form.position == SaltPosition::prefix;
      return digest_two(form.digest, before ? std::string_view(form.salt) : password,
                        before ? password : std::string_view(form.salt), made) &&
             equal_constant_time(text_of(made), form.hash);
    }
  }
  return false;
}

}  // namespace

Result<std::string> hash_password(std::string_view password, HashProfile profile) {
  if (password.empty()) return unexpected(invalid("the password is empty"));
  if (password.size() > kMaxPassword)
    return unexpected(invalid("the password is longer than MQTT can carry (65535 bytes)"));
  const std::string salt = random_bytes(kArgon2SaltSize);
  std::array<std::uint8_t, kOurHashSize> hash;
  const Argon2Cost cost = cost_of(profile);
  if (!argon2id(password, salt, cost.memory_kib, cost.passes, hash))
    return unexpected(Error{ErrorKind::kUnavailable,
                            fmt::format("argon2id has not the {} KiB of memory that it needs", cost.memory_kib), "",
                            ""});
  return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", cost.memory_kib, cost.passes, unpadded(salt),
                     unpadded(text_of(hash)));
}

Result<void> check_hash(std::string_view hash) {
  const Result<HashForm> form = parse_hash(hash);
  if (!form) return unexpected(form.error());
  return {};
}

bool verify_password(std::string_view hash, std::string_view password) noexcept {
  if (password.empty() || password.size() > kMaxPassword) return false;
  try {
    const Result<HashForm> form = parse_hash(hash);
    return form && matches(*form, hash, password);
  } catch (...) {  // out of memory: not the right password
    return false;
  }
}

bool is_weak_hash(std::string_view hash) noexcept {
  // Ours, the common case of a million: nothing to parse.
  if (hash.starts_with("$argon2id$v=19$m=2048,t=2,p=1$")) return false;
  try {
    const Result<HashForm> form = parse_hash(hash);
    if (!form) return false;
    switch (form->kind) {
      case HashKind::argon2:
        return std::uint64_t{form->memory_kib} * form->passes < kArgon2Floor;
      case HashKind::bcrypt:
        return form->bcrypt_cost < kBcryptFloor;
      case HashKind::pbkdf2:
        return form->iterations < kPbkdf2Floor;
      case HashKind::plain:
      case HashKind::digest:
        return true;
    }
  } catch (...) {
  }
  return false;
}

void spend_dummy_hash(std::string_view password) noexcept {
  static constexpr char salt[kArgon2SaltSize + 1] = "sixteen bytes...";
  std::array<std::uint8_t, kOurHashSize> hash;
  const Argon2Cost cost = cost_of(HashProfile::device);
  argon2id(password.substr(0, kMaxPassword), {salt, kArgon2SaltSize}, cost.memory_kib, cost.passes, hash);
  wipe(hash.data(), hash.size());
}

}  // namespace sallyport
