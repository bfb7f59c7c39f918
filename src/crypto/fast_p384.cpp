#include "crypto/fast_p384.h"

#include "crypto/fast_ecdsa_key.h"
#include "crypto/fast_p384_curve.h"

namespace sallyport::fast {

#if SALLYPORT_FAST_ENGINE
namespace {
// The plain product serves both paths.
using Own = EcdsaKey<P384, P384::PortableProduct>;
}  // namespace

struct P384Key::State {
  std::unique_ptr<Own> key;
};

P384Key::P384Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
P384Key::~P384Key() = default;
std::size_t P384Key::bytes() noexcept { return Own::Portable::kTableBytes; }

std::unique_ptr<const P384Key> P384Key::make(std::string_view x, std::string_view y, Path path) {
  auto key = Own::make(x, y, path);
  if (!key) return nullptr;
  return std::unique_ptr<const P384Key>(new P384Key(std::make_unique<State>(State{std::move(key)})));
}

bool P384Key::verify(std::string_view digest, std::string_view signature) const noexcept {
  return state_->key->verify(digest, signature);
}
#else
struct P384Key::State {};
P384Key::P384Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
P384Key::~P384Key() = default;
std::size_t P384Key::bytes() noexcept { return 0; }
std::unique_ptr<const P384Key> P384Key::make(std::string_view, std::string_view, Path) { return nullptr; }
bool P384Key::verify(std::string_view, std::string_view) const noexcept { return false; }
#endif

}  // namespace sallyport::fast
