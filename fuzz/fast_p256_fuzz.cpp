// ES256 by the fast engine against OpenSSL (ecdsa_target.h).
#include <cstddef>

#include "crypto/fast_p256.h"
#include "crypto/fast_p256_curve.h"
#include "ecdsa_target.h"

namespace sallyport::fast {
namespace {

struct Curve {
  using Key = P256Key;
  using Numbers = P256;
  static constexpr KeyType kType = KeyType::p256;
  static constexpr int kGroup = NID_X9_62_prime256v1;
  static constexpr std::size_t kBytes = 32;

  static void same_field(BN_CTX* ctx, const BIGNUM* p, const std::string& first, const std::string& second) {
#if SALLYPORT_FAST_ADX
    if (has(Path::adx))
      return ecdsa_target::same_numbers<P256::Field, P256::PortableProduct, P256::AdxProduct>(ctx, p, first, second);
#endif
    ecdsa_target::same_numbers<P256::Field, P256::PortableProduct>(ctx, p, first, second);
  }
};

}  // namespace
}  // namespace sallyport::fast

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::fast::ecdsa_target::run<sallyport::fast::Curve>({data, size});
  return 0;
}
