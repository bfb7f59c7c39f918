// RFC 7638: a key's name that everybody computes alike.
#pragma once

#include <string>

#include "crypto/public_key.h"

namespace sallyport {

// The required members of the JWK in the order of RFC 7638 3.2, without white space. Also the start of a published JWK.
std::string canonical_jwk(const PublicKey& key);
// base64url(SHA-256(canonical_jwk)).
std::string thumbprint_of(const PublicKey& key);
std::string_view curve_name(KeyType type);  // "P-256", "Ed25519"; empty for RSA

}  // namespace sallyport
