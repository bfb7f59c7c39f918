#include "crypto/sealer.h"

#include <sodium.h>

namespace sallyport {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
// Bound into every text: what was sealed for something else opens nowhere here.
constexpr std::string_view kPurpose = "sallyport settings 1";

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

Sealer::Sealer(std::string_view key_bytes) noexcept {
  crypto_generichash(key_.data(), key_.size(), bytes(key_bytes), key_bytes.size(), bytes(kPurpose), kPurpose.size());
}
Sealer::~Sealer() { wipe(key_.data(), key_.size()); }

std::string Sealer::seal(std::string_view secret) const {
  std::string out(kNonce + secret.size() + kTag, '\0');
  auto* const raw = reinterpret_cast<unsigned char*>(out.data());
  randombytes_buf(raw, kNonce);
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw + kNonce, &size, bytes(secret), secret.size(), bytes(kPurpose),
                                             kPurpose.size(), nullptr, raw, key_.data());
  return out;
}

std::optional<Secret> Sealer::open(std::string_view sealed) const {
  if (sealed.size() < kNonce + kTag) return std::nullopt;
  std::string plain(sealed.size() - kNonce - kTag, '\0');
  unsigned long long size = 0;
  const int code = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<unsigned char*>(plain.data()), &size, nullptr, bytes(sealed) + kNonce, sealed.size() - kNonce,
      bytes(kPurpose), kPurpose.size(), bytes(sealed), key_.data());
  std::optional<Secret> out;
  if (code == 0) out = Secret(plain);
  wipe(plain);
  return out;
}

}  // namespace sallyport
