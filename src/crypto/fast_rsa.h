// RS256 of RSA-2048 with e = 65537 by the fast engine: what is computed once for a modulus, and the check with it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "crypto/fast_path.h"

namespace sallyport::fast {

class RsaKey {
 public:
  static constexpr std::size_t kBytes = 256;  // of the modulus

  // Whether it is a key of this kind: big-endian numbers without zeros in front.
  static bool serves(std::string_view modulus, std::string_view exponent) noexcept;
  // Nothing for another kind, or where this machine has not that path; std::bad_alloc where OpenSSL has no memory.
  static std::unique_ptr<const RsaKey> make(std::string_view modulus, std::string_view exponent, Path path);
  static std::size_t bytes() noexcept;  // of what one key takes, about
  ~RsaKey();
  // A SHA-256 digest; a signature of 256 bytes: any other length is refused. `none` without memory to work in.
  Answer verify(std::string_view digest, std::string_view signature) const noexcept;

 private:
  struct State;
  explicit RsaKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sallyport::fast
