// Owners of OpenSSL's objects, and the guard of its error queue. For this room's .cpp only.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "crypto/digest.h"
#include "crypto/key_type.h"

namespace sallyport {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
using EvpPkey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using EvpPkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using EvpMdCtx = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Bn = std::unique_ptr<BIGNUM, Freer<BN_clear_free>>;
using ParamBld = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;

// A failed check leaves errors in this thread's queue, where the broker's own TLS code
// would take them for its own (SSL_get_error reads the queue) and drop a good client.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() noexcept { ERR_set_mark(); }
  ~ErrorQueueGuard() { ERR_pop_to_mark(); }
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

inline const unsigned char* as_bytes(std::string_view s) noexcept {
  return reinterpret_cast<const unsigned char*>(s.data());
}

inline Bn bn_from(std::string_view big_endian) {
  return Bn(BN_bin2bn(as_bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}
// Big-endian; as short as it can be where `size` is 0, else filled up to it.
inline std::string bn_bytes(const BIGNUM* n, std::size_t size = 0) {
  std::string out(size ? size : static_cast<std::size_t>(BN_num_bytes(n)), '\0');
  BN_bn2binpad(n, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  return out;
}
inline Bn pkey_bn(const EVP_PKEY* key, const char* name) {
  BIGNUM* n = nullptr;
  EVP_PKEY_get_bn_param(key, name, &n);
  return Bn(n);
}

inline const EVP_MD* evp_md(Hash h) noexcept {
  switch (h) {
    case Hash::sha256:
      return EVP_sha256();
    case Hash::sha384:
      return EVP_sha384();
    case Hash::sha512:
      return EVP_sha512();
  }
  return nullptr;
}
// OpenSSL's name of a NIST curve; empty for other kinds.
inline const char* group_name(KeyType curve) noexcept {
  switch (curve) {
    case KeyType::p256:
      return "prime256v1";
    case KeyType::p384:
      return "secp384r1";
    case KeyType::p521:
      return "secp521r1";
    case KeyType::rsa:
    case KeyType::ed25519:
    case KeyType::ed448:
      break;
  }
  return "";
}
// A key of its numbers; selection: EVP_PKEY_PUBLIC_KEY or EVP_PKEY_KEYPAIR.
inline EvpPkey key_from(const char* type, int selection, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !ctx || EVP_PKEY_fromdata_init(ctx.get()) != 1 ||
      EVP_PKEY_fromdata(ctx.get(), &key, selection, params.get()) != 1)
    return nullptr;
  return EvpPkey(key);
}
// What signing and verifying set up alike.
inline bool prepare(EVP_PKEY_CTX* ctx, SignatureScheme scheme, Hash hash) noexcept {
  if (EVP_PKEY_CTX_set_signature_md(ctx, evp_md(hash)) != 1) return false;
  if (scheme == SignatureScheme::rsa_pkcs1) return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
  if (scheme == SignatureScheme::rsa_pss)
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, evp_md(hash)) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
  return true;
}
inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(n)};
}

}  // namespace sallyport
