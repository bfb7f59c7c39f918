// ES384 by the fast engine against OpenSSL (ecdsa_target.h).
#include <cstddef>

#include "crypto/fast_p384.h"
#include "crypto/fast_p384_curve.h"
#include "ecdsa_target.h"

namespace sallyport::fast {
namespace {

struct Curve {
  using Key = P384Key;
  using Numbers = P384;
  static constexpr KeyType kType = KeyType::p384;
  static constexpr int kGroup = NID_secp384r1;
  static constexpr std::size_t kBytes = 48;

  static void same_field(BN_CTX* ctx, const BIGNUM* p, const std::string& first, const std::string& second) {
    ecdsa_target::same_numbers<P384::Field, P384::PortableProduct>(ctx, p, first, second);
  }
};

}  // namespace
}  // namespace sallyport::fast

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::fast::ecdsa_target::run<sallyport::fast::Curve>({data, size});
  return 0;
}
