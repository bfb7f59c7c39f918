// Response: what a contract answers; written once, with its length, and no more headers than are needed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/http/stream.h"

namespace sallyport::http {

struct Response {
  int status = 200;
  std::string_view content_type = "text/plain";
  std::string headers;  // further lines, each with its CR LF; values are safe (header_value)
  std::string body;
  bool close = false;
  std::shared_ptr<Stream> stream;  // what follows, for as long as both are there

  void clear() noexcept {
    status = 200;
    content_type = "text/plain";
    headers.clear();
    body.clear();
    close = false;
    stream.reset();
  }
};

std::string_view status_text(int status) noexcept;
// Appends the whole response. `head`: HEAD was asked, the body stays away.
void write_response(std::string& out, const Response& response, bool keep_alive, bool head);
// A text as a header's value: what is no visible ASCII, and "%", as %XX, so that no name of a client makes a line.
std::string header_value(std::string_view text);

}  // namespace sallyport::http
