#include <charconv>

#include "codec/json.h"

namespace sallyport {
namespace {

// Compares a member's name with one token of a JSON Pointer, in which ~1 is / and ~0 is ~.
// False for a token with any other ~.
bool matches_token(std::string_view name, std::string_view token) {
  std::size_t i = 0;
  for (std::size_t k = 0; k < token.size(); ++k, ++i) {
    char c = token[k];
    if (c == '~') {
      if (++k == token.size() || (token[k] != '0' && token[k] != '1')) return false;
      c = token[k] == '0' ? '~' : '/';
    }
    if (i == name.size() || name[i] != c) return false;
  }
  return i == name.size();
}

// RFC 6901 4: "0", or digits without a leading zero.
std::optional<std::size_t> array_index(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return index;
}

}  // namespace

std::optional<bool> JsonValue::boolean() const noexcept {
  if (type() != JsonType::boolean) return std::nullopt;
  return tape_->nodes_[index_].is_true();
}

std::optional<std::int64_t> JsonValue::integer() const noexcept {
  if (!is_number()) return std::nullopt;
  const std::string_view digits = text();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::size_t JsonValue::size() const noexcept { return is_array() || is_object() ? tape_->nodes_[index_].count() : 0; }

std::optional<JsonValue> JsonValue::at_pointer(std::string_view pointer) const noexcept {
  JsonValue at = *this;
  while (!pointer.empty()) {
    if (pointer[0] != '/') return std::nullopt;
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    const auto index = at.is_array() ? array_index(token) : std::nullopt;
    std::optional<JsonValue> found;
    std::size_t i = 0;
    for (Cursor c = at.begin(); c.valid() && !found; c.advance(), ++i)
      if (at.is_object() ? matches_token(c.name(), token) : index == i) found = c.value();
    if (!found) return std::nullopt;
    at = *found;
  }
  return at;
}

}  // namespace sallyport
