// s^65537 mod n is sixteen squares and one product. OpenSSL's own check converts s into Montgomery's form before and
// the result out of it afterwards, allocates, and takes the padding apart; here neither is converted. With R = 2^2048,
//   y = s^65537 / R^65536 mod n,
// which is what seventeen of Montgomery's products make of s as it stands, has to equal what the one message that is
// right makes: (padding 2^256 + digest) / R^65536. The padding's part of it is computed once for each key, the digest's
// by a product with four limbs. Nothing of the padding is parsed: it is there, to the last bit, or y is another number
// (RFC 8017 8.2.2, by comparison).
//
// The seventeen products are OpenSSL's (BN_mod_mul_montgomery): its assembly is chosen by what the processor has, and
// is as fast as 2048 bits get without AVX512. The same on each path of ours.
#include "crypto/fast_rsa.h"

#include <array>
#include <atomic>
#include <new>

#include "crypto/fast_modular.h"
#include "crypto/fast_short_product.h"
#include "crypto/openssl_handles.h"

namespace sallyport::fast {

#if SALLYPORT_FAST_ENGINE
namespace {

constexpr int kLimbs = 32, kSquares = 16;
using Number = Wide<kLimbs>;

using BnCtx = std::unique_ptr<BN_CTX, Freer<BN_CTX_free>>;
using MontgomeryContext = std::unique_ptr<BN_MONT_CTX, Freer<BN_MONT_CTX_free>>;

// RFC 8017 9.2: 00 01 FF … FF 00, and what says SHA-256 before the digest.
constexpr unsigned char kSha256Info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                         0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
constexpr std::size_t kDigest = 32;

std::array<unsigned char, RsaKey::kBytes> padding_without_digest() {
  std::array<unsigned char, RsaKey::kBytes> out{};
  const std::size_t info = out.size() - kDigest - sizeof kSha256Info;
  out[1] = 1;
  for (std::size_t i = 2; i < info - 1; ++i) out[i] = 0xff;
  for (std::size_t i = 0; i < sizeof kSha256Info; ++i) out[info + i] = kSha256Info[i];
  return out;
}

Number number_of(const BIGNUM* x) {
  unsigned char bytes[RsaKey::kBytes];
  if (BN_bn2lebinpad(x, bytes, sizeof bytes) < 0) return {};
  return from_little_endian<kLimbs>(bytes);
}

// What one check works in; kept for the next one.
struct Bench {
  BnCtx context{BN_CTX_new()};
  Bn signature{BN_new()}, power{BN_new()};
  bool whole() const { return context && signature && power; }
};

}  // namespace

struct RsaKey::State {
  static constexpr std::size_t kIdle = 4;

  MontgomeryContext montgomery{BN_MONT_CTX_new()};
  Bn modulus;
  Number n{}, padding{}, unit{};  // padding 2^256 / R^65536; 2^256 / R^65536
  Limb negated_inverse = 0;
  // Taken out by exchange, so that no two threads ever hold the same one and nobody waits.
  mutable std::array<std::atomic<Bench*>, kIdle> idle{};

  ~State() {
    for (auto& slot : idle) delete slot.load();
  }
  std::unique_ptr<Bench> take() const {
    for (auto& slot : idle)
      if (Bench* bench = slot.exchange(nullptr)) return std::unique_ptr<Bench>(bench);
    return std::unique_ptr<Bench>(new (std::nothrow) Bench);
  }
  void put_back(std::unique_ptr<Bench> bench) const noexcept {
    for (auto& slot : idle) {
      bench.reset(slot.exchange(bench.release()));
      if (!bench) return;
    }
  }

