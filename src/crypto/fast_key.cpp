#include "crypto/fast_key.h"

#include <thread>

#include "crypto/ecdsa_form.h"
#include "crypto/edwards.h"
#include "crypto/fast_ed25519.h"
#include "crypto/fast_p256.h"
#include "crypto/fast_p384.h"
#include "crypto/fast_rsa.h"
#include "crypto/openssl_handles.h"
#include "crypto/sha2_context.h"

namespace sallyport::fast {
namespace {

// `Curve`: P256Key, P384Key.
template <class Curve, Hash kHash>
class EcdsaTable final : public KeyTable {
 public:
  static std::unique_ptr<const KeyTable> make(std::string_view x, std::string_view y, Path path) {
    auto key = Curve::make(x, y, path);
    if (!key) return nullptr;
    return std::make_unique<EcdsaTable>(std::move(key));
  }
  explicit EcdsaTable(std::unique_ptr<const Curve> key) : key_(std::move(key)) {}
  Answer verify(std::string_view input, std::string_view signature) const noexcept override {
    return answer_of(key_->verify(digest(kHash, input).view(), signature));
  }
  std::size_t bytes() const noexcept override { return Curve::bytes(); }

 private:
  std::unique_ptr<const Curve> key_;
};
using P256Table = EcdsaTable<P256Key, Hash::sha256>;
using P384Table = EcdsaTable<P384Key, Hash::sha384>;

class Ed25519Table final : public KeyTable {
 public:
  static std::unique_ptr<const KeyTable> make(std::string_view key, Path path) {
    if (!is_sound_ed25519_key(key)) return nullptr;
    auto made = Ed25519Key::make(key, path);
    if (!made) return nullptr;
    return std::make_unique<Ed25519Table>(key, std::move(made));
  }
  Ed25519Table(std::string_view bytes, std::unique_ptr<const Ed25519Key> key) : bytes_(bytes), key_(std::move(key)) {}
  Answer verify(std::string_view input, std::string_view signature) const noexcept override {
    if (signature.size() != 64) return Answer::refuse;
    Sha512State state;
    state.update(signature.data(), 32);
    state.update(bytes_.data(), bytes_.size());
    state.update(input.data(), input.size());
    Digest hash;
    hash.size = Sha512State::kSize;
    state.finish(hash.bytes.data());
    return answer_of(key_->verify(hash.view(), signature));
  }
  std::size_t bytes() const noexcept override { return Ed25519Key::bytes(); }

 private:
  const std::string bytes_;
  std::unique_ptr<const Ed25519Key> key_;
};

class RsaTable final : public KeyTable {
 public:
  static std::unique_ptr<const KeyTable> make(std::string_view modulus, std::string_view exponent, Path path) {
    auto key = RsaKey::make(modulus, exponent, path);
    if (!key) return nullptr;
    return std::make_unique<RsaTable>(std::move(key));
  }
  explicit RsaTable(std::unique_ptr<const RsaKey> key) : key_(std::move(key)) {}
  Answer verify(std::string_view input, std::string_view signature) const noexcept override {
    return key_->verify(digest(Hash::sha256, input).view(), signature);
  }
  std::size_t bytes() const noexcept override { return RsaKey::bytes(); }

