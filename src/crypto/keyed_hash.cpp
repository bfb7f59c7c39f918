#include "crypto/keyed_hash.h"

#include <sodium.h>

#include <cstring>

namespace sallyport {

TableHash::TableHash() { randombytes_buf(key_.data(), key_.size()); }

std::uint64_t TableHash::operator()(std::string_view bytes) const noexcept {
  std::uint64_t out = 0;
  crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(&out),
                             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), key_.data());
  return out;
}

ShortTableHash::ShortTableHash() { randombytes_buf(key_.data(), sizeof key_); }

std::uint64_t ShortTableHash::operator()(std::string_view bytes) const noexcept {
  std::array<std::uint64_t, 8> words{};
  const std::size_t size = bytes.size() < kMaxBytes ? bytes.size() : kMaxBytes;
  if (size == kMaxBytes)
    std::memcpy(words.data(), bytes.data(), kMaxBytes);
  else if (size > 0)
    std::memcpy(words.data(), bytes.data(), size);
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 Wide;
  Wide sum = static_cast<Wide>(size) * (key_[8] | 1);
  for (std::size_t i = 0; i < words.size(); i += 2)
    sum += static_cast<Wide>(words[i] + key_[i]) * (words[i + 1] + key_[i + 1]);
  // The low bits of a sum of products depend on the low bits alone: a last product spreads all over all.
  const std::uint64_t mixed = (static_cast<std::uint64_t>(sum) ^ static_cast<std::uint64_t>(sum >> 64)) * (key_[9] | 1);
  return mixed ^ mixed >> 32;
#else
  std::uint64_t out = 0;
  crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(&out),
                             reinterpret_cast<const unsigned char*>(words.data()), sizeof words,
                             reinterpret_cast<const unsigned char*>(key_.data()));
  return out;
#endif
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
