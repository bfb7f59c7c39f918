// Ed25519 by the fast engine against libsodium, case by case: what one accepts the other accepts.
// The environment as in fast_differential_test.cpp.
#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <cstdlib>
#include <map>
#include <random>

#include "crypto/edwards.h"
#include "crypto/fast_key.h"
#include "crypto/fast_testing.h"

namespace sallyport::fast {
namespace {

using Bytes = std::array<unsigned char, 32>;

std::string text(const unsigned char* bytes, std::size_t n) { return {reinterpret_cast<const char*>(bytes), n}; }

class EdCase {
 public:
  explicit EdCase(Path path) : path_(path), record_(record_file()) {
    EXPECT_GE(sodium_init(), 0);
    for (int i = 0; i < 6; ++i) keys_.push_back(pair(random_scalar()));
    // The generator, its neighbours and their opposites.
    for (const int small : {1, 2, 3, 64, 65, 128}) {
      Bytes d{static_cast<unsigned char>(small)}, minus;
      crypto_core_ed25519_scalar_negate(minus.data(), d.data());
      keys_.push_back(pair(d));
      keys_.push_back(pair(minus));
    }
  }
  void take_another_key() { keys_[pick(6)] = pair(random_scalar()); }

  void run(int kind) {
    const Pair& key = keys_[pick(keys_.size())];
    const std::string input = "case " + std::to_string(random_());
    Bytes r = random_scalar();
    std::string signature = sign(key, input, r);
    switch (kind % 14) {
      case 0: {  // S + L: the same modulo the order
        static constexpr unsigned char kOrder[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                                     0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                                     0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
        unsigned carry = 0;
        for (std::size_t i = 0; i < 32; ++i) {
          carry += static_cast<unsigned char>(signature[32 + i]) + unsigned{kOrder[i]};
          signature[32 + i] = static_cast<char>(carry);
          carry >>= 8;
        }
        return compare("S + L", key, input, signature);
      }
      case 1:
        return compare("S is 0", key, input, signature.substr(0, 32) + std::string(32, '\0'));
      case 2:
        return compare("another key", keys_[pick(keys_.size())], input, signature);
      case 3:
        return compare("another input", key, input + "!", signature);
      case 4:
      case 5: {
        char& byte = signature[pick(signature.size())];
        byte = static_cast<char>(byte ^ (1 << pick(8)));
        return compare("a bit", key, input, signature);
      }
      case 6: {  // r = 0: R is the neutral element, and S = k a would do
        const std::string neutral = std::string(1, '\1') + std::string(31, '\0');
        return compare("R is neutral", key, input, neutral + proof(key, input, neutral, Bytes{}));
      }
      case 7: {  // R of small order, with the S that fits it without its torsion
        const std::string small = small_order(pick(kSmallOrders));
        return compare("R of small order", key, input, small + proof(key, input, small, Bytes{}));
      }
      case 8: {  // R with a torsion of its own: right only where the cofactor is multiplied in
        const std::string torsion = small_order(1 + pick(kSmallOrders - 1));
        Bytes sum;
        if (crypto_core_ed25519_add(sum.data(), bytes(signature), bytes(torsion)) != 0) return;
        const std::string moved = text(sum.data(), 32);
        return compare("R and a small point", key, input, moved + proof(key, input, moved, r));
      }
      case 9: {  // y + p, where that has room: the same point in another spelling
        const std::string other = "\xee" + std::string(30, '\xff') + "\x7f";  // 1 + p
        return compare("R is not canonical", key, input, other + proof(key, input, other, Bytes{}));
      }
      case 10: {  // small and large S
        Bytes s{static_cast<unsigned char>(pick(3))}, minus;
        crypto_core_ed25519_scalar_negate(minus.data(), s.data());
        return compare("S near 0", key, input, signature.substr(0, 32) + text((pick(2) ? s : minus).data(), 32));
      }
      case 11:
        signature[63] = static_cast<char>(signature[63] | static_cast<char>(0x20 << pick(3)));
        return compare("high bits of S", key, input, signature);
      case 12:
        return compare("R is no point", key, input, std::string(32, '\x02') + signature.substr(32));
      default:
        compare("good", key, input, signature);
        EXPECT_TRUE(last_);
    }
  }
  std::map<std::string, std::pair<int, int>> seen;  // tried, accepted

 private:
  struct Pair {
    Bytes scalar, point;
    std::unique_ptr<const KeyTable> fast;
  };
  static constexpr std::size_t kSmallOrders = 8;

  static const unsigned char* bytes(const std::string& s) { return reinterpret_cast<const unsigned char*>(s.data()); }
  std::size_t pick(std::size_t n) { return random_() % n; }
  Bytes random_scalar() {
    std::array<unsigned char, 64> wide;
    for (unsigned char& b : wide) b = static_cast<unsigned char>(random_());
    Bytes out;
    crypto_core_ed25519_scalar_reduce(out.data(), wide.data());
    return out;
  }
  // The points of order 1, 2, 4, 4, 8, 8, 8 and 8.
  static std::string small_order(std::size_t i) {
    static const std::string y8 = *from_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
    static const std::string other = *from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    std::string out;
    switch (i) {
      case 0:
        return std::string(1, '\1') + std::string(31, '\0');
      case 1:
        return "\xec" + std::string(30, '\xff') + "\x7f";
      case 2:
      case 3:
        out = std::string(32, '\0');
        break;
      case 4:
      case 5:
        out = y8;
        break;
      default:
        out = other;
    }
    if (i % 2) out[31] = static_cast<char>(out[31] | '\x80');
    return out;
  }
  Pair pair(const Bytes& scalar) {
    Pair out{scalar, {}, nullptr};
    EXPECT_EQ(crypto_scalarmult_ed25519_base_noclamp(out.point.data(), scalar.data()), 0);
    out.fast = KeyTable::make(KeyType::ed25519, text(out.point.data(), 32), {}, path_);
    EXPECT_TRUE(out.fast);
    return out;
  }
  std::string hash(const Pair& key, const std::string& input, const std::string& r) {
    const std::string all = r + text(key.point.data(), 32) + input;
    std::array<unsigned char, 64> out;
    crypto_hash_sha512(out.data(), bytes(all), all.size());
    return text(out.data(), 64);
  }
  // S = r + k a, for whatever stands as R.
  std::string proof(const Pair& key, const std::string& input, const std::string& as_r, const Bytes& r) {
    Bytes k, s;
    crypto_core_ed25519_scalar_reduce(k.data(), bytes(hash(key, input, as_r)));
    crypto_core_ed25519_scalar_mul(s.data(), k.data(), key.scalar.data());
    crypto_core_ed25519_scalar_add(s.data(), s.data(), r.data());
    return text(s.data(), 32);
  }
  std::string sign(const Pair& key, const std::string& input, const Bytes& r) {
    Bytes point;
    EXPECT_EQ(crypto_scalarmult_ed25519_base_noclamp(point.data(), r.data()), 0);
    const std::string as_r = text(point.data(), 32);
    return as_r + proof(key, input, as_r, r);
  }
  void compare(const std::string& kind, const Pair& key, const std::string& input, const std::string& signature) {
    const std::string point = text(key.point.data(), 32);
    last_ = verify_ed25519(point, input, signature);
    auto& [tried, accepted] = seen[kind];
    ++tried;
    accepted += last_;
    ASSERT_EQ(key.fast->verify(input, signature), answer_of(last_)) << kind << " on " << name(path_);
    if (record_)
      std::fprintf(record_.get(), "%s - %s %s %d\n", hex_of(point).c_str(),
                   hex_of(hash(key, input, signature.substr(0, 32))).c_str(), hex_of(signature).c_str(), last_ ? 1 : 0);
  }

  const Path path_;
  std::vector<Pair> keys_;
  std::mt19937_64 random_{differential_seed()};
  RecordFile record_;
  bool last_ = false;
};

TEST(FastEd25519Test, DecidesAsLibsodiumDoesForGoodForgedAndEdgeCases) {
  if (!has(Path::portable)) GTEST_SKIP() << "no fast engine on this machine";
  EdCase all(Path::portable);
  const int rounds = differential_cases();
  for (int i = 0; i < rounds && !testing::Test::HasFatalFailure(); ++i) {
    if (i % kCasesOfOneKey == kCasesOfOneKey - 1) all.take_another_key();
    all.run(i % 2 ? 13 : (i / 2) % 13);
  }
  tell(all.seen);
  EXPECT_GE(all.seen.size(), 12u);
}

TEST(FastEd25519Test, TakesNoKeyThatIsNotSound) {
  if (!has(Path::portable)) GTEST_SKIP() << "no fast engine on this machine";
  const auto take = [](const std::string& hex) {
    return KeyTable::make(KeyType::ed25519, *from_hex(hex), {}, Path::portable) != nullptr;
  };
  EXPECT_TRUE(take("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  for (const char* bad : {"0100000000000000000000000000000000000000000000000000000000000000",  // neutral
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // order 8
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // 1 + p
                          "0200000000000000000000000000000000000000000000000000000000000000",  // not on the curve
                          "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af466"})   // 31 bytes
    EXPECT_FALSE(take(bad)) << bad;
}

}  // namespace
}  // namespace sallyport::fast
