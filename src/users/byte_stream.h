// ByteStream: bytes one at a time from wherever they come, through a buffer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport {

// Fills the buffer with up to n bytes; 0: the end.
using ReadBytes = std::function<std::size_t(char* buffer, std::size_t n)>;

class ByteStream {
 public:
  static constexpr int kEnd = -1;
  explicit ByteStream(ReadBytes read) : read_(std::move(read)), buffer_(64 * 1024, '\0') {}

  int peek() { return at_ < filled_ || fill() ? static_cast<unsigned char>(buffer_[at_]) : kEnd; }
  int get() {
    const int byte = peek();
    if (byte != kEnd) ++at_;
    return byte;
  }
  // What comes next, without taking it: at most `n` bytes (of the buffer's first fill).
  std::string_view ahead(std::size_t n) {
    peek();
    return std::string_view(buffer_).substr(at_, std::min(n, filled_ - at_));
  }
  std::size_t taken() const noexcept { return before_ + at_; }

 private:
  bool fill() {
    before_ += at_;
    at_ = 0;
    filled_ = read_(buffer_.data(), buffer_.size());
    return filled_ != 0;
  }
  ReadBytes read_;
  std::string buffer_;
  std::size_t at_ = 0, filled_ = 0, before_ = 0;
};

}  // namespace sallyport
