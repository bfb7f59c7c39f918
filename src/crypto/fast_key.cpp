#include "crypto/fast_key.h"

#include <thread>

#include "crypto/ecdsa_form.h"
#include "crypto/fast_p256.h"
#include "crypto/openssl_handles.h"

namespace sallyport::fast {
namespace {

class P256Table final : public KeyTable {
 public:
  explicit P256Table(std::unique_ptr<const P256Key> key) : key_(std::move(key)) {}
  bool verify(std::string_view input, std::string_view signature) const noexcept override {
    return key_->verify(digest(Hash::sha256, input).view(), signature);
  }
  std::size_t bytes() const noexcept override { return P256Key::bytes(); }

 private:
  std::unique_ptr<const P256Key> key_;
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
      if (auto key = P256Key::make(first, second, path)) return std::make_unique<P256Table>(std::move(key));
      return nullptr;
    case KeyType::rsa:
    case KeyType::p384:
    case KeyType::p521:
    case KeyType::ed25519:
    case KeyType::ed448:
      break;
  }
  return nullptr;
}

std::size_t KeyTable::bytes_of(KeyType type) noexcept { return type == KeyType::p256 ? P256Key::bytes() : 0; }

bool KeyTable::serves(KeyType type, SignatureScheme scheme, Hash hash) noexcept {
  return type == KeyType::p256 && scheme == SignatureScheme::ecdsa && hash == Hash::sha256;
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
Key::Answer Key::ask(std::uint32_t tick, std::string_view input, std::string_view signature) const noexcept {
  readers_.fetch_add(1);
  Answer answer = Answer::none;
  if (const KeyTable* table = table_.load()) {
    last_used_.store(tick, std::memory_order_relaxed);
    answer = table->verify(input, signature) ? Answer::accept : Answer::refuse;
  }
  readers_.fetch_sub(1);
  return answer;
}

bool Key::judge(SignatureScheme scheme, Hash hash, std::string_view input, std::string_view signature) const noexcept {
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
