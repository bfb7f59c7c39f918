// The only place where trust is made: CompactJws + keys -> VerifiedToken.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/reason.h"
#include "base/result.h"
#include "jose/compact_jws.h"
#include "jose/verification_key.h"

namespace sallyport {

// A token whose signature one key verified. Only verify() can make one; only this has claims.
class VerifiedToken {
 public:
  const JsonValue& claims() const noexcept { return claims_; }  // a JSON object
  const VerificationKey& key() const noexcept { return *key_; }
  Algorithm algorithm() const noexcept { return algorithm_; }
  std::optional<std::string_view> kid() const noexcept { return kid_; }
  std::optional<std::string_view> typ() const noexcept { return typ_; }

 private:
  friend struct Verifier;
  VerifiedToken() = default;
  JsonValue claims_;
  const VerificationKey* key_ = nullptr;
  Algorithm algorithm_{};
  std::optional<std::string_view> kid_, typ_;
};

inline constexpr int kMaxSignatureChecks = 8;

struct Verifier {
  // Tries the candidates in their order; those that cannot serve the token's alg, or whose kid is there and
  // differs from a kid that the token has, are not tried. At most kMaxSignatureChecks checks.
  // Refusals: no_key_for_algorithm, unknown_key_id, bad_signature, too_many_keys, malformed_token (payload).
  // on_tried(key, bool verified), where given, is told of each check.
  template <class OnTried>
  static Result<VerifiedToken, Reason> verify(const CompactJws& jws, std::span<const VerificationKey* const> candidates,
                                              OnTried&& on_tried) {
    const auto key = check_signature(jws, candidates, on_tried);
    if (!key) return unexpected(key.error());
    return believe(jws, **key);
  }
  static Result<VerifiedToken, Reason> verify(const CompactJws& jws,
                                              std::span<const VerificationKey* const> candidates) {
    return verify(jws, candidates, [](const VerificationKey&, bool) {});
  }

  // The signature alone, whatever the payload holds (`jws verify`): the key that made it. Gives no claims.
  template <class OnTried>
  static Result<const VerificationKey*, Reason> check_signature(const CompactJws& jws,
                                                                std::span<const VerificationKey* const> candidates,
                                                                OnTried&& on_tried) {
    bool fits_alg = false;
    int checks = 0;
    for (const VerificationKey* key : candidates) {
      if (!(key->algorithms() & bit(jws.algorithm()))) continue;
      fits_alg = true;
      if (jws.kid() && key->kid() && *jws.kid() != *key->kid()) continue;
      if (checks++ == kMaxSignatureChecks) return unexpected(Reason::too_many_keys);
      const bool good = key->verify(jws.algorithm(), jws.signing_input(), jws.signature());
      on_tried(*key, good);
      if (good) return key;
    }
    if (checks > 0) return unexpected(Reason::bad_signature);
    return unexpected(fits_alg ? Reason::unknown_key_id : Reason::no_key_for_algorithm);
  }

 private:
  friend class TokenCache;
  // Called after a good signature, or by the token cache for bytes that this key verified before.
  static Result<VerifiedToken, Reason> believe(const CompactJws& jws, const VerificationKey& key);
};

}  // namespace sallyport
