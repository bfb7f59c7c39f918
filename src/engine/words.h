// Small words that explanations are made of: untrusted text, times and spans as a
// person reads them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sallyport::words {

// In quotes, cut at 128 bytes; control characters, quotes and broken UTF-8 as \xNN, so that a client that chooses
// its kid or its claims cannot move a cursor or forge a line.
std::string quoted(std::string_view untrusted);

// "92 s", "5400 s (1 h 30 min)".
std::string span(std::int64_t seconds);

// From one moment to a later one, without overflow: exp goes to 2^63-1.
std::int64_t distance(UnixSeconds from, UnixSeconds to) noexcept;

// RFC 3339 in UTC; the bare number where no calendar reaches it.
std::string moment(UnixSeconds at);

}  // namespace sallyport::words
