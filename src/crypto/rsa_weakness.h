// What makes an RSA key unfit however well it is used.
#pragma once

#include <string_view>

namespace sallyport {

// CVE-2017-15361 (ROCA): Infineon's RSALib made primes k * M + (65537^a mod M), M being the
// product of the first primes; such a modulus is, modulo each of them, a power of 65537.
bool is_roca_modulus(std::string_view big_endian) noexcept;

}  // namespace sallyport
