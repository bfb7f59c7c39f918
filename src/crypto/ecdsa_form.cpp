#include "crypto/ecdsa_form.h"

#include <cstring>

namespace sallyport {
namespace {

// A positive INTEGER, as short as it can be. Returns the byte after it, or null where `number` is zero.
unsigned char* put_integer(unsigned char* to, std::string_view number) noexcept {
  while (!number.empty() && number.front() == 0) number.remove_prefix(1);
  if (number.empty()) return nullptr;
  const bool sign = (static_cast<unsigned char>(number.front()) & 0x80) != 0;
  *to++ = 0x02;
  *to++ = static_cast<unsigned char>(number.size() + (sign ? 1 : 0));
  if (sign) *to++ = 0;
  std::memcpy(to, number.data(), number.size());
  return to + number.size();
}

bool take_integer(std::string_view& der, std::size_t coordinate, char* to) {
  if (der.size() < 2 || der[0] != 0x02) return false;
  const auto n = static_cast<unsigned char>(der[1]);
  if (n == 0 || n > 127 || der.size() < std::size_t{2} + n) return false;
  std::string_view number = der.substr(2, n);
  der.remove_prefix(std::size_t{2} + n);
  while (!number.empty() && number.front() == 0) number.remove_prefix(1);
  if (number.size() > coordinate) return false;
  std::memcpy(to + (coordinate - number.size()), number.data(), number.size());
  return true;
}

}  // namespace

std::optional<EcdsaDer> ecdsa_to_der(std::string_view raw, std::size_t coordinate) noexcept {
  if (raw.size() != 2 * coordinate || coordinate == 0 || coordinate > 66) return std::nullopt;
  EcdsaDer out;
  // r = 0 or s = 0 verifies anything in implementations that forget to look (CVE-2022-21449).
  unsigned char* at = put_integer(out.bytes.data() + 3, raw.substr(0, coordinate));
  if (at) at = put_integer(at, raw.substr(coordinate));
  if (!at) return std::nullopt;
  const auto length = static_cast<std::size_t>(at - (out.bytes.data() + 3));
  out.bytes[0] = 0x30;
  if (length < 0x80) {  // the short form of the length takes one byte less
    out.bytes[1] = static_cast<unsigned char>(length);
    std::memmove(out.bytes.data() + 2, out.bytes.data() + 3, length);
    out.size = length + 2;
  } else {
    out.bytes[1] = 0x81;
    out.bytes[2] = static_cast<unsigned char>(length);
    out.size = length + 3;
  }
  return out;
}

std::optional<std::string> ecdsa_from_der(std::string_view der, std::size_t coordinate) {
  if (der.size() < 3 || der[0] != 0x30) return std::nullopt;
  std::size_t header = 2, length = static_cast<unsigned char>(der[1]);
  if (length == 0x81) {
    header = 3;
    length = static_cast<unsigned char>(der[2]);
  } else if (length >= 0x80) {
    return std::nullopt;
  }
  if (der.size() != header + length) return std::nullopt;
  der.remove_prefix(header);
  std::string raw(2 * coordinate, '\0');
  if (!take_integer(der, coordinate, raw.data()) || !take_integer(der, coordinate, raw.data() + coordinate) ||
      !der.empty())
    return std::nullopt;
  return raw;
}

}  // namespace sallyport
