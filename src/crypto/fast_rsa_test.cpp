// RS256 by the fast engine against OpenSSL, case by case: what one accepts the other accepts.
// The environment as in fast_differential_test.cpp; nothing is recorded, since this path is OpenSSL's arithmetic.
#include "crypto/fast_rsa.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "crypto/fast_key.h"
#include "crypto/fast_testing.h"
#include "crypto/openssl_handles.h"
#include "crypto/public_key.h"

namespace sallyport::fast {
namespace {

constexpr std::size_t kSize = RsaKey::kBytes;
const std::string kExponent("\x01\x00\x01", 3);
const std::string kInfo("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", 19);
const std::string kInfoWithoutNull("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20", 17);
const std::string kInfoOfSha512("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x20", 19);

struct RsaPair {
  EvpPkey own;
  Bn n;
  PublicKey openssl;
  std::unique_ptr<const KeyTable> fast;
};

class RsaCase {
 public:
  explicit RsaCase(Path path) : path_(path) {
    for (int i = 0; i < 2; ++i) keys_.push_back(pair());
  }
  void take_another_key() { keys_[pick(keys_.size())] = pair(); }

  void run(int kind) {
    const RsaPair& key = keys_[pick(keys_.size())];
    const std::string input = "case " + std::to_string(random_());
    const std::string hash(digest(Hash::sha256, input).view());
    const auto raw = [&](const std::string& name, const std::string& message) {
      return compare(name, key, input, signed_raw(key, message));
    };
    switch (kind % 18) {
      case 0:
        return compare("s is 0", key, input, std::string(kSize, '\0'));
      case 1:
        return compare("s is 1", key, input, std::string(kSize - 1, '\0') + '\x01');
      case 2:
        return compare("s is n", key, input, less(key, 0));
      case 3:
        return compare("s is n - 1", key, input, less(key, 1));
      case 4:
        return compare("s + n", key, input, plus_n(key, good(key, hash)));
      case 5:
        return compare("n - s", key, input, n_minus(key, good(key, hash)));
      case 6:
        return compare("another key", keys_[pick(keys_.size())], input, good(key, hash));
      case 7:
        return compare("another input", key, input + "!", good(key, hash));
      case 8:
        return compare("anything", key, input, anything());
      case 9:
        return raw("block type 2", padded(hash, kInfo, '\x02'));
      case 10:
        return raw("no NULL in the digest's info", padded(hash, kInfoWithoutNull));
      case 11:
        return raw("another hash's info", padded(hash, kInfoOfSha512));
      case 12: {
        std::string message = padded(hash, kInfo);
        message[2 + pick(202)] = '\0';
        return raw("a zero in the padding", message);
      }
      case 13:  // Bleichenbacher's of 2006: the digest early, anything behind it
        return raw("short padding and something behind",
                   std::string("\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00", 11) + kInfo + hash +
                       anything().substr(11 + 19 + 32));
      case 14:
        return raw("padding without its first byte",
                   '\x01' + std::string(kSize - 54, '\xff') + '\0' + kInfo + hash + "\x01");
      case 15:
        return compare("another length", key, input, good(key, hash).substr(pick(2), kSize - 1));
      case 16: {
        std::string signature = good(key, hash);
        char& byte = signature[pick(signature.size())];
        byte = static_cast<char>(byte ^ (1 << pick(8)));
        return compare("a bit", key, input, signature);
      }
      default:
        compare("good", key, input, good(key, hash));
        EXPECT_TRUE(last_);
    }
  }
  std::map<std::string, std::pair<int, int>> seen;

