// Base64url as JWS needs it (RFC 7515 section 2, RFC 4648 section 5), strict: no
// padding, no white space, no other alphabet, and the unused bits of the last
// character are zero, so that one byte string has exactly one spelling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

// Bytes that `encoded` characters decode to at most.
constexpr std::size_t base64url_decoded_size(std::size_t encoded) noexcept {
  return encoded / 4 * 3 + (encoded % 4) * 3 / 4;
}

// Decodes into `out`; the number of bytes written, or nothing when the text is not
// strict base64url or `out` is too small. Never allocates.
std::optional<std::size_t> decode_base64url(std::string_view text, std::span<char> out) noexcept;

std::optional<std::string> decode_base64url(std::string_view text);
std::string encode_base64url(std::string_view bytes);

// For settings written by people (secret_base64): standard or url alphabet, padding
// and surrounding white space optional. Never for tokens.
std::optional<std::string> decode_base64_lenient(std::string_view text);
std::string encode_base64(std::string_view bytes);
std::string encode_hex(std::string_view bytes);
std::optional<std::string> decode_hex(std::string_view text);

}  // namespace sallyport
