// One key's table on one path, and the check with it: ECDSA of a digest as wide as the curve, r || s.
// For the .cpp of each curve.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "crypto/fast_path.h"
#include "crypto/fast_weierstrass.h"

#if SALLYPORT_FAST_ENGINE
namespace sallyport::fast {

// `AdxProduct`: the product on Path::adx; PortableProduct where the curve has no other.
template <class Curve, class AdxProduct>
class EcdsaKey {
 public:
  using Portable = Weierstrass<Curve, typename Curve::PortableProduct>;
  using Adx = Weierstrass<Curve, AdxProduct>;
  static constexpr int N = Portable::N;
  static constexpr std::size_t kBytes = 8 * N;

  // Nothing where the point is not on the curve, or this machine has not that path.
  static std::unique_ptr<EcdsaKey> make(std::string_view x, std::string_view y, Path path) {
    if (x.size() != kBytes || y.size() != kBytes || !has(path)) return nullptr;
    auto key = std::make_unique<EcdsaKey>();
    key->path_ = path;
    key->generator_ = generator_table();
    key->table_ = Portable::make_table(from_big_endian<N>(bytes(x)), from_big_endian<N>(bytes(y)));
    return key->table_ ? std::move(key) : nullptr;
  }
  bool verify(std::string_view digest, std::string_view signature) const noexcept {
    if (digest.size() != kBytes || signature.size() != 2 * kBytes) return false;
    const Wide<N> e = from_big_endian<N>(bytes(digest));
    const Wide<N> r = from_big_endian<N>(bytes(signature)), s = from_big_endian<N>(bytes(signature) + kBytes);
    switch (path_) {
      case Path::portable:
        break;
      case Path::adx:
        return Adx::verify(generator_, table_.get(), e, r, s);
    }
    return Portable::verify(generator_, table_.get(), e, r, s);
  }

 private:
  static const unsigned char* bytes(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
  // The generator's table is the same on every path: numbers in Montgomery's form have one spelling.
  static const AffinePoint<N>* generator_table() {
    static const typename Portable::Table table = Portable::make_table(Curve::kX, Curve::kY);
    return table.get();
  }

  Path path_{};
  const AffinePoint<N>* generator_ = nullptr;
  typename Portable::Table table_;
};

}  // namespace sallyport::fast
#endif
