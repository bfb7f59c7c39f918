#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "codec/json.h"

namespace sallyport {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

// Digits d0 d1 d2 … with the decimal point after the first `point` of them, as a
// JSON number has them once its exponent is counted in.
struct Decimal {
  std::string_view whole, fraction;
  std::int64_t point = 0;
  std::size_t size() const { return whole.size() + fraction.size(); }
  int at(std::size_t i) const { return (i < whole.size() ? whole[i] : fraction[i - whole.size()]) - '0'; }
};

// The absolute value cut to whole seconds, and whether something was cut off; nothing beyond 2^63-1.
struct Cut {
  std::uint64_t seconds = 0;
  bool rest = false;
};
std::optional<Cut> cut(const Decimal& d) {
  std::size_t first = 0, last = d.size();
  while (first < last && d.at(first) == 0) ++first;
  while (last > first && d.at(last - 1) == 0) --last;
  if (first == last) return Cut{};
  const auto begin = static_cast<std::int64_t>(first), end = static_cast<std::int64_t>(last);
  if (d.point - begin > 19) return std::nullopt;  // 10^19 is beyond 2^63
  Cut out;
  out.rest = end > d.point;
  for (std::int64_t i = begin; i < d.point; ++i) {
    out.seconds = out.seconds * 10 + static_cast<std::uint64_t>(i < end ? d.at(static_cast<std::size_t>(i)) : 0);
    if (out.seconds > kMax) return std::nullopt;
  }
  if (out.seconds == kMax && out.rest) return std::nullopt;
  return out;
}

std::string_view take_digits(std::string_view& text) {
  const std::size_t n = std::min(text.size(), text.find_first_not_of("0123456789"));
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

// An exponent of more digits than any that could matter is held at the edge.
std::int64_t exponent(std::string_view text) {
  if (text.empty()) return 0;
  text.remove_prefix(1);  // e
  bool negative = false;
  if (text[0] == '-' || text[0] == '+') {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  for (const char c : text) value = std::min<std::int64_t>(value * 10 + (c - '0'), 1'000'000'000'000);
  return negative ? -value : value;
}

// Eight digits at once, the first one lowest in memory: pairs, pairs of pairs, and the two of these.
std::optional<std::uint32_t> eight_digits(const char* text) {
  std::uint64_t w = 0;
  std::memcpy(&w, text, sizeof w);
  constexpr std::uint64_t each = 0x0101'0101'0101'0101;
  w -= '0' * each;
  // What was below '0' borrowed, which shows in a high half; so does what was above '9' once 6 is added.
  if (((w | (w + 6 * each)) & 0xf0 * each) != 0) return std::nullopt;
  w = (w * 10 + (w >> 8)) & 0x00ff'00ff'00ff'00ff;
  w = (w * 100 + (w >> 16)) & 0x0000'ffff'0000'ffff;
  return static_cast<std::uint32_t>(w * 10'000 + (w >> 32));
}

// What nearly all tokens have: a whole number of seconds, of few enough digits that nothing can overflow.
std::optional<UnixSeconds> plain_seconds(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  if (text.size() == 10 && std::endian::native == std::endian::little) {  // from 2001 to 2286
    const std::optional<std::uint32_t> eight = eight_digits(text.data());
    const unsigned tens = static_cast<unsigned char>(text[8]) - unsigned{'0'};
    const unsigned ones = static_cast<unsigned char>(text[9]) - unsigned{'0'};
    if (!eight || tens > 9 || ones > 9) return std::nullopt;
    return UnixSeconds{*eight} * 100 + tens * 10 + ones;
  }
  UnixSeconds seconds = 0;
  if constexpr (std::endian::native == std::endian::little)
    for (; text.size() >= 8; text.remove_prefix(8)) {
      const std::optional<std::uint32_t> eight = eight_digits(text.data());
      if (!eight) return std::nullopt;
      seconds = seconds * 100'000'000 + *eight;
    }
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    seconds = seconds * 10 + (c - '0');
  }
  return seconds;
}

}  // namespace

std::optional<UnixSeconds> numeric_date(const JsonValue& value) noexcept {
  const JsonType type = value.type();
  if (type != JsonType::number && type != JsonType::string) return std::nullopt;
  std::string_view text = value.text();
  if (const auto seconds = plain_seconds(text)) return seconds;
  bool negative = false;
  Decimal d;
  if (type == JsonType::string) {
    d.whole = take_digits(text);
    if (d.whole.empty() || !text.empty()) return std::nullopt;
    d.point = static_cast<std::int64_t>(d.whole.size());
  } else {
    negative = text[0] == '-';
    if (negative) text.remove_prefix(1);
    d.whole = take_digits(text);
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      d.fraction = take_digits(text);
    }
    d.point = static_cast<std::int64_t>(d.whole.size()) + exponent(text);
  }
  const std::optional<Cut> cut_off = cut(d);
  if (!cut_off) return std::nullopt;
  const auto seconds = static_cast<std::int64_t>(cut_off->seconds);
  if (negative) return -seconds;  // up, that is towards zero
  return seconds + (cut_off->rest ? 1 : 0);
}

}  // namespace sallyport
