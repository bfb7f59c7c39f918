// The fast engine against OpenSSL, case by case: what one accepts the other accepts.
// In the environment: SALLYPORT_DIFFERENTIAL=n asks for n cases of each kind of key on each path,
// SALLYPORT_DIFFERENTIAL_SEED=n for others than the usual ones, and SALLYPORT_DIFFERENTIAL_RECORD=file
// writes what was asked and answered there, for machines without OpenSSL (tests/emulated).
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "crypto/fast_key.h"
#include "crypto/fast_known_answers.h"
#include "crypto/fast_testing.h"
#include "crypto/openssl_handles.h"
#include "crypto/private_key.h"

namespace sallyport::fast {
namespace {

struct EcCurve {
  const char* name;
  KeyType type;
  Hash hash;
};
constexpr EcCurve kP256{"P256", KeyType::p256, Hash::sha256}, kP384{"P384", KeyType::p384, Hash::sha384};

using Group = std::unique_ptr<EC_GROUP, Freer<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Freer<EC_POINT_free>>;
using BnCtx = std::unique_ptr<BN_CTX, Freer<BN_CTX_free>>;

// One private key d, with OpenSSL's view of d G and that of each path.
struct EcPair {
  Bn d;
  PublicKey openssl;
  std::vector<std::pair<Path, std::unique_ptr<const KeyTable>>> fast;
};

class EcCase {
 public:
  explicit EcCase(const EcCurve& curve)
      : curve_(curve),
        size_(coordinate_size(curve.type)),
        ctx_(BN_CTX_new()),
        group_(EC_GROUP_new_by_curve_name(curve.type == KeyType::p256 ? NID_X9_62_prime256v1 : NID_secp384r1)),
        n_(BN_dup(EC_GROUP_get0_order(group_.get()))) {
    for (std::size_t i = 0; i < kRandomKeys; ++i) keys_.push_back(pair(random_scalar()));
    // The generator itself, its neighbours and their opposites: sums that meet equal and opposite points.
    for (const BN_ULONG small : {1ul, 2ul, 3ul, 64ul, 65ul, 128ul}) {
      Bn d(BN_new()), minus(BN_new());
      BN_set_word(d.get(), small);
      BN_sub(minus.get(), n_.get(), d.get());
      keys_.push_back(pair(std::move(d)));
      keys_.push_back(pair(std::move(minus)));
    }
  }
  void take_another_key() { keys_[pick(kRandomKeys)] = pair(random_scalar()); }

  // One case of kind `kind` (any number); its name and whether OpenSSL accepted it. A difference is a failed test.
  void run(int kind) {
    const EcPair& key = keys_[pick(keys_.size())];
    const std::string input = "case " + std::to_string(random_());
    const Bn e(BN_bin2bn(digest(curve_.hash, input).bytes.data(), static_cast<int>(size_), nullptr));
    Bn r(BN_new()), s(BN_new()), k = random_scalar(), t(BN_new());
    sign(key, e.get(), k.get(), r.get(), s.get());
    switch (kind % 16) {
      case 0:
        return compare("r is 0", key, input, std::string(size_, '\0') + fixed(s.get()));
      case 1:
        return compare("s is 0", key, input, fixed(r.get()) + std::string(size_, '\0'));
      case 2:
        return compare("r is n", key, input, fixed(n_.get()) + fixed(s.get()));
      case 3:
        return compare("s is n", key, input, fixed(r.get()) + fixed(n_.get()));
      case 4:
        BN_add(r.get(), r.get(), n_.get());
        return compare("r + n", key, input, fixed(r.get()) + fixed(s.get()));
      case 5:
        BN_add(s.get(), s.get(), n_.get());
        return compare("s + n", key, input, fixed(r.get()) + fixed(s.get()));
      case 6:
        BN_sub(s.get(), n_.get(), s.get());
        return compare("n - s", key, input, fixed(r.get()) + fixed(s.get()));
      case 7:
        return compare("another key", keys_[pick(keys_.size())], input, fixed(r.get()) + fixed(s.get()));
      case 8:
        return compare("another input", key, input + "!", fixed(r.get()) + fixed(s.get()));
      case 9:
      case 10: {
        std::string signature = fixed(r.get()) + fixed(s.get());
        char& byte = signature[pick(signature.size())];
        byte = static_cast<char>(byte ^ (1 << pick(8)));
        return compare("a bit", key, input, signature);
      }
      case 11: {  // small and large numbers that belong to nothing
        BN_set_word(r.get(), 1 + pick(3));
        BN_sub(s.get(), n_.get(), r.get());
        return compare("small r, large s", key, input,
                       pick(2) ? fixed(r.get()) + fixed(s.get()) : fixed(s.get()) + fixed(r.get()));
      }
      case 12: {  // u1 G and u2 Q are equal or opposite: e = ±r d (mod n), with e given, r = ±e / d
        BN_mod_inverse(t.get(), key.d.get(), n_.get(), ctx_.get());
        BN_mod_mul(r.get(), e.get(), t.get(), n_.get(), ctx_.get());
        const bool opposite = pick(2) == 1;
        if (opposite) BN_sub(r.get(), n_.get(), r.get());
        return compare(opposite ? "opposite points" : "equal points", key, input, fixed(r.get()) + fixed(s.get()));
      }
      case 13:
        return with_x_over_n(input, e.get());
      case 14:
        return meeting_points(input, e.get());
      default:
        compare("good", key, input, fixed(r.get()) + fixed(s.get()));
        EXPECT_TRUE(last_);
    }
  }
  std::map<std::string, std::pair<int, int>> seen;  // tried, accepted

