// For tests of the edges: the fast engine at fault, and somebody whose tokens it judges.
#pragma once

#include <memory>
#include <string>

#include "crypto/fast_engine.h"
#include "jose/sign.h"

namespace sallyport::fast_engine_testing {

inline bool is_there() { return !fast::paths().empty(); }
inline bool is_active() { return fast::Engine::instance().active(); }
// For the life of the process.
inline void find_it_wrong() { fast::Engine::instance().condemn("a test says so"); }

class Es256Issuer {
 public:
  std::string public_pem() const { return key_->public_pem(); }
  std::string token(const std::string& payload) const {
    return sign_compact(*key_, Algorithm::ES256, R"({"alg":"ES256"})", payload).value();
  }

 private:
  std::shared_ptr<const SigningKey> key_ = *generate_signing_key(KeyKind::p256);
};

}  // namespace sallyport::fast_engine_testing
