#include "daemon/http/chunked.h"

#include <algorithm>
#include <cstring>

namespace sallyport::http {
namespace {

constexpr std::size_t kMaxSizeLine = 128;  // with extensions, which nobody needs
constexpr std::size_t kMaxTrailers = 4096;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The length of the line at `text` without its CR LF; nothing found: `size`. False: a bare CR or LF, or a NUL.
bool find_line(const char* text, std::size_t size, std::size_t& length) {
  for (std::size_t i = 0; i < size; ++i) {
    if (text[i] == '\0' || text[i] == '\n') return false;
    if (text[i] != '\r') continue;
    if (i + 1 == size) break;
    if (text[i + 1] != '\n') return false;
    length = i;
    return true;
  }
  length = size;
  return true;
}

}  // namespace

void ChunkedBody::feed(char* data, std::size_t size, std::size_t cap) noexcept {
  const auto stop = [&](State s) { state = s; };
  while (state == State::more) {
    const std::size_t there = size - consumed;
    char* const at = data + consumed;
    switch (at_) {
      case At::size: {
        std::size_t length = 0;
        if (!find_line(at, std::min(there, kMaxSizeLine), length)) return stop(State::bad);
        if (length == std::min(there, kMaxSizeLine)) return there >= kMaxSizeLine ? stop(State::bad) : void();
        std::size_t digits = 0;
        left_ = 0;
        for (; digits < length && hex(at[digits]) >= 0; ++digits) {
          if (digits == 8) return stop(State::bad);  // a size that wraps around somewhere is another size there
          left_ = left_ * 16 + static_cast<std::size_t>(hex(at[digits]));
        }
        if (digits == 0 || (digits < length && at[digits] != ';')) return stop(State::bad);
        if (left_ > cap - decoded) return stop(State::too_long);
        consumed += length + 2;
        at_ = left_ ? At::data : At::trailer;
        break;
      }
      case At::data: {
        if (there == 0) return;
        const std::size_t n = std::min(there, left_);
        std::memmove(data + decoded, at, n);
        decoded += n;
        consumed += n;
        left_ -= n;
        if (left_ == 0) at_ = At::data_end;
        break;
      }
      case At::data_end:
        if (there >= 1 && at[0] != '\r') return stop(State::bad);
        if (there < 2) return;
        if (at[1] != '\n') return stop(State::bad);
        consumed += 2;
        at_ = At::size;
        break;
      case At::trailer: {
        std::size_t length = 0;
        if (!find_line(at, there, length)) return stop(State::bad);
        if (length == there) return there + trailer_ > kMaxTrailers ? stop(State::bad) : void();
        consumed += length + 2;
        trailer_ += length + 2;
        if (length == 0) return stop(State::done);
        if (trailer_ > kMaxTrailers || at[0] == ' ' || at[0] == '\t') return stop(State::bad);
        break;
      }
    }
  }
}

}  // namespace sallyport::http