 private:
  static constexpr std::size_t kRandomKeys = 6;
  std::size_t pick(std::size_t n) { return random_() % n; }
  Bn random_scalar() {
    std::string bytes;
    while (bytes.size() < size_ + 8) bytes += static_cast<char>(random_());
    Bn d(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
    BN_nnmod(d.get(), d.get(), n_.get(), ctx_.get());
    if (BN_is_zero(d.get())) BN_one(d.get());
    return d;
  }
  // As many bytes as the curve's numbers have; a number that does not fit becomes the largest.
  std::string fixed(const BIGNUM* x) const {
    if (static_cast<std::size_t>(BN_num_bytes(x)) > size_) return std::string(size_, '\xff');
    return bn_bytes(x, size_);
  }
  PublicKey openssl_key(const EC_POINT* q) {
    const Bn x(BN_new()), y(BN_new());
    EC_POINT_get_affine_coordinates(group_.get(), q, x.get(), y.get(), ctx_.get());
    auto key = PublicKey::from_point(curve_.type, bn_bytes(x.get(), size_), bn_bytes(y.get(), size_));
    EXPECT_TRUE(key);
    return std::move(*key);
  }
  EcPair pair(Bn d, const EC_POINT* known = nullptr) {
    Point q(known ? EC_POINT_dup(known, group_.get()) : EC_POINT_new(group_.get()));
    if (!known) EC_POINT_mul(group_.get(), q.get(), d.get(), nullptr, nullptr, ctx_.get());
    PublicKey key = openssl_key(q.get());
    std::string off = key.second();
    off.back() = static_cast<char>(off.back() ^ 1);
    EcPair out{std::move(d), std::move(key), {}};
    for (const Path path : paths()) {
      out.fast.emplace_back(path, KeyTable::make(curve_.type, out.openssl.first(), out.openssl.second(), path));
      EXPECT_TRUE(out.fast.back().second);
      EXPECT_FALSE(KeyTable::make(curve_.type, out.openssl.first(), off, path)) << "off the curve";
    }
    return out;
  }
  void sign(const EcPair& key, const BIGNUM* e, const BIGNUM* k, BIGNUM* r, BIGNUM* s) {
    const Point p(EC_POINT_new(group_.get()));
    const Bn t(BN_new());
    EC_POINT_mul(group_.get(), p.get(), k, nullptr, nullptr, ctx_.get());
    EC_POINT_get_affine_coordinates(group_.get(), p.get(), r, nullptr, ctx_.get());
    BN_nnmod(r, r, n_.get(), ctx_.get());
    BN_mod_mul(s, r, key.d.get(), n_.get(), ctx_.get());
    BN_mod_add(s, s, e, n_.get(), ctx_.get());
    BN_mod_inverse(t.get(), k, n_.get(), ctx_.get());
    BN_mod_mul(s, s, t.get(), n_.get(), ctx_.get());
  }
  // A key made for a signature whose point has x = r + n, which one point in 2^128 has by chance: Q = (s R - e G) / r.
  void with_x_over_n(const std::string& input, const BIGNUM* e) {
    const Bn x(BN_new()), r(BN_new()), minus_e(BN_new()), t(BN_new()), s = random_scalar();
    const Point p(EC_POINT_new(group_.get())), q(EC_POINT_new(group_.get()));
    const ErrorQueueGuard guard;
    do {
      BN_set_word(r.get(), 1 + pick(1'000'000));
      BN_add(x.get(), n_.get(), r.get());
    } while (EC_POINT_set_compressed_coordinates(group_.get(), p.get(), x.get(), 0, ctx_.get()) != 1);
    BN_nnmod(t.get(), e, n_.get(), ctx_.get());
    BN_sub(minus_e.get(), n_.get(), t.get());
    EC_POINT_mul(group_.get(), q.get(), minus_e.get(), p.get(), s.get(), ctx_.get());
    BN_mod_inverse(t.get(), r.get(), n_.get(), ctx_.get());
    EC_POINT_mul(group_.get(), q.get(), nullptr, q.get(), t.get(), ctx_.get());
    const EcPair made = pair(Bn(BN_new()), q.get());
    compare("x of the point is r + n", made, input, fixed(r.get()) + fixed(s.get()));
    EXPECT_TRUE(last_);
    BN_add_word(r.get(), 1);
    compare("x of the point is r - 1 + n", made, input, fixed(r.get()) + fixed(s.get()));
  }
  // A key of which u1 G = ±u2 Q in a signature that is good but for that: d = ±e / r with r = x(k G), s = 2 e / k.
  void meeting_points(const std::string& input, const BIGNUM* e) {
    const Bn k = random_scalar(), r(BN_new()), s(BN_new()), t(BN_new());
    Bn d(BN_new());
    const Point p(EC_POINT_new(group_.get()));
    EC_POINT_mul(group_.get(), p.get(), k.get(), nullptr, nullptr, ctx_.get());
    EC_POINT_get_affine_coordinates(group_.get(), p.get(), r.get(), nullptr, ctx_.get());
    BN_nnmod(r.get(), r.get(), n_.get(), ctx_.get());
    BN_mod_inverse(t.get(), r.get(), n_.get(), ctx_.get());
    BN_mod_mul(d.get(), e, t.get(), n_.get(), ctx_.get());
    const bool opposite = pick(2) == 1;
    BN_mod_inverse(t.get(), k.get(), n_.get(), ctx_.get());
    BN_mod_mul(s.get(), e, t.get(), n_.get(), ctx_.get());
    if (opposite)
      BN_sub(d.get(), n_.get(), d.get());
    else
      BN_mod_add(s.get(), s.get(), s.get(), n_.get(), ctx_.get());
    const EcPair made = pair(std::move(d));
    compare(opposite ? "u1 G = -u2 Q" : "u1 G = u2 Q", made, input, fixed(r.get()) + fixed(s.get()));
    EXPECT_EQ(last_, !opposite);
  }
  void compare(const std::string& kind, const EcPair& key, const std::string& input, const std::string& signature) {
    last_ = key.openssl.verify(SignatureScheme::ecdsa, curve_.hash, input, signature);
    auto& [tried, accepted] = seen[kind];
    ++tried;
    accepted += last_;
    for (const auto& [path, table] : key.fast)
      ASSERT_EQ(table->verify(input, signature), answer_of(last_)) << kind << " on " << name(path);
    if (record_)
      std::fprintf(record_.get(), "%s %s %s %s %d\n", hex_of(key.openssl.first()).c_str(),
                   hex_of(key.openssl.second()).c_str(), hex_of(digest(curve_.hash, input).view()).c_str(),
                   hex_of(signature).c_str(), last_ ? 1 : 0);
  }

  const EcCurve& curve_;
  const std::size_t size_;
  const BnCtx ctx_;
  const Group group_;
  const Bn n_;
  std::vector<EcPair> keys_;
  std::mt19937_64 random_{differential_seed()};
  RecordFile record_ = record_file();
  bool last_ = false;
};

class FastEcdsaTest : public testing::TestWithParam<const EcCurve*> {};

// OpenSSL judges each case once, and each path that this machine has must say the same.
TEST_P(FastEcdsaTest, DecidesAsOpensslDoesForGoodForgedAndEdgeCases) {
  const EcCurve* curve = GetParam();
  EcCase all(*curve);
  // Its signatures cost OpenSSL twenty times as much.
  const int rounds = curve->type == KeyType::p384 && !std::getenv("SALLYPORT_DIFFERENTIAL") ? differential_cases() / 5
                                                                                            : differential_cases();
  // Half of them good; those that need a table of their own once in eight times.
  for (int i = 0; i < rounds && !HasFatalFailure(); ++i) {
    int kind = i % 2 ? 15 : (i / 2) % 15;
    if ((kind == 13 || kind == 14) && (i / 30) % 8 != 0) kind = 9;
    if (i % kCasesOfOneKey == kCasesOfOneKey - 1) all.take_another_key();
    all.run(kind);
  }
  tell(all.seen);
  EXPECT_GE(all.seen.size(), 15u);
}
INSTANTIATE_TEST_SUITE_P(EachCurve, FastEcdsaTest, testing::Values(&kP256, &kP384),
                         [](const auto& each) { return std::string(each.param->name); });

TEST(FastKnownAnswersTest, AreRightOnEveryPath) {
  for (const Path path : paths()) EXPECT_TRUE(known_answers_are_right(path)) << name(path);
}

TEST(FastKeyTableTest, RefusesKeysAndSignaturesOfAnotherLength) {
  for (const KeyType type : {KeyType::p256, KeyType::p384}) {
    const auto key = PrivateKey::generate(type);
    const std::string& x = key->public_key().first();
    const std::string& y = key->public_key().second();
    for (const Path path : paths()) {
      const auto table = KeyTable::make(type, x, y, path);
      ASSERT_TRUE(table);
      EXPECT_FALSE(KeyTable::make(type, x.substr(1), y, path));
      EXPECT_FALSE(KeyTable::make(type, x, y + "x", path));
      EXPECT_FALSE(KeyTable::make(type, std::string(x.size(), '\xff'), y, path)) << "not below p";
      for (const std::size_t n : {std::size_t{0}, std::size_t{1}, 2 * x.size() - 1, 2 * x.size() + 1, 3 * x.size()})
        EXPECT_EQ(table->verify("input", std::string(n, '\x01')), Answer::refuse);
    }
  }
}

}  // namespace
}  // namespace sallyport::fast
