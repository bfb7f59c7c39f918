// What an algorithm and a key kind are in the words of the crypto room. For jose's .cpp only.
#pragma once

#include "crypto/digest.h"
#include "crypto/key_type.h"
#include "jose/algorithm.h"

namespace sallyport {

constexpr Hash hash_of(Algorithm a) noexcept {
  switch (a) {
    case Algorithm::HS256:
    case Algorithm::RS256:
    case Algorithm::PS256:
    case Algorithm::ES256:
      return Hash::sha256;
    case Algorithm::HS384:
    case Algorithm::RS384:
    case Algorithm::PS384:
    case Algorithm::ES384:
      return Hash::sha384;
    case Algorithm::HS512:
    case Algorithm::RS512:
    case Algorithm::PS512:
    case Algorithm::ES512:
    case Algorithm::EdDSA:
    case Algorithm::Ed25519:
    case Algorithm::Ed448:
      return Hash::sha512;
  }
  return Hash::sha512;
}

// Of an algorithm for public keys; HMAC's have none and are never asked for.
constexpr SignatureScheme scheme_of(Algorithm a) noexcept {
  switch (a) {
    case Algorithm::RS256:
    case Algorithm::RS384:
    case Algorithm::RS512:
      return SignatureScheme::rsa_pkcs1;
    case Algorithm::PS256:
    case Algorithm::PS384:
    case Algorithm::PS512:
      return SignatureScheme::rsa_pss;
    case Algorithm::ES256:
    case Algorithm::ES384:
    case Algorithm::ES512:
      return SignatureScheme::ecdsa;
    case Algorithm::HS256:
    case Algorithm::HS384:
    case Algorithm::HS512:
    case Algorithm::EdDSA:
    case Algorithm::Ed25519:
    case Algorithm::Ed448:
      return SignatureScheme::eddsa;
  }
  return SignatureScheme::eddsa;
}

constexpr KeyKind kind_of(KeyType t) noexcept {
  switch (t) {
    case KeyType::rsa:
      return KeyKind::rsa;
    case KeyType::p256:
      return KeyKind::p256;
    case KeyType::p384:
      return KeyKind::p384;
    case KeyType::p521:
      return KeyKind::p521;
    case KeyType::ed25519:
      return KeyKind::ed25519;
    case KeyType::ed448:
      return KeyKind::ed448;
  }
  return KeyKind::rsa;
}

inline AlgorithmSet algorithms_of(KeyKind k) noexcept {
  AlgorithmSet out = 0;
  for (std::size_t i = 0; i < kAlgorithmCount; ++i)
    if (fits(static_cast<Algorithm>(i), k)) out |= bit(static_cast<Algorithm>(i));
  return out;
}

}  // namespace sallyport
