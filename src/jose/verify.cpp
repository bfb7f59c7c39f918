#include "jose/verify.h"

namespace sallyport {

Result<VerifiedToken, Reason> Verifier::believe(const CompactJws& jws, const VerificationKey& key) {
  const auto claims = jws.peek_unverified_claims();
  if (!claims) return unexpected(claims.error());
  VerifiedToken token;
  token.claims_ = *claims;
  token.key_ = &key;
  token.algorithm_ = jws.algorithm();
  token.kid_ = jws.kid();
  token.typ_ = jws.typ();
  return token;
}

}  // namespace sallyport
