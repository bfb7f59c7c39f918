// Lines of a descriptor, one after the other, in bounded memory.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

namespace sallyport::cli {

class LineReader {
 public:
  enum class Got { line, too_long, end, failed };
  LineReader(int fd, std::size_t cap) : fd_(fd), cap_(cap), buffer_(cap + 64 * 1024) {}

  // The bytes may be written to and live until the next call. Before it waits for more input it
  // calls `waiting`, so that answers are out before somebody waits for them.
  template <class Waiting>
  Got next(char*& line, std::size_t& length, Waiting&& waiting) {
    for (;;) {
      if (char* const end = find_newline()) {
        line = buffer_.data() + begin_;
        length = static_cast<std::size_t>(end - line);
        begin_ += length + 1;
        scanned_ = begin_;
        const bool tail = std::exchange(dropping_, false);
        if (tail) continue;  // the end of a line that was answered as too long
        return length > cap_ ? Got::too_long : Got::line;
      }
      if (end_ - begin_ > cap_ || dropping_) {
        const bool first = !std::exchange(dropping_, true);
        begin_ = end_ = scanned_ = 0;
        if (first) return Got::too_long;
      }
      if (eof_) {
        if (begin_ == end_ || dropping_) return Got::end;
        line = buffer_.data() + begin_;
        length = end_ - begin_;
        begin_ = scanned_ = end_;
        return Got::line;
      }
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      scanned_ = end_;
      waiting();
      const ssize_t n = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Got::failed;
      eof_ = n == 0;
      end_ += static_cast<std::size_t>(n);
    }
  }

 private:
  char* find_newline() {
    void* const at = std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_);
    scanned_ = end_;
    return static_cast<char*>(at);
  }

  int fd_;
  std::size_t cap_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0, scanned_ = 0;
  bool eof_ = false, dropping_ = false;
};

}  // namespace sallyport::cli
