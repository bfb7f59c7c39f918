// ECDSA by the fast engine, each path against OpenSSL: the field's and the order's arithmetic, signatures that are any
// bytes, and signatures that are right but for what the input turns over. `Curve` says which.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/ecdsa_form.h"
#include "crypto/fast_inverse.h"
#include "crypto/fast_modular.h"
#include "crypto/fast_path.h"
#include "crypto/openssl_handles.h"
#include "crypto/public_key.h"
#include "input.h"
#include "promise.h"

namespace sallyport::fast::ecdsa_target {

using Group = std::unique_ptr<EC_GROUP, Freer<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Freer<EC_POINT_free>>;
using BnCtx = std::unique_ptr<BN_CTX, Freer<BN_CTX_free>>;

template <class Curve>
struct Signer {
  Bn d;
  PublicKey openssl;
  std::vector<std::unique_ptr<const typename Curve::Key>> paths;
};

// Made once.
template <class Curve>
struct Bench {
  BnCtx ctx{BN_CTX_new()};
  Group group{EC_GROUP_new_by_curve_name(Curve::kGroup)};
  Bn n{BN_dup(EC_GROUP_get0_order(group.get()))}, p{BN_new()};
  std::vector<Signer<Curve>> signers;

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
    auto key = PublicKey::from_point(Curve::kType, bn_bytes(x.get(), Curve::kBytes), bn_bytes(y.get(), Curve::kBytes));
    promise(key.has_value(), "a multiple of the generator is a key");
    std::vector<std::unique_ptr<const typename Curve::Key>> made;
    for (const Path path : paths()) {
      made.push_back(Curve::Key::make(key->first(), key->second(), path));
      promise(made.back() != nullptr, "each path takes a key that OpenSSL takes");
    }
    signers.push_back({std::move(d), std::move(*key), std::move(made)});
  }
};
template <class Curve>
Bench<Curve>& bench() {
  static auto* const one = new Bench<Curve>;
  return *one;
}

template <class Curve>
void same_verdict(const Signer<Curve>& key, std::string_view digest, std::string_view signature) {
  const auto der = ecdsa_to_der(signature, Curve::kBytes);
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
template <class Curve>
std::string sign(const Signer<Curve>& key, const std::string& digest, const std::string& nonce) {
  Bench<Curve>& b = bench<Curve>();
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
  return bn_bytes(r.get(), Curve::kBytes) + bn_bytes(s.get(), Curve::kBytes);
}

template <int N>
Wide<N> wide(const BIGNUM* x) {
  return from_big_endian<N>(reinterpret_cast<const unsigned char*>(bn_bytes(x, 8 * N).data()));
}

template <class Modulus, class... Products>
void same_numbers(BN_CTX* ctx, const BIGNUM* m, const std::string& first, const std::string& second) {
  constexpr int N = Modulus::kLimbs;
  const Bn a = bn_from(first), b = bn_from(second), c(BN_new()), radix(BN_new());
  BN_nnmod(a.get(), a.get(), m, ctx);
  BN_nnmod(b.get(), b.get(), m, ctx);
  const Wide<N> x = wide<N>(a.get()), y = wide<N>(b.get());
  Wide<N> z;
  using M = Modular<Modulus>;
  BN_mod_add(c.get(), a.get(), b.get(), m, ctx);
  M::add(z, x, y);
  promise(equal(z, wide<N>(c.get())), "a sum is the sum");
  BN_mod_sub(c.get(), a.get(), b.get(), m, ctx);
  M::subtract(z, x, y);
  promise(equal(z, wide<N>(c.get())), "a difference is the difference");
  BN_set_bit(radix.get(), 64 * N);
  BN_mod_inverse(radix.get(), radix.get(), m, ctx);
  BN_mod_mul(c.get(), a.get(), b.get(), m, ctx);
  BN_mod_mul(c.get(), c.get(), radix.get(), m, ctx);
  M::product(z, x, y);
  promise(equal(z, wide<N>(c.get())), "a product is the product");
  [[maybe_unused]] const auto also = [&](void (*product)(Wide<N>&, const Wide<N>&, const Wide<N>&) noexcept) {
    Wide<N> w = x;
    product(w, w, y);
    promise(equal(w, wide<N>(c.get())), "a product of the curve's own is the product");
  };
  (also(&Products::of), ...);
  if (BN_is_zero(a.get())) return;
  BN_mod_inverse(c.get(), a.get(), m, ctx);
  promise(equal(Inverse<Modulus>::of(x), wide<N>(c.get())), "an inverse is the inverse");
}

template <class Curve>
void run(Input in) {
  Bench<Curve>& b = bench<Curve>();
  const std::uint8_t kind = in.byte();
  if (kind % 4 == 0) {
    const std::string first = in.bytes(Curve::kBytes), second = in.bytes(Curve::kBytes);
    same_numbers<typename Curve::Numbers::Order>(b.ctx.get(), b.n.get(), first, second);
    return Curve::same_field(b.ctx.get(), b.p.get(), first, second);
  }
  const Signer<Curve>& key = b.signers[in.byte() % b.signers.size()];
  const std::string digest = in.bytes(Curve::kBytes);
  if (kind % 4 == 1) return same_verdict<Curve>(key, digest, in.bytes(2 * Curve::kBytes));
  std::string signature = sign<Curve>(key, digest, in.bytes(Curve::kBytes));
  in.turn_over(signature);  // with nothing left the signature is right
  same_verdict<Curve>(key, digest, signature);
}

}  // namespace sallyport::fast::ecdsa_target
