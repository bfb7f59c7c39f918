// TokenHolder: who a session belongs to, by the token that let it in. A token of anybody
// else, of another issuer or bound otherwise renews it not: a device that was handed a
// second token would else act as two clients on one connection.
#pragma once

#include <string>

#include "auth/decision.h"
#include "auth/gate_snapshot.h"

namespace sallyport {

struct TokenHolder {
  std::string principal;
  bool principal_verified = false;
  std::string authority;  // whose keys and rules: "" for plain [jwt]
  std::string issuer;     // iss
  bool is_bound = false;  // to the connection's client certificate

  bool operator==(const TokenHolder&) const = default;
};

inline TokenHolder holder_of(const Decision& d) {
  return {std::string(d.principal), d.principal_verified, d.authority ? d.authority->name : std::string(),
          std::string(d.issuer), d.certificate_bound};
}

}  // namespace sallyport
