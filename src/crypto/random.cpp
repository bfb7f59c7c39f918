#include "crypto/random.h"

#include <sodium.h>

namespace sallyport {

std::string random_bytes(std::size_t n) {
  std::string out(n, '\0');
  if (sodium_init() < 0) std::abort();  // no entropy: nothing that we would make is a secret
  if (n > 0) randombytes_buf(out.data(), n);
  return out;
}

}  // namespace sallyport
