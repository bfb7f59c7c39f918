#include "engine/natural_end.h"

#include <algorithm>

namespace sallyport {

std::optional<UnixSeconds> natural_end(const BarRecord& bar, const JwtSettings& jwt) {
  std::optional<UnixSeconds> last;
  bool told = true;
  const auto look_at = [&](const AuthoritySettings& authority) {
    if (!authority.has_own_key()) return;
    if (!bar.issuer.empty() && authority.issuer && *authority.issuer != bar.issuer) return;
    const auto end =
        authority.max_lifetime ? last_of_its_tokens(bar, *authority.max_lifetime, authority.leeway) : std::nullopt;
    if (end)
      last = std::max(last.value_or(*end), *end);
    else
      told = false;
  };
  look_at(jwt);
  for (const IssuerSettings& issuer : jwt.issuers) look_at(issuer);
  return told ? last : std::nullopt;
}

}  // namespace sallyport
