// IpRange: one address, or a network in CIDR form. IPv4 is kept as its IPv4-mapped
// IPv6 form, so that "::ffff:192.0.2.7" and "192.0.2.7" are the same peer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

using IpAddress = std::array<std::uint8_t, 16>;
// The network of that many bits that an address is in.
IpAddress network_of(const IpAddress& address, unsigned bits) noexcept;
// Without port or brackets; a zone is cut off; else nothing.
std::optional<IpAddress> parse_ip_address(std::string_view text) noexcept;

class IpRange {
 public:
  // "192.0.2.7", "10.0.0.0/8", "2001:db8::/32". Bits behind the prefix are not looked at.
  static std::optional<IpRange> parse(std::string_view text) noexcept;
  bool contains(const IpAddress& address) const noexcept;
  // The address and the number of its bits.
  using Bytes = std::array<std::uint8_t, 17>;
  Bytes to_bytes() const noexcept;
  static std::optional<IpRange> from_bytes(std::string_view bytes) noexcept;
  // With the bits behind the prefix cleared: two texts of one network have one form.
  IpAddress network() const noexcept;
  unsigned bits() const noexcept { return bits_; }  // of 128; an IPv4 network's are 96 more than its own
  std::string to_text() const;                      // "10.0.0.0/8"; one address without a length

 private:
  IpAddress network_{};
  unsigned bits_ = 128;
};

}  // namespace sallyport
