// Marks: what a token or a client can be barred by, as keyed hashes of this process.
// 128 bits under a random key: nobody can find two names of one mark, and whoever reads
// a core file finds no jti in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace sallyport {

struct Mark {
  std::uint64_t high = 0, low = 0;  // both 0: nothing
  explicit operator bool() const noexcept { return (high | low) != 0; }
  bool operator==(const Mark&) const = default;
};

// `domain` keeps a jti and a principal of the same text apart.
Mark mark_of(std::uint8_t domain, std::string_view text) noexcept;
// A mark of two together; the second may be nothing.
constexpr Mark joined(Mark a, Mark b) noexcept { return {a.high ^ b.high, a.low ^ b.low}; }

// Of one verified token, kept with its session: what a revocation that comes later is held against.
struct TokenMarks {
  Mark jti, principal, key_id;  // nothing where the token has none
  Mark issuer;
  Mark key;    // the label of the key that verified it
  Mark token;  // which token it is: its issuer and jti, or its signature
  std::optional<UnixSeconds> issued_at;
  bool of_token = false;
};

}  // namespace sallyport
