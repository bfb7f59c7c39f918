#include "keys/source_url.h"

#include <algorithm>
#include <cctype>

namespace sallyport {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_host_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_'; }
bool is_address_char(char c) { return std::isxdigit(static_cast<unsigned char>(c)) || c == ':' || c == '.'; }

std::string lower(std::string_view t) {
  std::string out(t);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

Result<SourceUrl> parse_source_url(std::string_view text) {
  if (text.size() > 2048) return unexpected(invalid("the address is longer than 2048 characters"));
  SourceUrl out;
  if (!std::all_of(text.begin(), text.end(),
                   [](char c) { return c > 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '<' && c != '>'; }))
    return unexpected(invalid("the address has a character that stands in no URL",
                              "write a host with other letters in its xn-- form, a blank as %20"));
  const std::size_t colon = text.find("://");
  const std::string scheme = lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (scheme != "https" && scheme != "http")
    return unexpected(invalid("the address is no http or https URL", "write https://host/path"));
  out.https = scheme == "https";
  std::string_view rest = text.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos)
    return unexpected(invalid("the address has a fragment", "take # and what follows out"));
  const std::size_t end = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, end);
  out.path = end == std::string_view::npos ? "/"
             : rest[end] == '?'            ? "/" + std::string(rest.substr(end))
                                           : std::string(rest.substr(end));
  if (authority.find('@') != std::string_view::npos)
    return unexpected(
        invalid("the address holds a user name or password", "take it out; jwks_headers can hold an Authorization"));
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    const std::string_view host = close == std::string_view::npos ? std::string_view() : authority.substr(1, close - 1);
    if (host.find(':') == std::string_view::npos || !std::all_of(host.begin(), host.end(), is_address_char))
      return unexpected(invalid("the address between [ and ] is no IPv6 address"));
    out.host = lower(host);
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':')
      return unexpected(invalid("something stands between the host and its port"));
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t at = authority.find(':');
    out.host = lower(authority.substr(0, at));
    if (at != std::string_view::npos) port = authority.substr(at + 1);
    if (out.host.empty() || !std::all_of(out.host.begin(), out.host.end(), is_host_char))
      return unexpected(invalid("the address has no host, or one that no host is called", "write https://host/path"));
  }
  out.port = out.https ? 443 : 80;
  if (!port.empty()) {
    if (port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit))
      return unexpected(invalid("the port is no number"));
    const int n = std::stoi(std::string(port));
    if (n < 1 || n > 65'535) return unexpected(invalid("the port is outside 1 to 65535"));
    out.port = static_cast<std::uint16_t>(n);
  }
  return out;
}

bool same_origin(const SourceUrl& a, const SourceUrl& b) noexcept {
  return a.https == b.https && a.port == b.port && a.host == b.host;
}

bool is_loopback_name(std::string_view host) noexcept {
  if (host == "localhost" || host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  // Four plain decimal parts: 127.1 and 127.0x1 are read by some and not by others.
  int dots = 0;
  for (const char c : host) {
    if (c == '.')
      ++dots;
    else if (!is_digit(c))
      return false;
  }
  return dots == 3;
}

}  // namespace sallyport
