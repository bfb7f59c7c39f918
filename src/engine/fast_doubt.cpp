#include "engine/fast_doubt.h"

#include "crypto/fast_engine.h"
#include "jose/verification_key.h"

namespace sallyport {

bool fast_engine_may_have_judged(const Decision& decision) noexcept {
  if (!decision.key || !fast::Engine::instance().ever_active()) return false;
  switch (decision.key->kind()) {
    case KeyKind::p256:
    case KeyKind::p384:
    case KeyKind::ed25519:
    case KeyKind::rsa:
      return true;
    case KeyKind::secret:
    case KeyKind::p521:
    case KeyKind::ed448:
      break;
  }
  return false;
}

}  // namespace sallyport
