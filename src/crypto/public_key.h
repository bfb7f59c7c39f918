// A public key that passed every check of its kind; immutable, shared by all threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/key_type.h"

namespace sallyport {

class PublicKey {
 public:
  // Big-endian numbers. Refused: under 2048 or over 8192 bits, an even modulus, an
  // exponent that is even, under 3 or over 64 bits, a modulus as the ROCA flaw made them.
  static Result<PublicKey> from_rsa(std::string_view modulus, std::string_view exponent);
  // Coordinates of exactly coordinate_size(type) bytes. Refused: points off the curve.
  static Result<PublicKey> from_point(KeyType curve, std::string_view x, std::string_view y);
  // Refused for Ed25519: small-order and non-canonical points.
  static Result<PublicKey> from_edwards(KeyType curve, std::string_view bytes);
  // DER: SubjectPublicKeyInfo, PKCS#1 RSAPublicKey, X.509 certificate. The whole of it: nothing may follow.
  static Result<PublicKey> from_spki(std::string_view der);
  static Result<PublicKey> from_pkcs1(std::string_view der);
  static Result<PublicKey> from_certificate(std::string_view der);
  // Whether a certificate says that it is an authority's (basicConstraints CA).
  static bool is_authority(std::string_view certificate_der);

  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

  KeyType type() const noexcept;
  int bits() const noexcept;
  // rsa: modulus and exponent; a curve: x and y; an Edwards curve: the key's bytes and nothing.
  const std::string& first() const noexcept;
  const std::string& second() const noexcept;
  bool same_as(const PublicKey& other) const noexcept;
  std::string spki_pem() const;

  // Strict: RSA signatures are as long as the modulus, ECDSA's twice the coordinate,
  // neither r nor s is zero. Thread-safe; leaves nothing in OpenSSL's error queue. By OpenSSL
  // (Ed25519: libsodium), or by the fast engine where that is on (fast_engine.h).
  bool verify(SignatureScheme scheme, Hash hash, std::string_view input, std::string_view signature) const noexcept;

  void* native_for_judges()
      const noexcept;  // OpenSSL's form, for the fast engine's judge and its tests; stays the key's

 private:
  struct State;
  explicit PublicKey(std::unique_ptr<State> state);
  static Result<PublicKey> adopt(void* evp_pkey);  // takes it
  std::unique_ptr<State> state_;
  friend class PrivateKey;
};

}  // namespace sallyport
