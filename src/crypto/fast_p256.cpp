#include "crypto/fast_p256.h"

#include "crypto/fast_p256_curve.h"

namespace sallyport::fast {

#if SALLYPORT_FAST_ENGINE
namespace {

using Portable = Weierstrass<P256, P256::PortableProduct>;
using Table = std::unique_ptr<Portable::Affine[]>;

const unsigned char* as_bytes(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

// The generator's table is the same on every path: numbers in Montgomery's form have one spelling.
const Portable::Affine* generator_table() {
  static const Table table = Portable::make_table(P256::kX, P256::kY);
  return table.get();
}

}  // namespace

struct P256Key::State {
  Path path{};
  const Portable::Affine* generator = nullptr;
  Table table;
};

P256Key::P256Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
P256Key::~P256Key() = default;
std::size_t P256Key::bytes() noexcept { return Portable::kTableBytes; }

std::unique_ptr<const P256Key> P256Key::make(std::string_view x, std::string_view y, Path path) {
  if (x.size() != 32 || y.size() != 32 || !has(path)) return nullptr;
  auto state = std::make_unique<State>();
  state->path = path;
  state->generator = generator_table();
  state->table = Portable::make_table(from_big_endian<4>(as_bytes(x)), from_big_endian<4>(as_bytes(y)));
  if (!state->table) return nullptr;
  return std::unique_ptr<const P256Key>(new P256Key(std::move(state)));
}

bool P256Key::verify(std::string_view digest, std::string_view signature) const noexcept {
  if (digest.size() != 32 || signature.size() != 64) return false;
  const Wide<4> e = from_big_endian<4>(as_bytes(digest));
  const Wide<4> r = from_big_endian<4>(as_bytes(signature)), s = from_big_endian<4>(as_bytes(signature) + 32);
#if SALLYPORT_FAST_ADX
  using Adx = Weierstrass<P256, P256::AdxProduct>;
  if (state_->path == Path::adx) return Adx::verify(state_->generator, state_->table.get(), e, r, s);
#endif
  return Portable::verify(state_->generator, state_->table.get(), e, r, s);
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
