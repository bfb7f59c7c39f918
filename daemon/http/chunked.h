// A chunked body (RFC 9112 7.1), decoded where it lies: the data moves down to the start.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sallyport::http {

struct ChunkedBody {
  enum class State : std::uint8_t { more, done, bad, too_long } state = State::more;

  // `data` is where the body begins, `size` what is there of it. Carries on where it stopped; the buffer may have
  // moved.
  void feed(char* data, std::size_t size, std::size_t cap) noexcept;

  std::size_t decoded = 0;   // bytes of the body so far, from `data` on
  std::size_t consumed = 0;  // bytes of the wire that are done with
 private:
  enum class At : std::uint8_t { size, data, data_end, trailer };
  At at_ = At::size;
  std::size_t left_ = 0;     // of the chunk
  std::size_t trailer_ = 0;  // bytes of trailers so far
};

}  // namespace sallyport::http
