// Password hashes: one text form for all, PHC strings where one exists.
//   $argon2id$v=19$m=2048,t=1,p=1$SALT$HASH      ours, default
//   $2a$/$2b$/$2y$…  bcrypt;  $pbkdf2-sha1|sha256|sha512$i=N$SALT$HASH;  $6$, $7$ Mosquitto's
//   $plain|md5|sha|sha256|sha512$prefix|suffix|none$SALT$HASH   imported (salt and hash base64 without padding)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

enum class HashProfile {
  device,  // about 2 ms: generated device passwords; a broker has one thread
  strong,  // Argon2id 64 MiB, for people's passwords
};

Result<std::string> hash_password(std::string_view password, HashProfile profile = HashProfile::device);
// Whether the text is a hash that verify_password can read; the cause where it is not.
Result<void> check_hash(std::string_view hash);
// Takes as long as the hash says; constant-time compare. False for anything unreadable.
bool verify_password(std::string_view hash, std::string_view password) noexcept;
// Imported forms weaker than ours (plain, md5, sha*, low iteration counts): replaced after the first success.
bool is_weak_hash(std::string_view hash) noexcept;
// Spends what a wrong guess against the default profile spends.
void spend_dummy_hash(std::string_view password) noexcept;
// Empty where the password is fine, else why it is weak ("8 characters, all digits").
std::string weakness(std::string_view password);
// Random, `length` characters of an alphabet without look-alikes; at least 16.
std::string generate_password(std::size_t length = 20);

}  // namespace sallyport