 private:
  std::size_t pick(std::size_t n) { return random_() % n; }
  std::string anything() {
    std::string out(kSize, '\0');
    for (char& c : out) c = static_cast<char>(random_());
    out[0] = static_cast<char>(out[0] & 0x7f);
    return out;
  }
  RsaPair pair() {
    EvpPkey own(EVP_RSA_gen(2048));
    Bn n = pkey_bn(own.get(), OSSL_PKEY_PARAM_RSA_N);
    const std::string modulus = bn_bytes(n.get());
    auto key = PublicKey::from_rsa(modulus, kExponent);
    EXPECT_TRUE(key);
    auto table = KeyTable::make(KeyType::rsa, key->first(), key->second(), path_);
    EXPECT_TRUE(table);
    return {std::move(own), std::move(n), std::move(*key), std::move(table)};
  }
  static std::string padded(const std::string& hash, const std::string& info, char type = '\x01') {
    const std::string end = '\0' + info + hash;
    return '\0' + std::string(1, type) + std::string(kSize - 2 - end.size(), '\xff') + end;
  }
  std::string good(const RsaPair& key, const std::string& hash) { return signed_raw(key, padded(hash, kInfo)); }
  // message^d mod n, whatever the message is.
  static std::string signed_raw(const RsaPair& key, const std::string& message) {
    const ErrorQueueGuard guard;
    const EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key.own.get(), nullptr));
    std::string out(kSize, '\0');
    std::size_t size = out.size();
    const Bn m = bn_from(message);
    if (BN_cmp(m.get(), key.n.get()) >= 0) return out;
    EXPECT_TRUE(EVP_PKEY_sign_init(ctx.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_NO_PADDING) == 1 &&
                EVP_PKEY_sign(ctx.get(), reinterpret_cast<unsigned char*>(out.data()), &size, as_bytes(message),
                              message.size()) == 1);
    return out;
  }
  static std::string less(const RsaPair& key, BN_ULONG by) {
    const Bn x(BN_dup(key.n.get()));
    BN_sub_word(x.get(), by);
    return bn_bytes(x.get(), kSize);
  }
  static std::string n_minus(const RsaPair& key, const std::string& s) {
    const Bn x = bn_from(s);
    BN_sub(x.get(), key.n.get(), x.get());
    return bn_bytes(x.get(), kSize);
  }
  // Where it fits; else the largest number that does.
  static std::string plus_n(const RsaPair& key, const std::string& s) {
    const Bn x = bn_from(s);
    BN_add(x.get(), key.n.get(), x.get());
    return static_cast<std::size_t>(BN_num_bytes(x.get())) > kSize ? std::string(kSize, '\xff')
                                                                   : bn_bytes(x.get(), kSize);
  }
  void compare(const std::string& kind, const RsaPair& key, const std::string& input, const std::string& signature) {
    last_ = key.openssl.verify(SignatureScheme::rsa_pkcs1, Hash::sha256, input, signature);
    auto& [tried, accepted] = seen[kind];
    ++tried;
    accepted += last_;
    ASSERT_EQ(key.fast->verify(input, signature), answer_of(last_)) << kind << " on " << name(path_);
  }

  const Path path_;
  std::vector<RsaPair> keys_;
  std::mt19937_64 random_{differential_seed()};
  bool last_ = false;
};

class FastRsaTest : public testing::TestWithParam<Path> {};

TEST_P(FastRsaTest, DecidesAsOpensslDoesForGoodForgedAndEdgeCases) {
  if (!has(GetParam())) GTEST_SKIP() << "this machine has no " << name(GetParam());
  RsaCase all(GetParam());
  // A signature costs OpenSSL the most of a millisecond.
  const int rounds = std::getenv("SALLYPORT_DIFFERENTIAL") ? differential_cases() : differential_cases() / 10;
  for (int i = 0; i < rounds && !HasFatalFailure(); ++i) {
    if (i % kCasesOfOneKey == kCasesOfOneKey - 1) all.take_another_key();
    all.run(i % 2 ? 17 : (i / 2) % 17);
  }
  tell(all.seen);
  EXPECT_EQ(all.seen.size(), 18u);
}
INSTANTIATE_TEST_SUITE_P(EachPath, FastRsaTest, testing::Values(Path::portable, Path::adx),
                         [](const auto& each) { return std::string(name(each.param)); });

TEST(FastRsaKeyTest, ServesModuliOf2048BitsWithTheUsualExponentAndNoOthers) {
  if (paths().empty()) GTEST_SKIP() << "no fast engine on this machine";
  std::string modulus(kSize, '\xff');
  EXPECT_TRUE(RsaKey::serves(modulus, kExponent));
  EXPECT_FALSE(RsaKey::serves(modulus, std::string("\x03", 1)));
  EXPECT_FALSE(RsaKey::serves(modulus, std::string("\x00\x01\x00\x01", 4)));
  EXPECT_FALSE(RsaKey::serves(modulus.substr(1), kExponent));
  EXPECT_FALSE(RsaKey::serves(modulus + modulus, kExponent));
  modulus[0] = 0x7f;
  EXPECT_FALSE(RsaKey::serves(modulus, kExponent)) << "2047 bits";
  modulus = std::string(kSize, '\xff');
  modulus.back() = '\xfe';
  EXPECT_FALSE(RsaKey::serves(modulus, kExponent)) << "even";
  EXPECT_FALSE(KeyTable::make(KeyType::rsa, modulus, kExponent, Path::portable));
  EXPECT_TRUE(KeyTable::serves(KeyType::rsa, SignatureScheme::rsa_pkcs1, Hash::sha256));
  EXPECT_FALSE(KeyTable::serves(KeyType::rsa, SignatureScheme::rsa_pkcs1, Hash::sha384));
  EXPECT_FALSE(KeyTable::serves(KeyType::rsa, SignatureScheme::rsa_pss, Hash::sha256));
}

}  // namespace
}  // namespace sallyport::fast
