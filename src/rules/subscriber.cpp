#include "rules/subscriber.h"

#include <arpa/inet.h>

#include <cstring>

#include "rules/ip_range.h"

namespace sallyport {

Subscriber::Subscriber(std::string_view address) noexcept : text_(address) {
  constexpr std::string_view length = "/64";
  std::string_view plain = address;
  if (plain.ends_with(length)) plain.remove_suffix(length.size());
  const auto ip = plain.find(':') == std::string_view::npos ? std::nullopt : parse_ip_address(plain);
  if (!ip) return;
  const bool v4 = IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(ip->data()));
  const IpAddress kept = v4 ? *ip : network_of(*ip, 64);
  if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? kept.data() + 12 : kept.data(), room_.data(), INET6_ADDRSTRLEN)) return;
  std::size_t size = std::strlen(room_.data());
  if (!v4) {
    std::memcpy(room_.data() + size, length.data(), length.size());
    size += length.size();
  }
  text_ = {room_.data(), size};
}

}  // namespace sallyport
