// The bytes of one run, taken from the front as a target needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  // What is not there reads as zero.
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::size_t below(std::size_t n) { return n ? byte() % n : 0; }
  bool flag() { return byte() & 1; }
  std::string bytes(std::size_t n) {
    std::string out(rest_.substr(0, n));
    rest_.remove_prefix(out.size());
    out.resize(n, '\0');
    return out;
  }
  // Up to the next newline, which is taken too.
  std::string_view line() {
    const std::string_view out = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(out.size() == rest_.size() ? out.size() : out.size() + 1);
    return out;
  }
  std::string_view rest() const { return rest_; }
  // What is left turns bits of `text` over, a place and a mask at a time.
  void turn_over(std::string& text) {
    while (!empty()) {
      char& at = text[(byte() * std::size_t{256} + byte()) % text.size()];
      at = static_cast<char>(at ^ static_cast<char>(byte()));
    }
  }

 private:
  std::string_view rest_;
};

}  // namespace sallyport
