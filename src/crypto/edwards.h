// Edwards curves: which keys bind their owner, and Ed25519 by libsodium, which is twice
// as fast as OpenSSL's, needs no context and is strict: S below the group's order, R and
// the key canonical and not of small order.
#pragma once

#include <string_view>

namespace sallyport {

// Whether the bytes are a canonical point that is not of small order (for Ed25519 also: on
// the curve, in the prime-order group). Under a small-order key one signature fits every message.
bool is_sound_ed25519_key(std::string_view bytes) noexcept;
bool is_sound_ed448_key(std::string_view bytes) noexcept;

bool verify_ed25519(std::string_view key, std::string_view input, std::string_view signature) noexcept;

}  // namespace sallyport
