// A key that can verify, made once, immutable, shared by all threads. What is
// computed once for each key (HMAC's padded states, EVP_PKEY, later tables) is in it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "jose/algorithm.h"

namespace sallyport {

// Where a key came from; the fixed order of trial.
enum class KeyOrigin : std::uint8_t { secret, public_key, jwks };
std::string_view name(KeyOrigin o);  // "secret", "public_key", "jwks"

class VerificationKey {
 public:
  virtual ~VerificationKey() = default;
  KeyKind kind() const noexcept { return kind_; }
  // The algorithms that it may serve: those that fit its kind, narrowed by its own alg (RFC 7517 4.4).
  AlgorithmSet algorithms() const noexcept { return algorithms_; }
  const std::optional<std::string>& kid() const noexcept { return kid_; }
  KeyOrigin origin() const noexcept { return origin_; }
  const std::string& label() const noexcept { return label_; }  // "secret", "keys/rs256.pem", "jwks kid=a"
  const std::string& thumbprint() const noexcept {
    return thumbprint_;
  }  // RFC 7638, base64url SHA-256; empty for secrets
  int bits() const noexcept { return bits_; }
  bool published() const noexcept { return published_; }  // printed in public documents: loopback only
  // Whether `signature` (raw bytes as JWS has them) is this key's over `input`. False for an
  // algorithm outside algorithms(). Thread-safe, never throws, no I/O.
  virtual bool verify(Algorithm alg, std::string_view input, std::string_view signature) const noexcept = 0;

 protected:
  KeyKind kind_{};
  AlgorithmSet algorithms_ = 0;
  std::optional<std::string> kid_;
  KeyOrigin origin_{};
  std::string label_;
  std::string thumbprint_;
  int bits_ = 0;
  bool published_ = false;
};
using KeyPtr = std::shared_ptr<const VerificationKey>;

struct KeyOptions {
  KeyOrigin origin = KeyOrigin::public_key;
  std::string label = {};
  std::optional<std::string> kid = {};
  AlgorithmSet allowed = kAllAlgorithms;  // narrowed further by the key itself
};

// An HMAC key. Refused: empty, or one that is a PEM or a JWK. Sets published() for
// the secrets of public documents (secret, emqxsecret, your-256-bit-secret, emqsecret…).
Result<KeyPtr> make_secret_key(std::string_view secret, KeyOptions options);
// Whether this text is one of the published secrets.
bool is_published_secret(std::string_view secret);

}  // namespace sallyport
