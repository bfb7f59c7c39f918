#include "jose/thumbprint.h"

#include "codec/base64url.h"
#include "crypto/digest.h"

namespace sallyport {

std::string_view curve_name(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return "";
    case KeyType::p256:
      return "P-256";
    case KeyType::p384:
      return "P-384";
    case KeyType::p521:
      return "P-521";
    case KeyType::ed25519:
      return "Ed25519";
    case KeyType::ed448:
      return "Ed448";
  }
  return "";
}

std::string canonical_jwk(const PublicKey& key) {
  const std::string first = encode_base64url(key.first()), second = encode_base64url(key.second());
  const std::string curve(curve_name(key.type()));
  switch (key.type()) {
    case KeyType::rsa:
      return "{\"e\":\"" + second + "\",\"kty\":\"RSA\",\"n\":\"" + first + "\"}";
    case KeyType::p256:
    case KeyType::p384:
    case KeyType::p521:
      return "{\"crv\":\"" + curve + "\",\"kty\":\"EC\",\"x\":\"" + first + "\",\"y\":\"" + second + "\"}";
    case KeyType::ed25519:
    case KeyType::ed448:
      return "{\"crv\":\"" + curve + "\",\"kty\":\"OKP\",\"x\":\"" + first + "\"}";
  }
  return {};
}

std::string thumbprint_of(const PublicKey& key) { return encode_base64url(sha256(canonical_jwk(key))); }

}  // namespace sallyport
