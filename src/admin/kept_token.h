// KeptToken: a verified token as a kept decision has it (engine/kept_claims.h), held
// against settings. A claim's value is only ever compared.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "config/settings.h"
#include "crypto/kept_digest.h"
#include "jose/algorithm.h"

namespace sallyport {

// What CONNECT said, as far as it is kept; nothing: the whole of it is not.
struct KeptNames {
  std::optional<std::string> username, client_id;
};

class KeptToken {
 public:
  // Nothing: none is kept. `digest` may be absent, or another than it was kept under: then values cannot be compared.
  static std::optional<KeptToken> read(std::string_view facts, const KeptDigest* digest);
  bool comparable() const noexcept { return digest_ != nullptr; }

  // Whether its iss is this text.
  bool is_of(std::string_view issuer) const;
  struct Said {
    std::string reason;  // to refuse with; empty: it passes
    std::string cause;   // why that cannot be said; empty: it can
  };
  // In the order in which a decision asks, from the token's type to its claims.
  Said judge(const AuthoritySettings& settings, std::optional<Algorithm> algorithm, const KeptNames& names,
             UnixSeconds now) const;

 private:
  enum class Equal : std::uint8_t { yes, no, missing, unknown };
  // `texts_alone`: a number is no such text.
  Equal compare(const std::string& pointer, std::string_view wanted, bool texts_alone) const;
  Said hold_to(const ClaimRuleSetting& rule, const KeptNames& names) const;

  nlohmann::json facts_;
  const KeptDigest* digest_ = nullptr;
};

}  // namespace sallyport
