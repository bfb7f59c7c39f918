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

// The primes of RFC 7515 A.2: the same key each time, so that a finding is found again.
constexpr char kP[] =
    "E01CC410EB48A6655D54464D0AA4BB6DA0B872B774A6A9D11FFE480778F0DDB7311A7E902EF9C4B5F75476262BA8176CB35979F014372A1A"
    "2829E4136BD001D07C3F3F2E4F25D4C934F63C7109FBA2E67628A0DC9A73C6058E6DEF22DCD50950E711DDC16D5586F2A7FA75EA8494C180"
    "83E0B65742F8A0D5E73FB2D970F01947";
constexpr char kQ[] =
    "B903C47E0995B632F4532CB1F3C199145D5F3AE9C7DFEEDC7A92A6B47E29C61B42A07AA95A64FC600999C5A7B01E01C08CB62CA756527BBC"
    "C56078FB0BABA5ED38DE2D07990FF6300FAEADEB6C039A97BF1E507E4E7040FA78DB8257C8B112ED5E59C3CD092FE5D4E5B51275D4128107"
    "2A5E785EBAF3DAE3709203133F5159D7";

EvpPkey key_of_primes() {
  const BnCtx ctx(BN_CTX_new());
  const Bn e(BN_new()), n(BN_new()), d(BN_new());
  BIGNUM *p = nullptr, *q = nullptr;
  BN_hex2bn(&p, kP);
  BN_hex2bn(&q, kQ);
  const Bn own_p(p), own_q(q);
  BN_set_word(e.get(), 65537);
  BN_mul(n.get(), p, q, ctx.get());
  BN_sub_word(p, 1);
  BN_sub_word(q, 1);
  BN_mul(d.get(), p, q, ctx.get());
  promise(BN_mod_inverse(d.get(), e.get(), d.get(), ctx.get()) != nullptr, "e has an inverse");
  const ParamBld builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_D, d.get());
  return key_from("RSA", EVP_PKEY_KEYPAIR, builder.get());
}

struct Signer {
  EvpPkey own;
  Bn n;
  std::vector<std::unique_ptr<const RsaKey>> paths;

  Signer() : own(key_of_primes()), n(pkey_bn(own.get(), OSSL_PKEY_PARAM_RSA_N)) {
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
    promise(path->verify(digest, signature) == answer_of(good), "the fast engine decides as OpenSSL does");
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
