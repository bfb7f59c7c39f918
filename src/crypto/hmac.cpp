#include "crypto/hmac.h"

#include <openssl/crypto.h>

#include "base/secret.h"
#include "crypto/sha2_context.h"

namespace sallyport {
namespace {

template <class State>
struct Pair {
  State inner, outer;

  void prepare(std::string_view key) noexcept {
    unsigned char block[State::kBlock] = {};
    if (key.size() > State::kBlock) {  // RFC 2104 2: longer keys are hashed first
      State hashed;
      hashed.update(key.data(), key.size());
      hashed.finish(block);
      wipe(&hashed, sizeof hashed);
    } else if (!key.empty()) {
      std::memcpy(block, key.data(), key.size());
    }
    for (unsigned char& b : block) b ^= 0x36;
    inner.update(block, sizeof block);
    for (unsigned char& b : block) b ^= 0x36 ^ 0x5c;
    outer.update(block, sizeof block);
    wipe(block, sizeof block);
  }

  Digest compute(std::string_view input) const noexcept {
    Digest out;
    out.size = State::kSize;
    State state = inner;
    state.update(input.data(), input.size());
    state.finish(out.bytes.data());
    state = outer;
    state.update(out.bytes.data(), State::kSize);
    state.finish(out.bytes.data());
    return out;
  }
};

}  // namespace

struct HmacKey::States {
  Pair<Sha256State> sha256;
  Pair<Sha384State> sha384;
  Pair<Sha512State> sha512;
};

HmacKey::HmacKey(std::string_view key) : states_(std::make_unique<States>()) {
  states_->sha256.prepare(key);
  states_->sha384.prepare(key);
  states_->sha512.prepare(key);
}

HmacKey::~HmacKey() { wipe(states_.get(), sizeof(States)); }

Digest HmacKey::compute(Hash h, std::string_view input) const noexcept {
  switch (h) {
    case Hash::sha256:
      return states_->sha256.compute(input);
    case Hash::sha384:
      return states_->sha384.compute(input);
    case Hash::sha512:
      return states_->sha512.compute(input);
  }
  return {};
}

bool HmacKey::verify(Hash h, std::string_view input, std::string_view mac) const noexcept {
  if (mac.size() != digest_size(h)) return false;
  const Digest wanted = compute(h, input);
  return CRYPTO_memcmp(wanted.bytes.data(), mac.data(), mac.size()) == 0;
}

}  // namespace sallyport
