#include "jose/verification_key.h"

#include "codec/utf8.h"
#include "crypto/hmac.h"
#include "crypto/pem.h"
#include "jose/algorithm_scheme.h"
#include "jose/public_verification_key.h"
#include "jose/published_keys.h"
#include "jose/thumbprint.h"

namespace sallyport {
namespace {

class HmacVerificationKey final : public VerificationKey {
 public:
  HmacVerificationKey(std::string_view secret, KeyOptions options, AlgorithmSet algorithms) : hmac_(secret) {
    kind_ = KeyKind::secret;
    algorithms_ = algorithms;
    kid_ = std::move(options.kid);
    origin_ = options.origin;
    label_ = std::move(options.label);
    bits_ = static_cast<int>(secret.size() * 8);
    published_ = is_published_secret(secret);
  }
  bool verify(Algorithm alg, std::string_view input, std::string_view signature) const noexcept override {
    return (algorithms_ & bit(alg)) && hmac_.verify(hash_of(alg), input, signature);
  }

 private:
  HmacKey hmac_;
};

class PublicVerificationKey final : public VerificationKey {
 public:
  PublicVerificationKey(PublicKey key, KeyOptions options, AlgorithmSet algorithms) : key_(std::move(key)) {
    kind_ = kind_of(key_.type());
    algorithms_ = algorithms;
    kid_ = std::move(options.kid);
    origin_ = options.origin;
    label_ = std::move(options.label);
    bits_ = key_.bits();
    thumbprint_ = thumbprint_of(key_);
    published_ = is_published_thumbprint(thumbprint_);
  }
  bool verify(Algorithm alg, std::string_view input, std::string_view signature) const noexcept override {
    return (algorithms_ & bit(alg)) && key_.verify(scheme_of(alg), hash_of(alg), input, signature);
  }

 private:
  PublicKey key_;
};

constexpr AlgorithmSet kHmac = bit(Algorithm::HS256) | bit(Algorithm::HS384) | bit(Algorithm::HS512);

// A public key as HMAC secret is the oldest attack on JWT: everybody has it.
std::optional<Error> not_a_secret(std::string_view secret) {
  if (secret.empty()) return invalid("the secret is empty", "make one with: sallyport key generate --type hs256");
  if (looks_like_pem(secret))
    return invalid("the secret is a PEM document, and everybody has a public key",
                   "set it as public_key or public_key_file");
  const std::size_t first = secret.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && secret[first] == '{' && secret.find("\"kty\"") != std::string_view::npos)
    return invalid("the secret is a JWK, not the bytes of a secret",
                   "set a public JWK as public_key; of an oct JWK set the value of k as secret_base64");
  if (secret.size() > 64 && secret[0] == 0x30 &&
      (PublicKey::from_spki(secret) || PublicKey::from_pkcs1(secret) || PublicKey::from_certificate(secret)))
    return invalid("the secret is a public key in DER", "set it as public_key or public_key_file");
  return std::nullopt;
}

Error nothing_left(const KeyOptions& options) {
  return invalid("the key can serve no allowed algorithm", "compare the key's kind and alg with allowed_algorithms",
                 options.label);
}

}  // namespace

std::string_view name(KeyOrigin o) {
  switch (o) {
    case KeyOrigin::secret:
      return "secret";
    case KeyOrigin::public_key:
      return "public_key";
    case KeyOrigin::jwks:
      return "jwks";
  }
  return "";
}

std::string shown(std::string_view text) {
  std::string out;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end && out.size() < 64;) {
    const std::size_t n = utf8_sequence(at, end);
    if (n == 0 || static_cast<unsigned char>(*at) < 0x20 || *at == 0x7f) {
      out += '?';
      ++at;
    } else {
      out.append(at, n);
      at += n;
    }
  }
  return out;
}

Result<KeyPtr> make_secret_key(std::string_view secret, KeyOptions options) {
  if (auto fault = not_a_secret(secret)) {
    fault->place = options.label;
    return unexpected(*std::move(fault));
  }
  const AlgorithmSet algorithms = kHmac & options.allowed;
  if (!algorithms) return unexpected(nothing_left(options));
  return KeyPtr(std::make_shared<HmacVerificationKey>(secret, std::move(options), algorithms));
}

Result<KeyPtr> make_jwk_secret(std::string_view secret, KeyOptions options, AlgorithmSet own) {
  if (auto fault = not_a_secret(secret)) return unexpected(*std::move(fault));
  AlgorithmSet long_enough = 0;
  // RFC 7518 3.2: a key of the hash's length or longer.
  if (secret.size() >= 32) long_enough |= bit(Algorithm::HS256);
  if (secret.size() >= 48) long_enough |= bit(Algorithm::HS384);
  if (secret.size() >= 64) long_enough |= bit(Algorithm::HS512);
  if (!(long_enough & own))
    return unexpected(
        invalid("the oct key of " + std::to_string(secret.size() * 8) + " bits is shorter than its hash (RFC 7518 3.2)",
                "make one with: sallyport key generate --type hs256"));
  const AlgorithmSet algorithms = long_enough & own & options.allowed;
  if (!algorithms) return unexpected(nothing_left(options));
  return KeyPtr(std::make_shared<HmacVerificationKey>(secret, std::move(options), algorithms));
}

Result<KeyPtr> make_public_verification_key(PublicKey key, KeyOptions options, AlgorithmSet own) {
  const AlgorithmSet algorithms = algorithms_of(kind_of(key.type())) & own & options.allowed;
  if (!algorithms) return unexpected(nothing_left(options));
  return KeyPtr(std::make_shared<PublicVerificationKey>(std::move(key), std::move(options), algorithms));
}

}  // namespace sallyport
