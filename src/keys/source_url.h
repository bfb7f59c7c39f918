// SourceUrl: the address of a key source, read strictly: what two parsers could read in
// two ways is refused, so that the host that is checked is the host that is asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport {

struct SourceUrl {
  bool https = false;
  std::string host;  // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string path;  // from the first "/", with query; "/" at least
};

// http or https, printable ASCII, a host, no user name, no fragment.
Result<SourceUrl> parse_source_url(std::string_view text);
bool same_origin(const SourceUrl& a, const SourceUrl& b) noexcept;
// "localhost", 127.0.0.0/8 and ::1, as written.
bool is_loopback_name(std::string_view host) noexcept;

}  // namespace sallyport
