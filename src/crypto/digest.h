// SHA-2, one-shot, on the stack: no context is fetched or allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

enum class Hash : std::uint8_t { sha256, sha384, sha512 };

constexpr std::size_t digest_size(Hash h) noexcept {
  switch (h) {
    case Hash::sha256:
      return 32;
    case Hash::sha384:
      return 48;
    case Hash::sha512:
      return 64;
  }
  return 0;
}

struct Digest {
  std::array<unsigned char, 64> bytes{};
  std::size_t size = 0;
  std::string_view view() const noexcept { return {reinterpret_cast<const char*>(bytes.data()), size}; }
};

Digest digest(Hash h, std::string_view input) noexcept;
// Raw SHA-256, for fingerprints and thumbprints.
std::string sha256(std::string_view input);

}  // namespace sallyport
