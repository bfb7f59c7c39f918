// An ECDSA signature's two spellings: r||s of fixed length, as JWS has it (RFC 7518
// 3.4), and the DER SEQUENCE that OpenSSL reads. No allocation.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

inline constexpr std::size_t kMaxEcdsaDer = 8 + 2 * 67;
struct EcdsaDer {
  std::array<unsigned char, kMaxEcdsaDer> bytes{};
  std::size_t size = 0;
};

// Nothing where the length is not 2 * `coordinate` bytes, or r or s is zero.
std::optional<EcdsaDer> ecdsa_to_der(std::string_view raw, std::size_t coordinate) noexcept;
// The other way, for signing; nothing where it is no such SEQUENCE or does not fit.
std::optional<std::string> ecdsa_from_der(std::string_view der, std::size_t coordinate);

}  // namespace sallyport