  bool prepare(std::string_view bytes) {
    const BnCtx context(BN_CTX_new());
    modulus = bn_from(bytes);
    const Bn radix(BN_new()), exponent(BN_new()), unit_bn(BN_new()), padding_bn(BN_new());
    if (!context || !modulus || !montgomery || !radix || !exponent || !unit_bn || !padding_bn) return false;
    BN_CTX* const c = context.get();
    const BIGNUM* const m = modulus.get();
    const auto ff = padding_without_digest();
    const bool made = BN_MONT_CTX_set(montgomery.get(), m, c) == 1 && BN_set_bit(radix.get(), 64 * kLimbs) == 1 &&
                      BN_mod_inverse(radix.get(), radix.get(), m, c) && BN_set_word(exponent.get(), 65536) == 1 &&
                      BN_mod_exp(radix.get(), radix.get(), exponent.get(), m, c) == 1 &&  // 1 / R^65536
                      BN_bin2bn(ff.data(), static_cast<int>(ff.size()), padding_bn.get()) &&
                      BN_mod_mul(padding_bn.get(), padding_bn.get(), radix.get(), m, c) == 1 &&
                      BN_lshift(unit_bn.get(), radix.get(), 8 * kDigest) == 1 &&
                      BN_mod(unit_bn.get(), unit_bn.get(), m, c) == 1;
    if (!made) return false;
    n = number_of(m);
    padding = number_of(padding_bn.get());
    unit = number_of(unit_bn.get());
    negated_inverse = negated_inverse_of_limb(n.limb[0]);
    return true;
  }

  // What y has to be for this digest.
  Number wanted(std::string_view digest) const noexcept {
    const auto h = from_big_endian<4>(as_bytes(digest));
    Number sum = short_product(h, unit, n, negated_inverse);
    const Limb carry = add_carry(sum, sum, padding);
    reduce_fully(sum, carry, n);
    return sum;
  }

  // Each call of OpenSSL's fails for want of memory alone, which says nothing about the signature.
  Answer check(Bench& bench, std::string_view digest, std::string_view signature) const noexcept {
    BIGNUM* const s = bench.signature.get();
    BIGNUM* const y = bench.power.get();
    if (!BN_bin2bn(as_bytes(signature), static_cast<int>(signature.size()), s)) return Answer::none;
    // RFC 8017 5.2.2, step 1: a number below the modulus.
    if (BN_cmp(s, modulus.get()) >= 0) return Answer::refuse;
    const auto product = [&](const BIGNUM* a, const BIGNUM* b) {
      return BN_mod_mul_montgomery(y, a, b, montgomery.get(), bench.context.get()) == 1;
    };
    bool done = product(s, s);
    for (int i = 1; i < kSquares; ++i) done = done && product(y, y);
    done = done && product(y, s);
    return done ? answer_of(equal(number_of(y), wanted(digest))) : Answer::none;
  }
};

RsaKey::RsaKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
RsaKey::~RsaKey() = default;
std::size_t RsaKey::bytes() noexcept { return sizeof(RsaKey) + sizeof(State) + 4096; }

bool RsaKey::serves(std::string_view modulus, std::string_view exponent) noexcept {
  return modulus.size() == kBytes && (as_bytes(modulus)[0] & 0x80) && (as_bytes(modulus)[kBytes - 1] & 1) &&
         exponent == std::string_view("\x01\x00\x01", 3);
}

std::unique_ptr<const RsaKey> RsaKey::make(std::string_view modulus, std::string_view exponent, Path path) {
  if (!serves(modulus, exponent) || !has(path)) return nullptr;
  const ErrorQueueGuard guard;
  auto state = std::make_unique<State>();
  if (!state->prepare(modulus)) throw std::bad_alloc();  // an odd modulus leaves nothing else to fail
  return std::unique_ptr<const RsaKey>(new RsaKey(std::move(state)));
}

Answer RsaKey::verify(std::string_view digest, std::string_view signature) const noexcept {
  if (digest.size() != kDigest || signature.size() != kBytes) return Answer::refuse;
  const ErrorQueueGuard guard;
  std::unique_ptr<Bench> bench = state_->take();
  if (!bench || !bench->whole()) return Answer::none;
  const Answer answer = state_->check(*bench, digest, signature);
  state_->put_back(std::move(bench));
  return answer;
}
#else
struct RsaKey::State {};
RsaKey::RsaKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
RsaKey::~RsaKey() = default;
std::size_t RsaKey::bytes() noexcept { return 0; }
bool RsaKey::serves(std::string_view, std::string_view) noexcept { return false; }
std::unique_ptr<const RsaKey> RsaKey::make(std::string_view, std::string_view, Path) { return nullptr; }
Answer RsaKey::verify(std::string_view, std::string_view) const noexcept { return Answer::none; }
#endif

}  // namespace sallyport::fast
