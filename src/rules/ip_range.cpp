#include "rules/ip_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sallyport {
namespace {

struct Parsed {
  IpAddress address{};
  bool is_v4 = false;
};

std::optional<Parsed> parse_either(std::string_view text) noexcept {
  char copy[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  Parsed out;
  if (inet_pton(AF_INET, copy, out.address.data() + 12) == 1) {
    out.address[10] = out.address[11] = 0xFF;
    out.is_v4 = true;
    return out;
  }
  if (inet_pton(AF_INET6, copy, out.address.data()) == 1) return out;
  return std::nullopt;
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) noexcept {
  // A link-local peer is told with its zone (RFC 4007): a block or a rule that denies must not miss it for that.
  if (text.find(':') != std::string_view::npos) text = text.substr(0, text.find('%'));
  const auto parsed = parse_either(text);
  if (!parsed) return std::nullopt;
  return parsed->address;
}

std::optional<IpRange> IpRange::parse(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  const auto parsed = parse_either(text.substr(0, slash));
  if (!parsed) return std::nullopt;
  IpRange out;
  out.network_ = parsed->address;
  if (slash == std::string_view::npos) return out;
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const unsigned most = parsed->is_v4 ? 32 : 128;
  if (error != std::errc{} || end != digits.data() + digits.size() || bits > most ||
      (digits.size() > 1 && digits[0] == '0'))
    return std::nullopt;
  out.bits_ = parsed->is_v4 ? bits + 96 : bits;
  return out;
}

IpRange::Bytes IpRange::to_bytes() const noexcept {
  Bytes out{};
  std::copy(network_.begin(), network_.end(), out.begin());
  out.back() = static_cast<std::uint8_t>(bits_);
  return out;
}

std::optional<IpRange> IpRange::from_bytes(std::string_view bytes) noexcept {
  IpRange out;
  if (bytes.size() != out.network_.size() + 1) return std::nullopt;
  std::transform(bytes.begin(), bytes.end() - 1, out.network_.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  out.bits_ = static_cast<unsigned char>(bytes.back());
  if (out.bits_ > 128) return std::nullopt;
  return out;
}

IpAddress network_of(const IpAddress& address, unsigned bits) noexcept {
  IpAddress out = address;
  for (std::size_t i = bits / 8; i < out.size(); ++i) {
    const unsigned kept = i == bits / 8 ? bits % 8 : 0;
    out[i] = static_cast<std::uint8_t>(out[i] & (0xFFU << (8 - kept)));
  }
  return out;
}

IpAddress IpRange::network() const noexcept { return network_of(network_, bits_); }

std::string IpRange::to_text() const {
  const IpAddress shown = network();
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = bits_ >= 96 && IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(shown.data()));
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? shown.data() + 12 : shown.data(), text, sizeof text);
  std::string out = text;
  if (bits_ != 128) out += "/" + std::to_string(v4 ? bits_ - 96 : bits_);
  return out;
}

bool IpRange::contains(const IpAddress& address) const noexcept {
  const std::size_t whole = bits_ / 8;
  if (std::memcmp(network_.data(), address.data(), whole) != 0) return false;
  if (bits_ % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - bits_ % 8));
  return ((network_[whole] ^ address[whole]) & mask) == 0;
}

}  // namespace sallyport