 private:
  std::unique_ptr<const RsaKey> key_;
};

const EVP_MD* message_digest(Hash hash) noexcept {
  switch (hash) {
    case Hash::sha256:
      return EVP_sha256();
    case Hash::sha384:
      return EVP_sha384();
    case Hash::sha512:
      return EVP_sha512();
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<const KeyTable> KeyTable::make(KeyType type, std::string_view first, std::string_view second,
                                               Path path) {
  switch (type) {
    case KeyType::p256:
      return P256Table::make(first, second, path);
    case KeyType::p384:
      return P384Table::make(first, second, path);
    case KeyType::ed25519:
      return Ed25519Table::make(first, path);
    case KeyType::rsa:
      return RsaTable::make(first, second, path);
    case KeyType::p521:
    case KeyType::ed448:
      break;
  }
  return nullptr;
}

std::size_t KeyTable::bytes_of(KeyType type) noexcept {
  switch (type) {
    case KeyType::p256:
      return P256Key::bytes();
    case KeyType::p384:
      return P384Key::bytes();
    case KeyType::ed25519:
      return Ed25519Key::bytes();
    case KeyType::rsa:
      return RsaKey::bytes();
    case KeyType::p521:
    case KeyType::ed448:
      break;
  }
  return 0;
}

bool KeyTable::takes(KeyType type, std::string_view first, std::string_view second) noexcept {
  return bytes_of(type) > 0 && (type != KeyType::rsa || RsaKey::serves(first, second));
}

bool KeyTable::serves(KeyType type, SignatureScheme scheme, Hash hash) noexcept {
  switch (type) {
    case KeyType::p256:
      return scheme == SignatureScheme::ecdsa && hash == Hash::sha256;
    case KeyType::p384:
      return scheme == SignatureScheme::ecdsa && hash == Hash::sha384;
    case KeyType::ed25519:
      return scheme == SignatureScheme::eddsa;
    case KeyType::rsa:
      return scheme == SignatureScheme::rsa_pkcs1 && hash == Hash::sha256;
    case KeyType::p521:
    case KeyType::ed448:
      break;
  }
  return false;
}

Key::Key(KeyType type, std::string first, std::string second, void* evp_pkey)
    : type_(type), first_(std::move(first)), second_(std::move(second)), pkey_(evp_pkey) {
  EVP_PKEY_up_ref(static_cast<EVP_PKEY*>(pkey_));
}

Key::~Key() {
  delete table_.load();
  EVP_PKEY_free(static_cast<EVP_PKEY*>(pkey_));
}

// Sequentially consistent, both sides: either the reader's count is seen by drop_table(), or the reader sees that the
// table is gone.
Answer Key::ask(std::uint32_t tick, std::string_view input, std::string_view signature) const noexcept {
  readers_.fetch_add(1);
  Answer answer = Answer::none;
  if (const KeyTable* table = table_.load()) {
    last_used_.store(tick, std::memory_order_relaxed);
    answer = table->verify(input, signature);
  }
  readers_.fetch_sub(1);
  return answer;
}

bool Key::judge(SignatureScheme scheme, Hash hash, std::string_view input, std::string_view signature) const noexcept {
  if (type_ == KeyType::ed25519) return scheme == SignatureScheme::eddsa && verify_ed25519(first_, input, signature);
  const ErrorQueueGuard guard;
  const EvpMdCtx ctx(EVP_MD_CTX_new());
  EVP_PKEY* key = static_cast<EVP_PKEY*>(pkey_);
  EVP_PKEY_CTX* details = nullptr;  // belongs to ctx
  const EVP_MD* md = scheme == SignatureScheme::eddsa ? nullptr : message_digest(hash);
  if (!ctx || EVP_DigestVerifyInit(ctx.get(), &details, md, nullptr, key) != 1) return false;
  switch (scheme) {
    case SignatureScheme::ecdsa: {
      const auto der = ecdsa_to_der(signature, coordinate_size(type_));
      return der && EVP_DigestVerify(ctx.get(), der->bytes.data(), der->size, as_bytes(input), input.size()) == 1;
    }
    case SignatureScheme::rsa_pkcs1:
      if (EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PADDING) != 1) return false;
      break;
    case SignatureScheme::rsa_pss:
      return false;  // no table is made for it
    case SignatureScheme::eddsa:
      break;
  }
  return EVP_DigestVerify(ctx.get(), as_bytes(signature), signature.size(), as_bytes(input), input.size()) == 1;
}

void Key::build(Path path, std::uint32_t tick) {
  if (table_.load()) return;
  last_used_.store(tick, std::memory_order_relaxed);
  std::unique_ptr<const KeyTable> made = KeyTable::make(type_, first_, second_, path);
  table_.store(made.release());
}

void Key::drop_table() noexcept {
  const std::unique_ptr<const KeyTable> gone(table_.exchange(nullptr));
  // Under a key that is in use again right away, it asks again after a few uses.
  uses_.store(0, std::memory_order_relaxed);
  while (readers_.load() != 0) std::this_thread::yield();
}

// By the thread that builds and drops: the table cannot go meanwhile.
std::size_t Key::table_bytes() const noexcept {
  const KeyTable* table = table_.load();
  return table ? table->bytes() : 0;
}

}  // namespace sallyport::fast
