#include "auth/connect_attempt.h"

#include <arpa/inet.h>

#include <cstring>

namespace sallyport {

bool is_loopback_address(std::string_view address) noexcept {
  char text[INET6_ADDRSTRLEN + 1] = {};
  if (address.empty() || address.size() >= sizeof text) return false;
  std::memcpy(text, address.data(), address.size());
  in_addr four{};
  if (inet_pton(AF_INET, text, &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  if (inet_pton(AF_INET6, text, &six) != 1) return false;
  if (IN6_IS_ADDR_LOOPBACK(&six)) return true;
  return IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127;
}

}  // namespace sallyport
