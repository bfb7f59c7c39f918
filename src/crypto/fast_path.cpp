#include "crypto/fast_path.h"

#include "crypto/fast_adx_product.h"
#include "crypto/fast_limbs.h"

#if SALLYPORT_FAST_ADX
#include <cpuid.h>
#endif

namespace sallyport::fast {

std::string_view name(Path path) noexcept {
  switch (path) {
    case Path::portable:
      return "portable";
    case Path::adx:
      return "adx";
  }
  return "";
}

#if SALLYPORT_FAST_ADX
// Intel SDM volume 2, CPUID, leaf 7: BMI2 is EBX bit 8, ADX bit 19. Both use general registers
// only, so that the operating system need not have switched anything on.
bool processor_has_adx() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kBmi2 = 1u << 8, kAdx = 1u << 19;
  return (b & kBmi2) && (b & kAdx);
}
#endif

bool has(Path path) noexcept {
  switch (path) {
    case Path::portable:
      return SALLYPORT_FAST_ENGINE == 1;
    case Path::adx:
#if SALLYPORT_FAST_ADX
      return processor_has_adx();
#else
      return false;
#endif
  }
  return false;
}

std::vector<Path> paths() {
  std::vector<Path> out;
  for (const Path path : {Path::portable, Path::adx})
    if (has(path)) out.push_back(path);
  return out;
}

}  // namespace sallyport::fast
