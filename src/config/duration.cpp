#include "config/load.h"

namespace sallyport {
namespace {
constexpr std::int64_t kMaxDuration = std::int64_t{100} * 365 * 86'400;
constexpr const char* kHint = "write whole seconds, minutes, hours or days: \"30s\", \"5m\", \"2h\", \"7d\"";
}  // namespace

Result<std::int64_t> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    number = number * 10 + (text[digits] - '0');
    if (++digits > 12) return unexpected(invalid("the duration is longer than 100 years", kHint));
  }
  const std::string_view unit = text.substr(digits);
  if (digits == 0) return unexpected(invalid("not a duration", kHint));
  if (unit.empty()) return unexpected(invalid("the duration has no unit", kHint));
  if (unit == "ms" || unit == "us" || unit == "ns") return unexpected(invalid("durations are whole seconds", kHint));
  std::int64_t factor = 0;
  if (unit == "s") factor = 1;
  if (unit == "m") factor = 60;
  if (unit == "h") factor = 3'600;
  if (unit == "d") factor = 86'400;
  if (factor == 0) return unexpected(invalid("not a duration", kHint));
  if (number > kMaxDuration / factor) return unexpected(invalid("the duration is longer than 100 years", kHint));
  return number * factor;
}

}  // namespace sallyport
