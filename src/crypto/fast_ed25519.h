// EdDSA with Ed25519 by the fast engine: one key's table and the check with it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "crypto/fast_path.h"

namespace sallyport::fast {

class Ed25519Key {
 public:
  // The key's 32 bytes. Nothing where they are no canonical point, or one of small order, or this machine has not that
  // path. That it lies in the group of prime order is the caller's to know.
  static std::unique_ptr<const Ed25519Key> make(std::string_view key, Path path);
  static std::size_t bytes() noexcept;  // of one key's table
  ~Ed25519Key();
  // SHA-512 of R, the key and the message, in 64 bytes; R and S in 64 bytes. False for any other length. R is compared
  // as it stands, and one of small order is refused, as libsodium does it.
  bool verify(std::string_view hash, std::string_view signature) const noexcept;

 private:
  struct State;
  explicit Ed25519Key(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sallyport::fast
