#include "crypto/fast_ed25519.h"

#include "crypto/fast_edwards25519.h"

namespace sallyport::fast {

#if SALLYPORT_FAST_ENGINE
namespace {

using Curve = Edwards25519;

const unsigned char* as_bytes(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

const Curve::Entry* generator_table() {
  static const Curve::Table table = Curve::make_table(Curve::kGenerator, false);
  return table.get();
}

}  // namespace

struct Ed25519Key::State {
  const Curve::Entry* generator = nullptr;
  Curve::Table table;  // of the opposite point
};

Ed25519Key::Ed25519Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ed25519Key::~Ed25519Key() = default;
std::size_t Ed25519Key::bytes() noexcept { return Curve::kTableBytes; }

// The plain product serves both paths.
std::unique_ptr<const Ed25519Key> Ed25519Key::make(std::string_view key, Path path) {
  if (key.size() != 32 || !has(path)) return nullptr;
  auto state = std::make_unique<State>();
  state->generator = generator_table();
  state->table = Curve::make_table(as_bytes(key), true);
  if (!state->table) return nullptr;
  return std::unique_ptr<const Ed25519Key>(new Ed25519Key(std::move(state)));
}

bool Ed25519Key::verify(std::string_view hash, std::string_view signature) const noexcept {
  if (hash.size() != 64 || signature.size() != 64) return false;
  return Curve::verify(state_->generator, state_->table.get(), as_bytes(hash), as_bytes(signature));
}
#else
struct Ed25519Key::State {};
Ed25519Key::Ed25519Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ed25519Key::~Ed25519Key() = default;
std::size_t Ed25519Key::bytes() noexcept { return 0; }
std::unique_ptr<const Ed25519Key> Ed25519Key::make(std::string_view, Path) { return nullptr; }
bool Ed25519Key::verify(std::string_view, std::string_view) const noexcept { return false; }
#endif

}  // namespace sallyport::fast
