// The kinds of asymmetric keys, and how they sign.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sallyport {

enum class KeyType : std::uint8_t { rsa, p256, p384, p521, ed25519, ed448 };

enum class SignatureScheme : std::uint8_t {
  rsa_pkcs1,  // RSASSA-PKCS1-v1_5
  rsa_pss,    // MGF1 with the same hash, the salt as long as the hash (RFC 7518 3.5)
  ecdsa,      // r||s
  eddsa,      // the hash is not looked at
};

inline constexpr int kMinRsaBits = 2048, kMaxRsaBits = 8192;

// Bytes of one coordinate of a curve's point, or of an Edwards curve's public key; 0 for RSA.
constexpr std::size_t coordinate_size(KeyType t) noexcept {
  switch (t) {
    case KeyType::rsa:
      return 0;
    case KeyType::p256:
      return 32;
    case KeyType::p384:
      return 48;
    case KeyType::p521:
      return 66;
    case KeyType::ed25519:
      return 32;
    case KeyType::ed448:
      return 57;
  }
  return 0;
}

}  // namespace sallyport
