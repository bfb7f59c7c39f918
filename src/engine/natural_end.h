// When a revocation may leave by itself: when no token that it hits can still be valid.
#pragma once

#include <optional>

#include "bars/bar.h"
#include "config/settings.h"

namespace sallyport {

// By max_lifetime of the authorities whose tokens it can hit; nothing where one of them sets none. It is worked out
// when the revocation is made and kept with it: raising max_lifetime later gives no revoked token back its life before
// that moment.
std::optional<UnixSeconds> natural_end(const BarRecord& bar, const JwtSettings& jwt);

}  // namespace sallyport
