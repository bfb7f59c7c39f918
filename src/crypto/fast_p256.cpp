#include "crypto/fast_p256.h"

#include "crypto/fast_ecdsa_key.h"
#include "crypto/fast_p256_curve.h"

namespace sallyport::fast {

#if SALLYPORT_FAST_ENGINE
namespace {
#if SALLYPORT_FAST_ADX
using Own = EcdsaKey<P256, P256::AdxProduct>;
#else
using Own = EcdsaKey<P256, P256::PortableProduct>;
#endif
}  // namespace

struct P256Key::State {
  std::unique_ptr<Own> key;
};

P256Key::P256Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
P256Key::~P256Key() = default;
std::size_t P256Key::bytes() noexcept { return Own::Portable::kTableBytes; }

std::unique_ptr<const P256Key> P256Key::make(std::string_view x, std::string_view y, Path path) {
  auto key = Own::make(x, y, path);
  if (!key) return nullptr;
  return std::unique_ptr<const P256Key>(new P256Key(std::make_unique<State>(State{std::move(key)})));
}

bool P256Key::verify(std::string_view digest, std::string_view signature) const noexcept {
  return state_->key->verify(digest, signature);
}
#else
struct P256Key::State {};
P256Key::P256Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
P256Key::~P256Key() = default;
std::size_t P256Key::bytes() noexcept { return 0; }
std::unique_ptr<const P256Key> P256Key::make(std::string_view, std::string_view, Path) { return nullptr; }
bool P256Key::verify(std::string_view, std::string_view) const noexcept { return false; }
#endif

}  // namespace sallyport::fast
