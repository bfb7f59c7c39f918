// The session cookie, as browsers are told to keep it.
#pragma once

#include <string>
#include <string_view>

#include "daemon/http/request.h"

namespace sallyport::daemon {

// __Host-: a browser takes it only over TLS, for this host and every path, so that no other host can plant it.
constexpr std::string_view session_cookie_name(bool secure) {
  return secure ? "__Host-sallyport_session" : "sallyport_session";
}

inline std::string set_session_cookie(std::string_view value, bool secure) {
  std::string out(session_cookie_name(secure));
  out += '=';
  out += value;
  out += "; Path=/; HttpOnly; SameSite=Strict";
  if (secure) out += "; Secure";
  if (value.empty()) out += "; Max-Age=0";
  return out;
}

// Empty where there is none, or two: which of them was planted is anybody's guess.
inline std::string_view session_cookie_of(const http::Request& request, bool secure) {
  const std::string_view wanted = session_cookie_name(secure);
  std::string_view found;
  std::string_view rest = request.header("cookie").value_or(std::string_view());
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != wanted) continue;
    if (!found.empty()) return {};
    found = pair.substr(equals + 1);
  }
  return found;
}

}  // namespace sallyport::daemon
