// The one text by which a claim's value is compared with what a rule expects.
#pragma once

#include <optional>
#include <string_view>

#include "codec/json.h"

namespace sallyport {

// A string's text, an integer's or boolean's JSON form. Nothing for what never matches: null, arrays, objects and
// fractions (7.0 and 7e0 have no one spelling).
inline std::optional<std::string_view> claim_text(const JsonValue& value) noexcept {
  switch (value.type()) {
    case JsonType::string:
    case JsonType::boolean:
      return value.text();
    case JsonType::number: {
      std::string_view digits = value.text();
      if (digits.starts_with('-')) digits.remove_prefix(1);
      if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
      return value.text();
    }
    case JsonType::null:
    case JsonType::array:
    case JsonType::object:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sallyport
