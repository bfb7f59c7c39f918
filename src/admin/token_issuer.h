// TokenIssuer: tokens for devices, with a key that the settings file marks for issuing
// and with no other, for a bounded time.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "config/settings.h"
#include "jose/sign.h"

namespace sallyport {

class TokenIssuer {
 public:
  // Reads the key's file; anew each time, so that a changed one is the one that signs.
  static Result<TokenIssuer> open(const IssuingKeySetting& setting);

  std::string_view algorithm() const noexcept { return name(algorithm_); }
  const std::string& kid() const noexcept { return kid_; }

  struct Holder {
    std::string sub, username, client_id;
  };
  // `claims`: further ones, for all; %u and %c in texts are the holder's. The registered ones are this function's own.
  Result<std::string> issue(const Holder& holder, const nlohmann::json& claims, UnixSeconds now,
                            UnixSeconds expires_at) const;

 private:
  IssuingKeySetting setting_;
  std::shared_ptr<const SigningKey> key_;
  Algorithm algorithm_{};
  std::string kid_;
};

}  // namespace sallyport
