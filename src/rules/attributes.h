// Attributes: what a broker may be told of a client beside who he is, out of the claims
// of a verified token. Bounded in number and length.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "rules/claim_path.h"

namespace sallyport {

inline constexpr std::size_t kMaxAttributes = 32, kMaxAttributeName = 64, kMaxAttributeBytes = 1024;

struct AttributePolicy {
  std::vector<std::pair<std::string, ClaimPath>> named;
  ClaimPath own{"client_attrs"};  // the token's own, an object; what `named` names comes first
};

bool is_attribute_name(std::string_view name) noexcept;

// Texts, numbers and booleans as their text. What is absent, of another form or too long is left out.
std::vector<std::pair<std::string, std::string>> read_attributes(const JsonValue& claims,
                                                                 const AttributePolicy& policy);

}  // namespace sallyport
