// The JWS algorithms that the gate verifies: RFC 7518 section 3.1, RFC 8037, RFC 9864.
// "none" has no value here, so nothing can ever select it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

enum class Algorithm : std::uint8_t {
  HS256,
  HS384,
  HS512,
  RS256,
  RS384,
  RS512,
  PS256,
  PS384,
  PS512,
  ES256,
  ES384,
  ES512,
  EdDSA,    // RFC 8037: either curve, as the key says
  Ed25519,  // RFC 9864: fully specified
  Ed448,
};
inline constexpr std::size_t kAlgorithmCount = 15;

enum class KeyKind : std::uint8_t { secret, rsa, p256, p384, p521, ed25519, ed448 };

std::string_view name(Algorithm a);
std::string_view name(KeyKind k);  // "HMAC secret", "RSA", "EC P-256", "Ed25519", …
// Exact, case-sensitive (RFC 7515 4.1.1).
std::optional<Algorithm> algorithm_from_name(std::string_view text);
// Whether a key of this kind can verify this algorithm at all. A public key is never an HMAC key.
bool fits(Algorithm a, KeyKind k) noexcept;

using AlgorithmSet = std::uint32_t;  // bit 1 << Algorithm
constexpr AlgorithmSet bit(Algorithm a) { return AlgorithmSet{1} << static_cast<unsigned>(a); }
inline constexpr AlgorithmSet kAllAlgorithms = (AlgorithmSet{1} << kAlgorithmCount) - 1;

}  // namespace sallyport
