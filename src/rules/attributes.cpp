#include "rules/attributes.h"

#include <algorithm>

namespace sallyport {
namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;

void add(Attributes& out, std::string_view name, const JsonValue& value) {
  if (out.size() >= kMaxAttributes || value.is_null() || value.is_object() || value.is_array()) return;
  const std::string_view text = value.text();
  if (text.empty() || text.size() > kMaxAttributeBytes || text.find('\0') != std::string_view::npos) return;
  out.emplace_back(name, text);
}

}  // namespace

bool is_attribute_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxAttributeName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Attributes read_attributes(const JsonValue& claims, const AttributePolicy& policy) {
  Attributes out;
  for (const auto& [name, path] : policy.named)
    if (const auto value = path.find(claims)) add(out, name, *value);
  const std::optional<JsonValue> own = policy.own.find(claims);
  if (!own || !own->is_object()) return out;
  // A name that settings fill is theirs, also where its claim is absent: no token may speak in its place.
  for (JsonValue::Cursor c = own->begin(); c.valid(); c.advance())
    if (is_attribute_name(c.name()) && std::none_of(policy.named.begin(), policy.named.end(),
                                                    [&](const auto& named) { return named.first == c.name(); }))
      add(out, c.name(), c.value());
  return out;
}

}  // namespace sallyport
