#include "crypto/rsa_weakness.h"

#include <cstdint>

namespace sallyport {

bool is_roca_modulus(std::string_view big_endian) noexcept {
  // The primes that divide M for every key size. 2 tells nothing of an odd number. A good
  // modulus passes all of them with a chance of less than 2^-60.
  constexpr unsigned primes[] = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                 47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
  for (const unsigned p : primes) {
    std::uint32_t rest = 0;
    for (const char c : big_endian) rest = (rest * 256 + static_cast<unsigned char>(c)) % p;
    const std::uint32_t generator = 65537 % p;
    std::uint32_t power = 1;
    bool member = rest == 1;
    for (power = generator; !member && power != 1; power = power * generator % p) member = power == rest;
    if (!member) return false;
  }
  return true;
}

}  // namespace sallyport
