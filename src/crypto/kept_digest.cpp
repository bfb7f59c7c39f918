#include "crypto/kept_digest.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>

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
  // The name's length first, so that ("ab","c") and ("a","bc") differ. Most fit the room here: it is on the path of a
  // decision.
  std::array<char, 1024> room;
  char* const after_length = std::to_chars(room.data(), room.data() + 20, name.size()).ptr;
  const auto head = static_cast<std::size_t>(after_length - room.data()) + 1;
  const std::size_t size = head + name.size() + value.size();
  *after_length = ':';
  std::string large;
  char* text = room.data();
  if (size > room.size()) {
    large.resize(size);
    text = large.data();
    std::copy_n(room.data(), head, text);
  }
  std::copy(value.begin(), value.end(), std::copy(name.begin(), name.end(), text + head));
  Digest out{};
  static_assert(sizeof out == crypto_shorthash_siphash24_BYTES);
  crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(out.data()), bytes({text, size}), size, key_.data());
  wipe(text, size);
  return out;
}

}  // namespace sallyport
