// Base64url as tokens have it, against a slow, obvious reader; the lenient form that people write; hex.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/base64url.h"
#include "promise.h"

namespace sallyport {
namespace {

// RFC 4648 section 5 bit by bit: no padding, whole bytes, and what is left over is zero.
std::optional<std::string> slowly(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::vector<bool> bits;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    for (int bit = 5; bit >= 0; --bit) bits.push_back(value >> bit & 1);
  }
  const std::size_t over = bits.size() % 8;
  if (over >= 6) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i + 8 <= bits.size(); i += 8) {
    int byte = 0;
    for (std::size_t k = 0; k < 8; ++k) byte = byte * 2 + bits[i + k];
    out += static_cast<char>(byte);
  }
  for (std::size_t i = bits.size() - over; i < bits.size(); ++i)
    if (bits[i]) return std::nullopt;
  return out;
}

void look(std::string_view text) {
  const auto decoded = decode_base64url(text);
  promise(decoded == slowly(text), "the decoder reads as the slow one does");
  if (decoded) {
    promise(encode_base64url(*decoded) == text, "a byte string has one spelling");
    std::vector<char> exact(decoded->size());
    promise(decode_base64url(text, std::span<char>(exact)) == exact.size() &&
                std::equal(exact.begin(), exact.end(), decoded->begin()),
            "it decodes into room that is just enough");
    if (!exact.empty())
      promise(!decode_base64url(text, std::span<char>(exact.data(), exact.size() - 1)), "too little room is refused");
    promise(decode_base64_lenient(text) == decoded, "what is strict is lenient, too");
  }
  if (const auto lenient = decode_base64_lenient(text))
    promise(decode_base64_lenient(encode_base64(*lenient)) == lenient, "what people wrote is written again");
  if (const auto bytes = decode_hex(text)) {
    std::string lower(text);
    for (char& c : lower)
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    promise(encode_hex(*bytes) == lower, "hex is written again");
  }
  promise(decode_base64url(encode_base64url(text)) == text, "any bytes come back");
  promise(decode_base64_lenient(encode_base64(text)) == text, "any bytes come back from the standard alphabet");
  promise(decode_hex(encode_hex(text)) == text, "any bytes come back from hex");
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::look({reinterpret_cast<const char*>(data), size});
  return 0;
}
