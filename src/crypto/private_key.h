// A private key, for signing: `token issue`, `key generate`, tests. Not on the decision path.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/public_key.h"

namespace sallyport {

// Big-endian numbers of an RSA key (RFC 7518 6.3.2).
struct RsaNumbers {
  Secret n, e, d, p, q, dp, dq, qi;
};

class PrivateKey {
 public:
  static Result<PrivateKey> generate(KeyType type, int rsa_bits = 2048);
  // PEM: PKCS#8, PKCS#1, SEC1. Encrypted ones are refused by name.
  static Result<PrivateKey> from_pem(std::string_view pem);
  static Result<PrivateKey> from_rsa(const RsaNumbers& numbers);
  // The public part is computed anew and must be what the document says.
  static Result<PrivateKey> from_point(KeyType curve, std::string_view x, std::string_view y, std::string_view d);
  static Result<PrivateKey> from_edwards(KeyType curve, std::string_view x, std::string_view d);

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  const PublicKey& public_key() const noexcept;
  // As JWS has it: ECDSA as r||s. Thread-safe.
  Result<std::string> sign(SignatureScheme scheme, Hash hash, std::string_view input) const;
  std::string pkcs8_pem() const;
  RsaNumbers rsa_numbers() const;  // of an RSA key
  Secret scalar() const;           // d of a curve, filled to its length; the seed of an Edwards curve

 private:
  struct State;
  explicit PrivateKey(std::unique_ptr<State> state);
  static Result<PrivateKey> adopt(void* evp_pkey);  // takes it
  std::unique_ptr<State> state_;
};

}  // namespace sallyport
