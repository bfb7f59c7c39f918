// TokenNames: what TokenMarks are made of, for those who hand a session on to another
// process, where the same names have other marks. Claims of a token: never logged.
#pragma once

#include <optional>
#include <string>

#include "bars/bar_list.h"
#include "bars/token_marks.h"
#include "base/clock.h"

namespace sallyport {

struct TokenNames {
  std::string jti, principal, key_id, issuer;
  std::optional<UnixSeconds> issued_at;
  bool of_token = false;

  TokenMarks marks() const noexcept {
    TokenMarks out;
    out.of_token = of_token;
    out.issued_at = issued_at;
    if (!jti.empty()) out.jti = token_mark(BarKind::jti, jti);
    if (!principal.empty()) out.principal = token_mark(BarKind::principal, principal);
    if (!key_id.empty()) out.key_id = token_mark(BarKind::key_id, key_id);
    if (!issuer.empty()) out.issuer = issuer_mark(issuer);
    return out;
  }
};

}  // namespace sallyport
