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

}  // namespace sallyport
