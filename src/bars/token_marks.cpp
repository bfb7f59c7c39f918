#include "bars/token_marks.h"

#include <array>
#include <cstring>

#include "crypto/keyed_hash.h"

namespace sallyport {

Mark mark_of(std::uint8_t domain, std::string_view text) noexcept {
  static const WideTableHash hash;
  const std::array<std::uint64_t, 2> halves = hash(domain, text);
  return {halves[0], halves[1]};
}

}  // namespace sallyport
