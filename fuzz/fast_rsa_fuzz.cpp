// RS256 by the fast engine against OpenSSL: signatures that are any bytes, messages of the input's own making under the
// private key (padding that is nearly right), and signatures that are right but for what the input turns over.
#include <cstddef>
#include <memory>
#include <vector>

#include "crypto/fast_modular.h"
#include "crypto/fast_rsa.h"
#include "crypto/fast_short_product.h"
#include "crypto/openssl_handles.h"
#include "input.h"
#include "promise.h"

namespace sallyport::fast {
namespace {

constexpr std::size_t kSize = RsaKey::kBytes, kDigest = 32;
using BnCtx = std::unique_ptr<BN_CTX, Freer<BN_CTX_free>>;

struct Signer {
  EvpPkey own;
  Bn n;
  std::vector<std::unique_ptr<const RsaKey>> paths;

  Signer() : own(EVP_RSA_gen(2048)), n(pkey_bn(own.get(), OSSL_PKEY_PARAM_RSA_N)) {
    for (const Path path : fast::paths()) {
      paths.push_back(RsaKey::make(bn_bytes(n.get()), {"\x01\x00\x01", 3}, path));
      promise(paths.back() != nullptr, "each path takes an honest key");
    }
  }
};
Signer& signer() {
  static auto* const one = new Signer;
  return *one;
}

EvpPkeyCtx context(int (*begin)(EVP_PKEY_CTX*), int padding) {
  EvpPkeyCtx ctx(EVP_PKEY_CTX_new(signer().own.get(), nullptr));
  promise(begin(ctx.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx.get(), padding) == 1, "OpenSSL has RSA");
  return ctx;
}

void same_verdict(std::string_view digest, std::string_view signature) {
  const ErrorQueueGuard guard;
  const EvpPkeyCtx ctx = context(EVP_PKEY_verify_init, RSA_PKCS1_PADDING);
  EVP_PKEY_CTX_set_signature_md(ctx.get(), EVP_sha256());
  const bool good =
      EVP_PKEY_verify(ctx.get(), as_bytes(signature), signature.size(), as_bytes(digest), digest.size()) == 1;
  for (const auto& path : signer().paths)
    promise(path->verify(digest, signature) == good, "the fast engine decides as OpenSSL does");
}

std::string right_message(const std::string& digest) {
  const std::string end =
      std::string("\x00\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", 20) + digest;
  return std::string("\x00\x01", 2) + std::string(kSize - 2 - end.size(), '\xff') + end;
}

// message^d mod n; the message itself where it is no number below n.
std::string signed_raw(const std::string& message) {
  if (BN_cmp(bn_from(message).get(), signer().n.get()) >= 0) return message;
  const EvpPkeyCtx ctx = context(EVP_PKEY_sign_init, RSA_NO_PADDING);
  std::string out(kSize, '\0');
  std::size_t size = out.size();
  promise(EVP_PKEY_sign(ctx.get(), reinterpret_cast<unsigned char*>(out.data()), &size, as_bytes(message),
                        message.size()) == 1,
          "a number below n can be signed");
  return out;
}

void same_product(Input& in) {
  const std::string first = in.bytes(kDigest), second = in.bytes(kSize);
  const BnCtx ctx(BN_CTX_new());
  const BIGNUM* const m = signer().n.get();
  const Bn a = bn_from(first), b = bn_from(second), radix(BN_new());
  BN_nnmod(b.get(), b.get(), m, ctx.get());
  const auto wide = [](const BIGNUM* x) { return from_big_endian<32>(as_bytes(bn_bytes(x, kSize))); };
  const Wide<32> modulus = wide(m);
  const Wide<32> product = short_product(from_big_endian<4>(as_bytes(first)), wide(b.get()), modulus,
                                         negated_inverse_of_limb(modulus.limb[0]));
  BN_set_bit(radix.get(), 256);
  BN_mod_inverse(radix.get(), radix.get(), m, ctx.get());
  BN_mod_mul(b.get(), a.get(), b.get(), m, ctx.get());
  BN_mod_mul(b.get(), b.get(), radix.get(), m, ctx.get());
  promise(equal(product, wide(b.get())), "a product is the product");
}

void run(Input in) {
  const std::uint8_t kind = in.byte();
  if (kind % 4 == 0) return same_product(in);
  const std::string digest = in.bytes(kDigest);
  if (kind % 4 == 1) return same_verdict(digest, in.bytes(kSize));
  std::string text = right_message(digest);
  if (kind % 4 == 2) {
    in.turn_over(text);
    return same_verdict(digest, signed_raw(text));
  }
  text = signed_raw(text);
  in.turn_over(text);
  same_verdict(digest, text);
}

}  // namespace
}  // namespace sallyport::fast

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::fast::run({data, size});
  return 0;
}
