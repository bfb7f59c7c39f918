// P-256 by the fast engine, each path against OpenSSL: its field's and order's arithmetic, signatures that are any
// bytes, and signatures that are right but for what the input turns over.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ecdsa_form.h"
#include "crypto/fast_p256.h"
#include "crypto/fast_p256_curve.h"
#include "crypto/openssl_handles.h"
#include "crypto/public_key.h"
#include "input.h"
#include "promise.h"

namespace sallyport::fast {
namespace {

using Group = std::unique_ptr<EC_GROUP, Freer<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Freer<EC_POINT_free>>;
using BnCtx = std::unique_ptr<BN_CTX, Freer<BN_CTX_free>>;

struct Signer {
  Bn d;
  PublicKey openssl;
  std::vector<std::unique_ptr<const P256Key>> paths;
};

// Made once.
struct Bench {
  BnCtx ctx{BN_CTX_new()};
  Group group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
  Bn n{BN_dup(EC_GROUP_get0_order(group.get()))}, p{BN_new()};
  std::vector<Signer> signers;

  Bench() {
    EC_GROUP_get_curve(group.get(), p.get(), nullptr, nullptr, ctx.get());
    for (const BN_ULONG small : {1ul, 2ul, 3ul, 64ul, 65ul, 0x1234567ul}) {
      Bn d(BN_new()), minus(BN_new());
      BN_set_word(d.get(), small);
      BN_sub(minus.get(), n.get(), d.get());
      add(std::move(d));
      add(std::move(minus));
    }
  }
  void add(Bn d) {
    const Point q(EC_POINT_new(group.get()));
    const Bn x(BN_new()), y(BN_new());
    EC_POINT_mul(group.get(), q.get(), d.get(), nullptr, nullptr, ctx.get());
    EC_POINT_get_affine_coordinates(group.get(), q.get(), x.get(), y.get(), ctx.get());
    auto key = PublicKey::from_point(KeyType::p256, bn_bytes(x.get(), 32), bn_bytes(y.get(), 32));
    promise(key.has_value(), "a multiple of the generator is a key");
    std::vector<std::unique_ptr<const P256Key>> made;
    for (const Path path : paths()) {
      made.push_back(P256Key::make(key->first(), key->second(), path));
      promise(made.back() != nullptr, "each path takes a key that OpenSSL takes");
    }
    signers.push_back({std::move(d), std::move(*key), std::move(made)});
  }
};
Bench& bench() {
  static Bench* const one = new Bench;
  return *one;
}

void same_verdict(const Signer& key, std::string_view digest, std::string_view signature) {
  const auto der = ecdsa_to_der(signature, 32);
  bool good = false;
  if (der) {
    const ErrorQueueGuard guard;
    const EvpPkeyCtx ctx(
        EVP_PKEY_CTX_new_from_pkey(nullptr, static_cast<EVP_PKEY*>(key.openssl.native_for_judges()), nullptr));
    good = EVP_PKEY_verify_init(ctx.get()) == 1 &&
           EVP_PKEY_verify(ctx.get(), der->bytes.data(), der->size, as_bytes(digest), digest.size()) == 1;
  }
  for (const auto& path : key.paths)
    promise(path->verify(digest, signature) == good, "the fast engine decides as OpenSSL does");
}

// r || s of `digest` by `key` with the nonce `k`.
std::string sign(const Signer& key, const std::string& digest, const std::string& nonce) {
  Bench& b = bench();
  const Bn e = bn_from(digest), k = bn_from(nonce), r(BN_new()), s(BN_new()), t(BN_new());
  BN_nnmod(k.get(), k.get(), b.n.get(), b.ctx.get());
  if (BN_is_zero(k.get())) BN_one(k.get());
  const Point point(EC_POINT_new(b.group.get()));
  EC_POINT_mul(b.group.get(), point.get(), k.get(), nullptr, nullptr, b.ctx.get());
  EC_POINT_get_affine_coordinates(b.group.get(), point.get(), r.get(), nullptr, b.ctx.get());
  BN_nnmod(r.get(), r.get(), b.n.get(), b.ctx.get());
  BN_mod_mul(s.get(), r.get(), key.d.get(), b.n.get(), b.ctx.get());
  BN_mod_add(s.get(), s.get(), e.get(), b.n.get(), b.ctx.get());
  BN_mod_inverse(t.get(), k.get(), b.n.get(), b.ctx.get());
  BN_mod_mul(s.get(), s.get(), t.get(), b.n.get(), b.ctx.get());
  return bn_bytes(r.get(), 32) + bn_bytes(s.get(), 32);
}

Wide<4> wide(const BIGNUM* x) {
  return from_big_endian<4>(reinterpret_cast<const unsigned char*>(bn_bytes(x, 32).data()));
}

template <class Modulus, class... Products>
void same_numbers(const BIGNUM* m, const std::string& first, const std::string& second) {
  Bench& bench_now = bench();
  BN_CTX* ctx = bench_now.ctx.get();
  const Bn a = bn_from(first), b = bn_from(second), c(BN_new()), radix(BN_new());
  BN_nnmod(a.get(), a.get(), m, ctx);
  BN_nnmod(b.get(), b.get(), m, ctx);
  const Wide<4> x = wide(a.get()), y = wide(b.get());
  Wide<4> z;
  using M = Modular<Modulus>;
  BN_mod_add(c.get(), a.get(), b.get(), m, ctx);
  M::add(z, x, y);
  promise(equal(z, wide(c.get())), "a sum is the sum");
  BN_mod_sub(c.get(), a.get(), b.get(), m, ctx);
  M::subtract(z, x, y);
  promise(equal(z, wide(c.get())), "a difference is the difference");
  BN_set_bit(radix.get(), 256);
  BN_mod_inverse(radix.get(), radix.get(), m, ctx);
  BN_mod_mul(c.get(), a.get(), b.get(), m, ctx);
  BN_mod_mul(c.get(), c.get(), radix.get(), m, ctx);
  M::product(z, x, y);
  promise(equal(z, wide(c.get())), "a product is the product");
  [[maybe_unused]] const auto also = [&](void (*product)(Wide<4>&, const Wide<4>&, const Wide<4>&) noexcept) {
    Wide<4> w = x;
    product(w, w, y);
    promise(equal(w, wide(c.get())), "a product of the curve's own is the product");
  };
  (also(&Products::of), ...);
  if (BN_is_zero(a.get())) return;
  BN_mod_inverse(c.get(), a.get(), m, ctx);
  promise(equal(Inverse<Modulus>::of(x), wide(c.get())), "an inverse is the inverse");
}

void run(Input in) {
  Bench& b = bench();
  const std::uint8_t kind = in.byte();
  if (kind % 4 == 0) {
    const std::string first = in.bytes(32), second = in.bytes(32);
    same_numbers<P256::Order>(b.n.get(), first, second);
#if SALLYPORT_FAST_ADX
    if (has(Path::adx))
      return same_numbers<P256::Field, P256::PortableProduct, P256::AdxProduct>(b.p.get(), first, second);
#endif
    return same_numbers<P256::Field, P256::PortableProduct>(b.p.get(), first, second);
  }
  const Signer& key = b.signers[in.byte() % b.signers.size()];
  const std::string digest = in.bytes(32);
  if (kind % 4 == 1) return same_verdict(key, digest, in.bytes(64));
  std::string signature = sign(key, digest, in.bytes(32));
  // What is left of the input turns bits over, a place and a mask at a time; with nothing left the signature is right.
  while (!in.empty()) {
    char& at = signature[in.byte() % signature.size()];
    at = static_cast<char>(at ^ static_cast<char>(in.byte()));
  }
  same_verdict(key, digest, signature);
}

}  // namespace
}  // namespace sallyport::fast

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::fast::run({data, size});
  return 0;
}
