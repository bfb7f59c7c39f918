// Sealer: secrets that are kept where others may come by a copy (revisions of settings
// in a store), under a key that lies elsewhere. XChaCha20-Poly1305 with random nonces.
// Immutable; any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace sallyport {

class Sealer {
 public:
  static constexpr std::size_t kLeastKey = 32;
  // Bytes of a key file: random, at least kLeastKey of them; all of them count.
  explicit Sealer(std::string_view key_bytes) noexcept;
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  // Raw bytes; other ones each time.
  std::string seal(std::string_view secret) const;
  // Nothing: sealed under another key, or changed.
  std::optional<Secret> open(std::string_view sealed) const;

 private:
  std::array<unsigned char, 32> key_{};
};

}  // namespace sallyport
