// KeySet: keys parsed from a document, with what was wrong with the others.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jose/verification_key.h"

namespace sallyport {

struct SkippedKey {
  std::size_t index = 0;  // position in the document
  std::string kid;        // shortened; may be empty
  std::string cause;      // "rsa key of 1024 bits is under the floor of 2048"
};

struct KeySet {
  std::vector<KeyPtr> keys;
  std::vector<SkippedKey> skipped;
};

enum class KeyDocumentPolicy {
  trusted_file,  // an operator's own file or setting: any bad key is an error that names it
  remote_set,    // a JWKS from a URL: bad keys are skipped one by one; oct and private members are refused
};

// PEM (SubjectPublicKeyInfo, PKCS#1 RSA, X.509 certificate; several blocks allowed), a JWK, or a JWK set.
// Refused by name: RSA under 2048 bits, ROCA moduli, exponents under 3 or even, points off the curve, private
// keys where a public one belongs, small-order Ed25519 keys, alg/use/key_ops that contradict. Caps: 1 MiB, 10,000 keys.
Result<KeySet> parse_key_document(std::string_view text, KeyDocumentPolicy policy, const KeyOptions& options);

// A JWK of kty oct is allowed here alone (jws verify, key show): symmetric keys in a document that the caller names.
Result<KeySet> parse_jwks_with_secrets(std::string_view text, const KeyOptions& options);

}  // namespace sallyport
