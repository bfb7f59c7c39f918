#include "crypto/password_kdf.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/secret.h"

namespace sallyport {
namespace {

const EVP_MD* evp(PasswordDigest digest) {
  switch (digest) {
    case PasswordDigest::md5:
      return EVP_md5();
    case PasswordDigest::sha1:
      return EVP_sha1();
    case PasswordDigest::sha256:
      return EVP_sha256();
    case PasswordDigest::sha512:
      return EVP_sha512();
  }
  return nullptr;
}

bool sodium_ready() noexcept {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

// struct crypt_data: 32 KiB in libxcrypt, 128 KiB in old glibc; only its size matters to us.
constexpr std::size_t kCryptDataSize = 132 * 1024;
using CryptR = char* (*)(const char* phrase, const char* setting, void* data);

CryptR crypt_r_of_the_system() noexcept {
  static const CryptR found = [] {
    void* library = dlopen("libcrypt.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen("libcrypt.so.2", RTLD_NOW | RTLD_LOCAL);
    return library ? reinterpret_cast<CryptR>(dlsym(library, "crypt_r")) : nullptr;
  }();
  return found;
}

}  // namespace

bool argon2id(std::string_view password, std::string_view salt, std::uint32_t memory_kib, std::uint32_t passes,
              std::span<std::uint8_t> out) noexcept {
  return salt.size() == kArgon2SaltSize && sodium_ready() &&
         crypto_pwhash(out.data(), out.size(), password.data(), password.size(),
                       reinterpret_cast<const unsigned char*>(salt.data()), passes, std::size_t{memory_kib} * 1024,
                       crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool argon2_matches(const std::string& phc, std::string_view password) noexcept {
  if (!sodium_ready()) return false;
  if (phc.starts_with("$argon2id$"))
    return crypto_pwhash_argon2id_str_verify(phc.c_str(), password.data(), password.size()) == 0;
  return crypto_pwhash_argon2i_str_verify(phc.c_str(), password.data(), password.size()) == 0;
}

bool pbkdf2(PasswordDigest digest, std::string_view password, std::string_view salt, std::uint32_t iterations,
            std::span<std::uint8_t> out) noexcept {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (password.size() > most || salt.size() > most || out.size() > most || iterations == 0 || iterations > most)
    return false;
  return PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(), static_cast<int>(password.size()),
                           reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                           static_cast<int>(iterations), evp(digest), static_cast<int>(out.size()), out.data()) == 1;
}

bool digest_two(PasswordDigest digest, std::string_view first, std::string_view second,
                std::span<std::uint8_t> out) noexcept {
  if (out.size() != size_of(digest)) return false;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  unsigned int length = 0;
  const bool done = context && EVP_DigestInit_ex(context, evp(digest), nullptr) == 1 &&
                    EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
                    EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
                    EVP_DigestFinal_ex(context, out.data(), &length) == 1 && length == out.size();
  EVP_MD_CTX_free(context);
  return done;
}

bool bcrypt_available() noexcept { return crypt_r_of_the_system() != nullptr; }

bool bcrypt_matches(const std::string& hash, std::string_view password) noexcept {
  const CryptR crypt_r = crypt_r_of_the_system();
  if (!crypt_r || password.find('\0') != std::string_view::npos) return false;
  char* data = static_cast<char*>(std::calloc(1, kCryptDataSize));
  char* phrase = static_cast<char*>(std::malloc(password.size() + 1));
  bool same = false;
  if (data && phrase) {
    if (!password.empty()) std::memcpy(phrase, password.data(), password.size());
    phrase[password.size()] = '\0';
    const char* made = crypt_r(phrase, hash.c_str(), data);
    // A failure token is "*0" or "*1" and no hash that was accepted looks like it.
    same = made && made[0] == '$' && equal_constant_time(made, hash);
  }
  if (data) wipe(data, kCryptDataSize);
  if (phrase) wipe(phrase, password.size());
  std::free(data);
  std::free(phrase);
  return same;
}

}  // namespace sallyport
