#include "keys/freshness.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace sallyport {
namespace {

constexpr std::int64_t kMost = 10LL * 365 * 86'400;

std::string_view trimmed(std::string_view t) {
  while (!t.empty() && (t.front() == ' ' || t.front() == '\t')) t.remove_prefix(1);
  while (!t.empty() && (t.back() == ' ' || t.back() == '\t')) t.remove_suffix(1);
  return t;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) == y;
         });
}

// Digits only; more than fit mean "very long" (RFC 9111 1.2.2).
std::optional<std::int64_t> delta_seconds(std::string_view t) {
  t = trimmed(t);
  if (t.size() >= 2 && t.front() == '"' && t.back() == '"') t = t.substr(1, t.size() - 2);
  if (t.empty()) return std::nullopt;
  std::int64_t n = 0;
  for (const char c : t) {
    if (c < '0' || c > '9') return std::nullopt;
    n = std::min(n * 10 + (c - '0'), kMost);
  }
  return n;
}

std::optional<int> digits(std::string_view t) {
  int n = 0;
  for (const char c : t) {
    if (c < '0' || c > '9') return std::nullopt;
    n = n * 10 + (c - '0');
  }
  return n;
}

// Days since 1970-01-01 of a Gregorian date.
std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + static_cast<std::int64_t>(doe) - 719'468;
}

}  // namespace

std::optional<UnixSeconds> parse_http_date(std::string_view text) {
  const std::string_view t = trimmed(text);
  // "Sun, 06 Nov 1994 08:49:37 GMT"
  if (t.size() != 29 || t.substr(3, 2) != ", " || t[7] != ' ' || t[11] != ' ' || t[16] != ' ' || t[19] != ':' ||
      t[22] != ':' || t.substr(25) != " GMT")
    return std::nullopt;
  static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::find(months.begin(), months.end(), t.substr(8, 3));
  const auto day = digits(t.substr(5, 2)), year = digits(t.substr(12, 4)), h = digits(t.substr(17, 2)),
             m = digits(t.substr(20, 2)), s = digits(t.substr(23, 2));
  if (month == months.end() || !day || !year || !h || !m || !s) return std::nullopt;
  if (*day < 1 || *day > 31 || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
  const std::int64_t days =
      days_from_civil(*year, static_cast<unsigned>(month - months.begin()) + 1, static_cast<unsigned>(*day));
  return days * 86'400 + *h * 3'600 + *m * 60 + *s;
}

std::optional<std::int64_t> fresh_for(const FetchHeaders& h) {
  std::optional<std::int64_t> max_age;
  bool never = false;
  std::string_view rest = h.cache_control;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view directive = trimmed(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    const std::size_t equals = directive.find('=');
    const std::string_view word = trimmed(directive.substr(0, equals));
    if (same_word(word, "no-store") || same_word(word, "no-cache")) never = true;
    if (equals == std::string_view::npos || !same_word(word, "max-age")) continue;
    // RFC 9111 4.2.1: of several, the most cautious.
    const auto seconds = delta_seconds(directive.substr(equals + 1));
    if (seconds) max_age = std::min(max_age.value_or(kMost), *seconds);
  }
  if (never) return 0;
  if (max_age) return std::max<std::int64_t>(0, *max_age - delta_seconds(h.age).value_or(0));
  if (h.expires.empty()) return std::nullopt;
  // RFC 9111 5.3: a date that cannot be read, "0" above all, has passed. The server's own Date is the measure, so that
  // its clock may be wrong.
  const auto until = parse_http_date(h.expires), date = parse_http_date(h.date);
  if (!until) return 0;
  if (!date) return std::nullopt;
  return std::clamp<std::int64_t>(*until - *date, 0, kMost);
}

std::optional<std::int64_t> retry_after(const FetchHeaders& h, UnixSeconds now) {
  if (h.retry_after.empty()) return std::nullopt;
  if (const auto seconds = delta_seconds(h.retry_after)) return seconds;
  const auto until = parse_http_date(h.retry_after);
  if (!until) return std::nullopt;
  return std::clamp<std::int64_t>(*until - parse_http_date(h.date).value_or(now), 0, kMost);
}

}  // namespace sallyport
