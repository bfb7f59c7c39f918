// The head of a request (RFC 9112), strictly: what two readers could read differently is
// refused, since that is how a request is smuggled past the one in front. A function of
// bytes; no socket.
#pragma once

#include <cstddef>

#include "daemon/http/request.h"

namespace sallyport::http {

struct HeadResult {
  enum class State : std::uint8_t { more, done, bad } state = State::more;
  std::size_t size = 0;  // done: bytes of the head
  int status = 400;      // bad: what to answer before closing
};

// Looks for the end of the head from `scanned` on, which it moves; parses once it is there. Header names are put into
// lower case in place.
HeadResult parse_head(char* data, std::size_t size, std::size_t& scanned, Request& out,
                      std::size_t most_body = kMaxBodyBytes);

}  // namespace sallyport::http
