// ClaimPath: where a claim is. A name that starts with "/" is a JSON Pointer
// (RFC 6901), any other a top-level name as it stands, dots and colons included.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/json.h"

namespace sallyport {

class ClaimPath {
 public:
  explicit ClaimPath(std::string_view text) : text_(text) {}
  const std::string& text() const noexcept { return text_; }
  std::optional<JsonValue> find(const JsonValue& claims) const noexcept {
    return text_.starts_with('/') ? claims.at_pointer(text_) : claims.find(text_);
  }

 private:
  std::string text_;
};

}  // namespace sallyport
