#include "crypto/edwards.h"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace sallyport {
namespace {
const unsigned char* as_bytes(std::string_view s) noexcept { return reinterpret_cast<const unsigned char*>(s.data()); }
}  // namespace

bool is_sound_ed25519_key(std::string_view bytes) noexcept {
  if (bytes.size() != crypto_sign_PUBLICKEYBYTES) return false;
  const unsigned char* p = as_bytes(bytes);
  // RFC 8032 5.1.3 step 1: y is below 2^255 - 19.
  bool below = (p[31] & 0x7f) != 0x7f || p[0] < 0xed;
  for (int i = 1; i < 31 && !below; ++i) below = p[i] != 0xff;
  if (!below) return false;
  // Decodes the point; refuses small orders and whatever lies outside the prime-order group.
  unsigned char ignored[crypto_scalarmult_curve25519_BYTES];
  return sodium_init() >= 0 && crypto_sign_ed25519_pk_to_curve25519(ignored, p) == 0;
}

bool is_sound_ed448_key(std::string_view bytes) noexcept {
  if (bytes.size() != 57 || (as_bytes(bytes)[56] & 0x7f) != 0) return false;
  using Number = std::array<unsigned char, 56>;  // big-endian, so that they compare as numbers
  Number y{};
  std::reverse_copy(bytes.begin(), bytes.begin() + 56, reinterpret_cast<char*>(y.data()));
  Number p{}, zero{}, one{};
  p.fill(0xff);
  p[27] = 0xfe;  // 2^448 - 2^224 - 1
  one[55] = 1;
  Number minus_one = p;
  minus_one[55] = 0xfe;
  // RFC 8032 5.2.3 step 1, and the points of order 1, 2 and 4: y = 1, -1 and 0.
  return y < p && y != zero && y != one && y != minus_one;
}

bool verify_ed25519(std::string_view key, std::string_view input, std::string_view signature) noexcept {
  return key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(as_bytes(signature), as_bytes(input), input.size(), as_bytes(key)) == 0;
}

}  // namespace sallyport
