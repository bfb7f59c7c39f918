#include "net/address_kind.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace sallyport {
namespace {

constexpr std::uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

AddressKind of_v4(std::uint32_t a) noexcept {
  const unsigned first = a >> 24;
  if (first == 127) return AddressKind::loopback;
  if (first == 0 || first >= 224) return AddressKind::special;     // this network, multicast, reserved, broadcast
  if (a >> 16 == (169u << 8 | 254u)) return AddressKind::special;  // link-local; AWS, Azure, Google, ECS metadata
  if (a == ip(100, 100, 100, 200) || a == ip(168, 63, 129, 16) || a == ip(192, 0, 0, 192))
    return AddressKind::special;  // Alibaba, Azure, Oracle
  return AddressKind::ordinary;
}

AddressKind of_v6(const unsigned char* b) noexcept {
  static constexpr unsigned char zeros[12] = {};
  static constexpr unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};
  static constexpr unsigned char aws[16] = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
  static constexpr unsigned char google[16] = {0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
  const auto v4_at = [b](int i) { return ip(b[i], b[i + 1], b[i + 2], b[i + 3]); };
  // An IPv4 address in another dress is that address.
  if (std::memcmp(b, mapped, 12) == 0 || std::memcmp(b, nat64, 12) == 0) return of_v4(v4_at(12));
  if (b[0] == 0x20 && b[1] == 0x02) return of_v4(v4_at(2));  // 6to4
  if (std::memcmp(b, zeros, 12) == 0)
    return b[12] == 0 && b[13] == 0 && b[14] == 0 && b[15] == 1 ? AddressKind::loopback : AddressKind::special;
  if (b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)) return AddressKind::special;  // multicast, link-local
  if (std::memcmp(b, aws, 16) == 0 || std::memcmp(b, google, 16) == 0) return AddressKind::special;
  return AddressKind::ordinary;
}

}  // namespace

AddressKind address_kind(const sockaddr* address) noexcept {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    return of_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    return of_v6(v6.sin6_addr.s6_addr);
  }
  return AddressKind::special;
}

AddressKind address_kind(std::string_view text) noexcept {
  char copy[INET6_ADDRSTRLEN + 1] = {};
  if (text.size() >= sizeof copy) return AddressKind::special;
  std::memcpy(copy, text.data(), text.size());
  in_addr v4;
  if (::inet_pton(AF_INET, copy, &v4) == 1) return of_v4(ntohl(v4.s_addr));
  in6_addr v6;
  if (::inet_pton(AF_INET6, copy, &v6) == 1) return of_v6(v6.s6_addr);
  return AddressKind::special;
}

std::string address_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

}  // namespace sallyport
