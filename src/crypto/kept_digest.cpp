#include "crypto/kept_digest.h"

#include <sodium.h>

#include "base/secret.h"

namespace sallyport {

namespace {
constexpr std::string_view kPurpose = "sallyport kept claims 1";
const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
}  // namespace

KeptDigest::KeptDigest(std::string_view key_bytes) noexcept {
  static_assert(sizeof key_ == crypto_shorthash_siphash24_KEYBYTES && sizeof key_ >= crypto_generichash_BYTES_MIN);
  crypto_generichash(key_.data(), key_.size(), bytes(key_bytes), key_bytes.size(), bytes(kPurpose), kPurpose.size());
}

bool KeptDigest::operator==(const KeptDigest& other) const noexcept {
  return sodium_memcmp(key_.data(), other.key_.data(), key_.size()) == 0;
}

KeptDigest::~KeptDigest() { wipe(key_.data(), key_.size()); }

KeptDigest::Digest KeptDigest::operator()(std::string_view name, std::string_view value) const {
  // The name's length first, so that ("ab","c") and ("a","bc") differ.
  std::string text = std::to_string(name.size());
  text += ':';
  text += name;
  text += value;
  Digest out{};
  static_assert(sizeof out == crypto_shorthash_siphash24_BYTES);
  crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(out.data()), bytes(text), text.size(), key_.data());
  wipe(text);
  return out;
}

}  // namespace sallyport
