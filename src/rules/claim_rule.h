// ClaimRule: a claim must have the value that a template renders to.
#pragma once

#include <cstdint>

#include "codec/json.h"
#include "rules/claim_path.h"
#include "rules/template.h"

namespace sallyport {

enum class ClaimCheck : std::uint8_t { match, missing, mismatch };

struct ClaimRule {
  ClaimPath claim;
  Template expected;

  // The expected text equals the claim's text, an integer's or boolean's JSON form, or one
  // member of an array of these. Null, objects, fractions and a missing claim never match.
  ClaimCheck check(const JsonValue& claims, const TemplateValues& values) const noexcept;
};

}  // namespace sallyport
