// A listening socket: TCP, or a Unix socket that its owner and group may use.
#pragma once

#include <string>

#include "base/result.h"
#include "control/unix_socket.h"

namespace sallyport::http {

struct Listener {
  control::Descriptor fd;  // non-blocking
  std::string address;     // as bound: "127.0.0.1:43211", "unix:/path"
  bool is_unix = false;
  control::BoundSocket unix_socket;  // of a Unix socket: its file is taken away at the end
};

Result<Listener> open_listener(const std::string& address);

}  // namespace sallyport::http
