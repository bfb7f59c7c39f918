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
  // What comes next, without taking it: `n` bytes, 64 KiB at most, or all that is left. A pipe gives them in pieces.
  std::string_view ahead(std::size_t n) {
    n = std::min(n, buffer_.size());
    while (filled_ - at_ < n && more()) {
    }
    return std::string_view(buffer_).substr(at_, std::min(n, filled_ - at_));
  }
  std::size_t taken() const noexcept { return before_ + at_; }

 private:
  // Behind what is there already.
  bool more() {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(filled_), buffer_.begin());
    before_ += at_;
    filled_ -= at_;
    at_ = 0;
    const std::size_t got = read_(buffer_.data() + filled_, buffer_.size() - filled_);
    filled_ += got;
    return got != 0;
  }
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
