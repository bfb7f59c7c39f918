// Signing: for `token issue`, for tests, and for the console's Try page. Not on the decision path.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jose/algorithm.h"
#include "jose/verification_key.h"

namespace sallyport {

class SigningKey {
 public:
  virtual ~SigningKey() = default;
  virtual KeyKind kind() const noexcept = 0;
  virtual std::string kid() const = 0;  // the key's own (a JWK's), may be empty
  // The one that a JWK names: such a key signs with no other (RFC 7517 4.4).
  std::optional<Algorithm> own_algorithm() const noexcept { return own_algorithm_; }
  // The signature as JWS has it (ECDSA: r||s). The algorithm must fit the kind. Thread-safe.
  virtual Result<std::string> sign(Algorithm alg, std::string_view input) const = 0;
  virtual std::string public_pem() const = 0;   // SubjectPublicKeyInfo; empty for secrets
  virtual std::string private_pem() const = 0;  // PKCS#8; empty for secrets
  virtual std::string jwk(bool with_private, std::string_view alg = {},
                          std::string_view kid = {}) const = 0;  // JSON text
  virtual std::string thumbprint() const = 0;                    // RFC 7638
  virtual int bits() const noexcept = 0;

 protected:
  std::optional<Algorithm> own_algorithm_;
};

Result<std::shared_ptr<const SigningKey>> signing_key_from_secret(std::string_view secret);
// PEM (PKCS#8, PKCS#1, SEC1) or a private JWK (also oct).
Result<std::shared_ptr<const SigningKey>> parse_signing_key(std::string_view text);
// rsa: 2048, 3072 or 4096 bits; the other kinds ignore `bits`. secret: 64 random bytes.
Result<std::shared_ptr<const SigningKey>> generate_signing_key(KeyKind kind, int rsa_bits = 2048);

// What a key of this kind signs with where nobody says.
Algorithm usual_algorithm(KeyKind kind) noexcept;

// header and payload are JSON texts, taken as they are. The compact serialization.
Result<std::string> sign_compact(const SigningKey& key, Algorithm alg, std::string_view header_json,
                                 std::string_view payload_json);

}  // namespace sallyport
