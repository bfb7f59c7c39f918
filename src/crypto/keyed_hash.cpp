#include "crypto/keyed_hash.h"

#include <sodium.h>

namespace sallyport {

TableHash::TableHash() { randombytes_buf(key_.data(), key_.size()); }

std::uint64_t TableHash::operator()(std::string_view bytes) const noexcept {
  std::uint64_t out = 0;
  crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(&out),
                             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), key_.data());
  return out;
}

WideTableHash::WideTableHash() { randombytes_buf(keys_.data(), sizeof keys_); }

std::array<std::uint64_t, 2> WideTableHash::operator()(std::uint8_t domain, std::string_view bytes) const noexcept {
  std::array<std::uint64_t, 2> out{};
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(out.data()),
                              reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                              keys_[domain % keys_.size()].data());
  return out;
}

SecretDigester::SecretDigester() { randombytes_buf(key_.data(), key_.size()); }
SecretDigester::~SecretDigester() { sodium_memzero(key_.data(), key_.size()); }

SecretDigester::Digest SecretDigester::operator()(std::string_view name, std::uint64_t number,
                                                  std::string_view secret) const noexcept {
  crypto_generichash_blake2b_state state;
  crypto_generichash_blake2b_init(&state, key_.data(), key_.size(), sizeof(Digest));
  const auto add = [&](std::string_view part) {
    const std::uint64_t size = part.size();
    crypto_generichash_blake2b_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_blake2b_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
  };
  add(name);
  crypto_generichash_blake2b_update(&state, reinterpret_cast<const unsigned char*>(&number), sizeof number);
  add(secret);
  Digest digest;
  crypto_generichash_blake2b_final(&state, digest.data(), digest.size());
  sodium_memzero(&state, sizeof state);
  return digest;
}

}  // namespace sallyport
