#include "bars/moment.h"

#include <charconv>

namespace sallyport {
namespace {

// Exactly `digits` digits at the front, taken off.
std::optional<int> take_number(std::string_view& text, std::size_t digits) noexcept {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) noexcept {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Days since 1970-01-01 of a proleptic Gregorian date.
std::int64_t days_of(std::int64_t year, int month, int day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = year / 400, of_era = year - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

int days_in(int year, int month) noexcept {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

// "Z" or "+01:00", in seconds; all of the text.
std::optional<std::int64_t> offset_of(std::string_view text) noexcept {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const bool behind = text[0] == '-';
  text.remove_prefix(1);
  const std::optional<int> hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
  const std::optional<int> minutes = take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = (*hours * 60 + *minutes) * 60;
  return behind ? -seconds : seconds;
}

}  // namespace

std::optional<UnixSeconds> parse_moment(std::string_view text) noexcept {
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    UnixSeconds seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(seconds) : std::nullopt;
  }
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || *month < 1 || *month > 12 || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || *day < 1 || *day > days_in(*year, *month) || !take(text, "Tt ")) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 60) return std::nullopt;
  if (take(text, ".")) {
    if (!take_number(text, 1)) return std::nullopt;
    while (take(text, "0123456789")) {
    }
  }
  const auto offset = offset_of(text);
  if (!offset) return std::nullopt;
  return days_of(*year, *month, *day) * 86'400 + (*hour * 60 + *minute) * 60 + *second - *offset;
}

}  // namespace sallyport
