#include "rules/claim_rule.h"

#include "rules/claim_text.h"

namespace sallyport {
namespace {

bool equals(const JsonValue& value, const Template& expected, const TemplateValues& values) noexcept {
  const std::optional<std::string_view> text = claim_text(value);
  return text && expected.matches(*text, values);
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
