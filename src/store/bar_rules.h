// What stores of every engine say and do alike with revocations and blocks.
#pragma once

#include <fmt/format.h>

#include "bars/bar.h"
#include "base/clock.h"

namespace sallyport {

// More changes than these are loaded as a stream, not told as a list.
inline constexpr std::int64_t kMaxBarChangesTold = 200'000;
// How long one that is over stays, for followers whose clock is behind and to forget one that was removed.
inline constexpr std::int64_t kBarGrace = 3'600;
// The kinds of a class, as the store numbers them: from, below.
constexpr std::int64_t first_kind(BarClass of) noexcept { return of == BarClass::revocation ? 0 : 16; }
constexpr std::int64_t after_last_kind(BarClass of) noexcept { return of == BarClass::revocation ? 16 : 256; }

// As it is to be written: checked, in its one form, with its moment.
inline Result<BarRecord> ready_to_keep(BarRecord bar) {
  if (Result<void> fine = check_bar(bar); !fine) return unexpected(fine.error());
  if (bar.created_at == 0) bar.created_at = SystemClock().unix_seconds();
  return bar;
}
inline Error no_such_bar(BarClass of, std::int64_t id) {
  return {ErrorKind::kNotFound, fmt::format("there is no {} {}", name(of), id),
          fmt::format("see them with: sallyport {} list", of == BarClass::revocation ? "revoke" : "block"), ""};
}
inline Error unknown_kind_of_bar() {
  return {ErrorKind::kInvalid, "the store has a revocation or block of a kind that this program does not know",
          "a newer sallyport has written it: install that version here too", ""};
}

}  // namespace sallyport
