#include "jose/verify.h"

namespace sallyport {

// Filled where it is handed out, as a parse is.
Result<VerifiedToken, Reason> Verifier::believe(const CompactJws& jws, const VerificationKey& key) {
  Result<VerifiedToken, Reason> believed{VerifiedToken()};
  const auto claims = jws.peek_unverified_claims();
  if (!claims) {
    believed = unexpected(claims.error());
    return believed;
  }
  VerifiedToken& token = *believed;
  token.claims_ = *claims;
  token.key_ = &key;
  token.algorithm_ = jws.algorithm();
  token.kid_ = jws.kid();
  token.typ_ = jws.typ();
  return believed;
}

}  // namespace sallyport
