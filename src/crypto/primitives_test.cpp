#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <map>
#include <set>

#include "crypto/digest.h"
#include "crypto/ecdsa_form.h"
#include "crypto/edwards.h"
#include "crypto/hmac.h"
#include "crypto/keyed_hash.h"
#include "crypto/pem.h"
#include "crypto/private_key.h"
#include "crypto/random.h"
#include "crypto/rsa_weakness.h"

namespace sallyport {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    out += two;
  }
  return out;
}

TEST(DigestTest, GivesTheValuesOfFips180) {
  EXPECT_EQ(hex(digest(Hash::sha256, "abc").view()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(digest(Hash::sha384, "abc").view()),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(hex(digest(Hash::sha512, "").view()).substr(0, 32), "cf83e1357eefb8bdf1542850d66d8007");
}

TEST(HmacTest, GivesTheValuesOfRfc4231) {
  const HmacKey jefe("Jefe"), large(std::string(131, '\xaa'));
  EXPECT_EQ(hex(jefe.compute(Hash::sha256, "what do ya want for nothing?").view()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(jefe.compute(Hash::sha384, "what do ya want for nothing?").view()),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
  EXPECT_EQ(hex(jefe.compute(Hash::sha512, "what do ya want for nothing?").view()).substr(0, 32),
            "164b7a7bfcf819e2e395fbe73b56e0a3");
  EXPECT_EQ(hex(large.compute(Hash::sha256, "Test Using Larger Than Block-Size Key - Hash Key First").view()),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(
      hex(large.compute(Hash::sha512, "Test Using Larger Than Block-Size Key - Hash Key First").view()).substr(0, 32),
      "80b24263c7c1a3ebb71493c1dd7be8b4");
}

// The blocks are padded here and not by OpenSSL: at each length around theirs.
TEST(HmacTest, GivesWhatOpensslGivesForEveryLength) {
  const std::pair<Hash, const EVP_MD*> hashes[] = {
      {Hash::sha256, EVP_sha256()}, {Hash::sha384, EVP_sha384()}, {Hash::sha512, EVP_sha512()}};
  std::string input;
  for (int n = 0; n < 400; ++n) {
    const std::string secret(static_cast<std::size_t>(n) % 150 + 1, static_cast<char>('a' + n % 26));
    const HmacKey key(secret);
    for (const auto& [hash, md] : hashes) {
      unsigned char wanted[64];
      unsigned size = 0;
      ASSERT_TRUE(HMAC(md, secret.data(), static_cast<int>(secret.size()),
                       reinterpret_cast<const unsigned char*>(input.data()), input.size(), wanted, &size));
      EXPECT_EQ(hex(key.compute(hash, input).view()), hex({reinterpret_cast<const char*>(wanted), size})) << n;
    }
    input += static_cast<char>(n * 31);
  }
}

TEST(HmacTest, VerifiesTheWholeMacAndNoPartOfIt) {
  const HmacKey key("key");
  const std::string mac(key.compute(Hash::sha256, "input").view());
  EXPECT_TRUE(key.verify(Hash::sha256, "input", mac));
  EXPECT_FALSE(key.verify(Hash::sha256, "input", mac.substr(0, 31)));
  EXPECT_FALSE(key.verify(Hash::sha256, "input", mac + "x"));
  EXPECT_FALSE(key.verify(Hash::sha256, "input", ""));
  EXPECT_FALSE(key.verify(Hash::sha512, "input", mac));
  for (std::size_t i = 0; i < mac.size(); ++i) {
    std::string bad = mac;
    bad[i] = static_cast<char>(bad[i] ^ 0x80);
    EXPECT_FALSE(key.verify(Hash::sha256, "input", bad)) << i;
  }
}

TEST(ShortTableHashTest, TellsTextsApartInEveryByteAndLengthAndEveryTableFromEveryOther) {
  const ShortTableHash hash, another;
  std::set<std::uint64_t> seen;
  const std::string text(ShortTableHash::kMaxBytes, 'a');
  for (std::size_t n = 0; n <= text.size(); ++n) seen.insert(hash(text.substr(0, n)));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ 1);
    seen.insert(hash(other));
  }
  EXPECT_EQ(seen.size(), 2 * text.size() + 1);
  EXPECT_EQ(hash(text), hash(std::string(text)));
  EXPECT_NE(hash(text), another(text));
}

TEST(ShortTableHashTest, SpreadsTextsThatAreNearlyTheSameOverLowAndHighBits) {
  const ShortTableHash hash;
  std::map<std::uint64_t, int> low, high;
  for (int i = 0; i < 16'000; ++i) {
    const std::string number = std::to_string(i);
    const std::uint64_t h = hash(std::string(ShortTableHash::kMaxBytes - number.size(), 'x') + number);
    ++low[h % 16];
    ++high[h >> 60];
  }
  for (const auto* each : {&low, &high}) {
    ASSERT_EQ(each->size(), 16u);
    for (const auto& [bits, count] : *each) EXPECT_NEAR(count, 1000, 300) << bits;
  }
}

TEST(EcdsaFormTest, GoesThereAndBack) {
  for (const std::size_t n : {32U, 48U, 66U})
    for (const char* first : {"\x01", "\x7f", "\x80", "\xff"}) {
      std::string raw(2 * n, '\x11');
      raw[0] = first[0];
      raw[n] = 0;
      raw[n + 1] = first[0];
      const auto der = ecdsa_to_der(raw, n);
      ASSERT_TRUE(der);
      EXPECT_EQ(ecdsa_from_der({reinterpret_cast<const char*>(der->bytes.data()), der->size}, n), raw);
    }
}

TEST(EcdsaFormTest, RefusesZerosAndOtherLengths) {
  std::string raw(64, '\x11');
  EXPECT_TRUE(ecdsa_to_der(raw, 32));
  EXPECT_FALSE(ecdsa_to_der(raw, 33));
  EXPECT_FALSE(ecdsa_to_der(raw + "x", 32));
  EXPECT_FALSE(ecdsa_to_der("", 32));
  EXPECT_FALSE(ecdsa_to_der("", 0));
  EXPECT_FALSE(ecdsa_to_der(std::string(32, '\0') + raw.substr(32), 32));
  EXPECT_FALSE(ecdsa_to_der(raw.substr(32) + std::string(32, '\0'), 32));
}

TEST(RocaTest, TellsFlawedModuliFromHonestOnes) {
  // Powers of 65537 modulo every small prime are such moduli, whatever their size: 1 and 65537 themselves.
  EXPECT_TRUE(is_roca_modulus(std::string("\x01", 1)));
  EXPECT_TRUE(is_roca_modulus(std::string("\x01\x00\x01", 3)));
  EXPECT_FALSE(is_roca_modulus(std::string("\x01\x00\x03", 3)));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(is_roca_modulus(PrivateKey::generate(KeyType::rsa)->public_key().first()));
}

// The broker's TLS code on the same thread reads this queue and would take our refusals for its own errors.
TEST(ErrorQueueTest, IsLeftAsItWas) {
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 77);
  const unsigned long before = ERR_peek_last_error();
  (void)PublicKey::from_spki("garbage");
  (void)PublicKey::from_certificate("garbage");
  (void)PublicKey::from_point(KeyType::p256, std::string(32, 'x'), std::string(32, 'y'));
  (void)PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  (void)read_pem("-----BEGIN X-----\n");
  for (const KeyType type : {KeyType::rsa, KeyType::p256, KeyType::ed25519, KeyType::ed448}) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key);
    for (const SignatureScheme scheme :
         {SignatureScheme::rsa_pkcs1, SignatureScheme::rsa_pss, SignatureScheme::ecdsa, SignatureScheme::eddsa})
      for (const std::size_t n : {64U, 114U, 256U})
        EXPECT_FALSE(key->public_key().verify(scheme, Hash::sha256, "input", std::string(n, 'x')));
  }
  EXPECT_EQ(ERR_peek_last_error(), before);
  ERR_get_error();
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PrivateKeyTest, AnEncryptedKeyIsRefusedByNameAndNotAskedFor) {
  const auto key = PrivateKey::from_pem(
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgKv2dcKp0t8QICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJ7m1TKTNXwc4qz1mTGbKzQEgZAA\n"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().cause, "the private key is encrypted with a passphrase");
}

TEST(PrivateKeyTest, HalvesThatDoNotBelongTogetherAreRefused) {
  const auto a = PrivateKey::generate(KeyType::p256), b = PrivateKey::generate(KeyType::p256);
  const auto joined = [](const PrivateKey& pub, const PrivateKey& priv) {
    return PrivateKey::from_point(KeyType::p256, pub.public_key().first(), pub.public_key().second(),
                                  priv.scalar().view())
        .has_value();
  };
  EXPECT_TRUE(joined(*a, *a));
  EXPECT_FALSE(joined(*a, *b));
  const auto c = PrivateKey::generate(KeyType::ed25519), d = PrivateKey::generate(KeyType::ed25519);
  EXPECT_TRUE(PrivateKey::from_edwards(KeyType::ed25519, c->public_key().first(), c->scalar().view()));
  EXPECT_FALSE(PrivateKey::from_edwards(KeyType::ed25519, c->public_key().first(), d->scalar().view()));
}

TEST(RandomTest, NeverGivesTheSameTwice) {
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

}  // namespace
}  // namespace sallyport
