// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace sallyport {

// Length of the well-formed sequence that begins at `at`, or 0. `end` > `at`.
inline std::size_t utf8_sequence(const char* at, const char* end) noexcept {
  const auto u = [](char c) { return static_cast<unsigned char>(c); };
  const auto tail = [&](const char* p) { return (u(*p) & 0xc0) == 0x80; };
  const unsigned char c = u(*at);
  const auto left = end - at;
  if (c < 0x80) return 1;
  if (c < 0xc2) return 0;  // a continuation, or an overlong form of ASCII
  if (c < 0xe0) return left >= 2 && tail(at + 1) ? 2 : 0;
  if (c < 0xf0) {
    if (left < 3 || !tail(at + 1) || !tail(at + 2)) return 0;
    if (c == 0xe0 && u(at[1]) < 0xa0) return 0;   // overlong
    if (c == 0xed && u(at[1]) >= 0xa0) return 0;  // surrogates
    return 3;
  }
  if (c < 0xf5) {
    if (left < 4 || !tail(at + 1) || !tail(at + 2) || !tail(at + 3)) return 0;
    if (c == 0xf0 && u(at[1]) < 0x90) return 0;   // overlong
    if (c == 0xf4 && u(at[1]) >= 0x90) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

inline bool is_utf8(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const std::size_t n = utf8_sequence(at, end);
    if (n == 0) return false;
    at += n;
  }
  return true;
}

}  // namespace sallyport
