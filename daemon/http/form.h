// application/x-www-form-urlencoded, decoded in place. A name that stands twice, a
// broken escape and too many fields are refused: whoever asks did not mean them.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace sallyport::http {

class Form {
 public:
  static constexpr std::size_t kMaxFields = 48;
  // False where it is refused. The fields are views into `text`.
  bool parse(char* text, std::size_t size) noexcept;
  std::optional<std::string_view> find(std::string_view name) const noexcept;

 private:
  struct Field {
    std::string_view name, value;
  };
  std::array<Field, kMaxFields> fields_;
  std::size_t count_ = 0;
};

}  // namespace sallyport::http
