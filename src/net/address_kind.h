// What kind of host an IP address means. Private addresses are ordinary: key servers
// are often internal. Link-local and cloud metadata addresses are not: there are
// credentials at them, and an address that settings or DNS lead to must not fetch those.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

enum class AddressKind : std::uint8_t {
  ordinary,
  loopback,
  special,  // link-local, cloud metadata, unspecified, multicast, broadcast, reserved
};

AddressKind address_kind(const sockaddr* address) noexcept;
// Of an address as text; special where it is none.
AddressKind address_kind(std::string_view text) noexcept;
std::string address_text(const sockaddr* address);

}  // namespace sallyport
