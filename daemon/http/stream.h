// Stream: an answer without an end. No thread waits with it: its connection asks it a few
// times a second what there is to say, and not while what it said last is still on its way,
// so that a slow reader gets less and never makes a queue.
#pragma once

#include <cstdint>
#include <string>

namespace sallyport::http {

class Stream {
 public:
  virtual ~Stream() = default;
  // Appends what is new. False: it is over.
  virtual bool more(std::int64_t now_ms, std::string& out) noexcept = 0;
};

}  // namespace sallyport::http
