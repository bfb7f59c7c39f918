// The two kinds of VerificationKey, for jose's .cpp only.
#pragma once

#include <memory>

#include "crypto/public_key.h"
#include "jose/verification_key.h"

namespace sallyport {

// `own` narrows to the algorithms that the key itself names. An error where nothing is left.
Result<KeyPtr> make_public_verification_key(PublicKey key, KeyOptions options, AlgorithmSet own = kAllAlgorithms);

// A JWK's kty oct: the length floors of RFC 7518 3.2 hold; the texts that
// make_secret_key refuses are refused here too.
Result<KeyPtr> make_jwk_secret(std::string_view secret, KeyOptions options, AlgorithmSet own = kAllAlgorithms);

// At most 64 characters of untrusted text for labels and messages, controls taken out.
std::string shown(std::string_view text);

}  // namespace sallyport
