// ES384 by the fast engine: one key's table and the check with it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "crypto/fast_path.h"

namespace sallyport::fast {

class P384Key {
 public:
  // Coordinates of 48 bytes. Nothing where the point is not on the curve, or this machine has not that path.
  static std::unique_ptr<const P384Key> make(std::string_view x, std::string_view y, Path path);
  static std::size_t bytes() noexcept;  // of one key's table
  ~P384Key();
  // A SHA-384 digest; r || s of 96 bytes. False for any other length.
  bool verify(std::string_view digest, std::string_view signature) const noexcept;

 private:
  struct State;
  explicit P384Key(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sallyport::fast
