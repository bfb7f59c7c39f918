#include "crypto/hmac.h"

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
    constexpr std::size_t kBlock = State::kBlock;
    unsigned char last[2 * kBlock];
    State state = inner;
    const std::size_t whole = input.size() / kBlock * kBlock;
    if (whole > 0) state.update(input.data(), whole);
    const std::size_t blocks =
        pad_blocks<kBlock>(last, input.data() + whole, input.size() - whole, kBlock + input.size());
    state.update(last, blocks * kBlock);
    state.write(out.bytes.data());
    // The hash of a digest always is one block more.
    state = outer;
    pad_blocks<kBlock>(last, out.bytes.data(), State::kSize, kBlock + State::kSize);
    state.update(last, kBlock);
    state.write(out.bytes.data());
    return out;
  }
};

// In words, and with nothing for the compiler to see through: a byte at a time costs a tenth of a decision.
bool same_in_constant_time(const unsigned char* a, const char* b, std::size_t n) noexcept {
  std::uint64_t differ = 0;
  for (std::size_t i = 0; i < n; i += sizeof differ) {
    std::uint64_t x = 0, y = 0;
    std::memcpy(&x, a + i, sizeof x);
    std::memcpy(&y, b + i, sizeof y);
    differ |= x ^ y;
    __asm__ volatile("" : "+r"(differ));
  }
  return differ == 0;
}

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
  static_assert(Sha256State::kSize % 8 == 0 && Sha384State::kSize % 8 == 0 && Sha512State::kSize % 8 == 0);
  return same_in_constant_time(wanted.bytes.data(), mac.data(), mac.size());
}

}  // namespace sallyport
