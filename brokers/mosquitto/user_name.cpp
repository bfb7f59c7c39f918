#include "brokers/mosquitto/user_name.h"

#include <cstddef>
#include <cstdint>

namespace sallyport::mosquitto {
namespace {

// The code point at `at` and its length; length 0 where it is no shortest-form UTF-8 (RFC 3629).
struct Decoded {
  std::uint32_t point = 0;
  std::size_t length = 0;
};

Decoded decode(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                             : (first >> 4) == 14             ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  if (length == 0 || at + length > text.size()) return {};
  std::uint32_t point = first & (0x7fu >> length);
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(at + k) >> 6) != 2) return {};
    point = (point << 6) | (byte(at + k) & 0x3f);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  return overlong || point > 0x10ffff ? Decoded{} : Decoded{point, length};
}

bool allowed(std::uint32_t point) noexcept {
  if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return false;            // C0, DEL, C1
  if (point >= 0xd800 && point <= 0xdfff) return false;                          // surrogates
  return !((point & 0xfffe) == 0xfffe || (point >= 0xfdd0 && point <= 0xfdef));  // noncharacters
}

}  // namespace

bool is_sane_user_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 65'535) return false;
  for (std::size_t i = 0; i < name.size();) {
    const Decoded d = decode(name, i);
    if (d.length == 0 || !allowed(d.point)) return false;
    i += d.length;
  }
  return true;
}

}  // namespace sallyport::mosquitto
