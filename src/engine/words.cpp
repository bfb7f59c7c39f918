#include "engine/words.h"

#include <fmt/format.h>

#include <limits>

namespace sallyport::words {
namespace {

// Length of the well-formed UTF-8 sequence at `i` (RFC 3629), 0 where there is none; C1 controls count as none.
std::size_t sequence_at(std::string_view text, std::size_t i) {
  const auto at = [&](std::size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U; };
  const unsigned c = at(0);
  const auto tail = [&](std::size_t k) { return (at(k) & 0xC0U) == 0x80U; };
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(1) && !(c == 0xC2 && at(1) < 0xA0) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    const bool good = tail(1) && tail(2) && !(c == 0xE0 && at(1) < 0xA0) && !(c == 0xED && at(1) >= 0xA0);
    // Bidirectional controls and line separators reorder or break the line that they stand in.
    const bool moves =
        c == 0xE2 && at(1) == 0x80 && ((at(2) >= 0x8E && at(2) <= 0x8F) || (at(2) >= 0xA8 && at(2) <= 0xAE));
    const bool isolates = c == 0xE2 && at(1) == 0x81 && at(2) >= 0xA6 && at(2) <= 0xA9;
    return good && !moves && !isolates ? 3 : 0;
  }
  if (c >= 0xF0 && c <= 0xF4)
    return tail(1) && tail(2) && tail(3) && !(c == 0xF0 && at(1) < 0x90) && !(c == 0xF4 && at(1) >= 0x90) ? 4 : 0;
  return 0;
}

}  // namespace

std::string quoted(std::string_view untrusted) {
  constexpr std::size_t cap = 128;
  std::string out = "\"";
  std::size_t i = 0;
  while (i < untrusted.size() && i < cap) {
    const auto c = static_cast<unsigned char>(untrusted[i]);
    const std::size_t length = sequence_at(untrusted, i);
    if (length == 0 || c < 0x20 || c == 0x7F || c == '"' || c == '\\') {
      out += fmt::format("\\x{:02x}", c);
      ++i;
    } else {
      out.append(untrusted, i, length);
      i += length;
    }
  }
  return out + (i < untrusted.size() ? "\"…" : "\"");
}

std::string span(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  const std::int64_t days = seconds / 86'400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;
  if (days > 0) return fmt::format("{} s ({} d {} h)", seconds, days, hours);
  if (hours > 0) return fmt::format("{} s ({} h {} min)", seconds, hours, minutes);
  return fmt::format("{} s ({} min)", seconds, minutes);
}

std::int64_t distance(UnixSeconds from, UnixSeconds to) noexcept {
  std::int64_t out = 0;
  return __builtin_sub_overflow(to, from, &out) ? std::numeric_limits<std::int64_t>::max() : out;
}

std::string moment(UnixSeconds at) {
  if (at < 0 || at > 253'402'300'799) return fmt::format("{}", at);  // the year 9999
  // Civil date from days (the era arithmetic of proleptic Gregorian calendars), so that no C library state is used.
  const std::int64_t days = at / 86'400 + 719'468, second = at % 86'400;
  const std::int64_t era = days / 146'097, doe = days % 146'097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", year, month, day, second / 3600, second / 60 % 60,
                     second % 60);
}

}  // namespace sallyport::words
