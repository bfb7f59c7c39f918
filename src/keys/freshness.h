// How long a server's answer says that it holds: Cache-Control, Expires, Age (RFC 9111)
// and Retry-After (RFC 9110 10.2.3). What cannot be read says nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "keys/fetcher.h"

namespace sallyport {

// Seconds, not negative, at most ten years.
std::optional<std::int64_t> fresh_for(const FetchHeaders& headers);
// `now` is for a Retry-After that is a date and comes without Date.
std::optional<std::int64_t> retry_after(const FetchHeaders& headers, UnixSeconds now);
// IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<UnixSeconds> parse_http_date(std::string_view text);

}  // namespace sallyport
