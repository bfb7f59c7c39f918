#include "jose/algorithm.h"

#include <array>

namespace sallyport {
namespace {
constexpr std::array<std::string_view, kAlgorithmCount> kNames = {"HS256", "HS384", "HS512", "RS256",   "RS384",
                                                                  "RS512", "PS256", "PS384", "PS512",   "ES256",
                                                                  "ES384", "ES512", "EdDSA", "Ed25519", "Ed448"};
}  // namespace

std::string_view name(Algorithm a) { return kNames[static_cast<std::size_t>(a)]; }

std::string_view name(KeyKind k) {
  switch (k) {
    case KeyKind::secret:
      return "HMAC secret";
    case KeyKind::rsa:
      return "RSA";
    case KeyKind::p256:
      return "EC P-256";
    case KeyKind::p384:
      return "EC P-384";
    case KeyKind::p521:
      return "EC P-521";
    case KeyKind::ed25519:
      return "Ed25519";
    case KeyKind::ed448:
      return "Ed448";
  }
  return "";
}

std::optional<Algorithm> algorithm_from_name(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == text) return static_cast<Algorithm>(i);
  return std::nullopt;
}

bool fits(Algorithm a, KeyKind k) noexcept {
  switch (a) {
    case Algorithm::HS256:
    case Algorithm::HS384:
    case Algorithm::HS512:
      return k == KeyKind::secret;
    case Algorithm::RS256:
    case Algorithm::RS384:
    case Algorithm::RS512:
    case Algorithm::PS256:
    case Algorithm::PS384:
    case Algorithm::PS512:
      return k == KeyKind::rsa;
    // RFC 7518 3.4: each has its one curve.
    case Algorithm::ES256:
      return k == KeyKind::p256;
    case Algorithm::ES384:
      return k == KeyKind::p384;
    case Algorithm::ES512:
      return k == KeyKind::p521;
    case Algorithm::EdDSA:
      return k == KeyKind::ed25519 || k == KeyKind::ed448;
    case Algorithm::Ed25519:
      return k == KeyKind::ed25519;
    case Algorithm::Ed448:
      return k == KeyKind::ed448;
  }
  return false;
}

}  // namespace sallyport
