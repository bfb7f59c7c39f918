#include "rules/claim_rule.h"

namespace sallyport {
namespace {

// 7 and -7, of any length, but not 7.0 and not 7e0: those have no one spelling.
bool is_integer_text(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool equals(const JsonValue& value, const Template& expected, const TemplateValues& values) noexcept {
  switch (value.type()) {
    case JsonType::string:
    case JsonType::boolean:
      return expected.matches(value.text(), values);
    case JsonType::number:
      return is_integer_text(value.text()) && expected.matches(value.text(), values);
    case JsonType::null:
    case JsonType::array:
    case JsonType::object:
      return false;
  }
  return false;
}

}  // namespace

ClaimCheck ClaimRule::check(const JsonValue& claims, const TemplateValues& values) const noexcept {
  const std::optional<JsonValue> value = claim.find(claims);
  if (!value) return ClaimCheck::missing;
  if (equals(*value, expected, values)) return ClaimCheck::match;
  if (value->is_array())
    for (JsonValue::Cursor c = value->begin(); c.valid(); c.advance())
      if (equals(c.value(), expected, values)) return ClaimCheck::match;
  return ClaimCheck::mismatch;
}

}  // namespace sallyport
