// Records in bytes, for what one node keeps and another reads: numbers and texts behind
// one another, each text with its length before it. A reader that runs past the end has
// failed, and gives nothing from there on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

class RecordWriter {
 public:
  explicit RecordWriter(std::string& out) : out_(out) {}
  RecordWriter& byte(std::uint8_t value) {
    out_ += static_cast<char>(value);
    return *this;
  }
  RecordWriter& number(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(value >> shift);
    return *this;
  }
  RecordWriter& text(std::string_view value) {
    for (int shift = 0; shift < 32; shift += 8) out_ += static_cast<char>(value.size() >> shift);
    out_ += value;
    return *this;
  }

 private:
  std::string& out_;
};

class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}
  std::uint8_t byte() { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint64_t number() { return little_endian(8); }
  std::string_view text() {
    const auto size = static_cast<std::size_t>(little_endian(4));
    if (failed_ || size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  bool failed() const noexcept { return failed_; }
  // Everything was there, and nothing is left over.
  bool done() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::uint64_t little_endian(std::size_t bytes) {
    if (failed_ || rest_.size() < bytes) {
      failed_ = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(bytes);
    return value;
  }
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace sallyport
