// Request: one HTTP/1.1 request as views into the connection's buffer, which may be
// written to (forms and JSON are decoded in place). Gone with the next request.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::http {

inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;
inline constexpr std::size_t kMaxBodyBytes = 256 * 1024;
inline constexpr std::size_t kMaxHeaders = 64;

struct Header {
  std::string_view name;  // in lower case
  std::string_view value;
};

enum class Framing : std::uint8_t { none, length, chunked };

struct Request {
  std::string_view method;
  char* path_data = nullptr;  // the target up to its "?"
  std::size_t path_size = 0;
  char* query_data = nullptr;
  std::size_t query_size = 0;
  std::array<Header, kMaxHeaders> headers;
  std::size_t header_count = 0;
  bool http10 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  Framing framing = Framing::none;
  std::size_t content_length = 0;
  char* body_data = nullptr;
  std::size_t body_size = 0;

  // The headers that are there, not the room for those that are not.
  void copy_from(const Request& other) noexcept {
    method = other.method;
    path_data = other.path_data;
    path_size = other.path_size;
    query_data = other.query_data;
    query_size = other.query_size;
    std::copy_n(other.headers.begin(), other.header_count, headers.begin());
    header_count = other.header_count;
    http10 = other.http10;
    keep_alive = other.keep_alive;
    expects_continue = other.expects_continue;
    framing = other.framing;
    content_length = other.content_length;
    body_data = other.body_data;
    body_size = other.body_size;
  }
  std::string_view path() const noexcept { return {path_data, path_size}; }
  // The one value of a header; nothing where there is none, or more than one (which of them is meant is anybody's
  // guess).
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    std::optional<std::string_view> found;
    for (std::size_t i = 0; i < header_count; ++i) {
      if (headers[i].name != name) continue;
      if (found) return std::nullopt;
      found = headers[i].value;
    }
    return found;
  }
  std::size_t count(std::string_view name) const noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i < header_count; ++i) n += headers[i].name == name;
    return n;
  }
};

}  // namespace sallyport::http
