// A moment as people and machines write it: RFC 3339, or seconds since 1970.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace sallyport {

// "2026-11-24T12:00:00Z", "2026-11-24 12:00:00.5+01:00", "1795521600". A fraction is cut off; a leap second is the
// next one. Without an offset it is nothing: whose midnight would it be?
std::optional<UnixSeconds> parse_moment(std::string_view text) noexcept;

}  // namespace sallyport
