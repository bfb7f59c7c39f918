// One JWK (RFC 7517, 7518 6, 8037 2) to a key. Everything that contradicts is refused.
#pragma once

#include "codec/json.h"
#include "crypto/private_key.h"
#include "jose/verification_key.h"

namespace sallyport {

enum class JwkSecrets { refused, allowed };  // kty oct

Result<KeyPtr> verification_key_from_jwk(const JsonValue& jwk, JwkSecrets secrets, KeyOptions options);

// kid as it is used: text of at most 1024 bytes; absent is nothing.
inline constexpr std::size_t kMaxKidBytes = 1024;
Result<std::optional<std::string>> kid_of_jwk(const JsonValue& jwk);

// The public half, with all checks of its kind.
Result<PublicKey> public_key_from_jwk(const JsonValue& jwk);
// An asymmetric private key; the halves are shown to belong together.
Result<PrivateKey> private_key_from_jwk(const JsonValue& jwk);
bool has_private_member(const JsonValue& jwk);
// A base64url member; an error that names it where it is missing or not strict.
Result<std::string> bytes_member(const JsonValue& jwk, std::string_view name);

}  // namespace sallyport
