// PEM and DER: public keys, certificates and private keys, as operators and issuers hand them over. What is taken is
// written out again, and is the same key.
#include <cstddef>
#include <string>
#include <string_view>

#include "crypto/certificate.h"
#include "crypto/pem.h"
#include "crypto/public_key.h"
#include "jose/key_set.h"
#include "jose/sign.h"
#include "promise.h"

namespace sallyport {
namespace {

void written_again(const Result<PublicKey>& key) {
  if (!key) {
    promise(!key.error().cause.empty(), "a refused key has a cause");
    return;
  }
  promise(key->type() != KeyType::rsa || (key->bits() >= 2048 && key->bits() <= 8192), "an RSA key is of a sound size");
  const auto blocks = read_pem(key->spki_pem());
  promise(blocks.has_value() && blocks->size() == 1, "a key is written as one block");
  const auto again = PublicKey::from_spki(blocks->front().der);
  promise(again.has_value() && again->same_as(*key), "a key that is written out is the same key");
  promise(!key->verify(key->type() == KeyType::rsa ? SignatureScheme::rsa_pkcs1 : SignatureScheme::ecdsa, Hash::sha256,
                       "input", std::string(64, '\1')),
          "nobody guesses a signature");
}

void look(std::string_view bytes) {
  written_again(PublicKey::from_spki(bytes));
  written_again(PublicKey::from_pkcs1(bytes));
  written_again(PublicKey::from_certificate(bytes));
  PublicKey::is_authority(bytes);
  if (const auto print = thumbprint_of_der(bytes)) promise(print->size() == 32, "a thumbprint is a SHA-256");
  if (const auto print = thumbprint_of_pem(bytes)) promise(print->size() == 32, "a thumbprint is a SHA-256");
  if (const auto blocks = read_pem(bytes)) {
    promise(!blocks->empty(), "a PEM has a block");
    for (const PemBlock& block : *blocks) {
      promise(!block.private_key() || block.der.empty(), "private keys are not taken out");
      written_again(PublicKey::from_spki(block.der));
    }
  }
  const auto set = parse_key_document(bytes, KeyDocumentPolicy::trusted_file, {.label = "fuzz"});
  const auto secret = parse_signing_key(bytes);
  if (!secret) return;
  if ((*secret)->kind() == KeyKind::secret) return;
  promise(!set, "what signs is no document of public keys");
  const auto open = parse_key_document((*secret)->public_pem(), KeyDocumentPolicy::trusted_file, {.label = "fuzz"});
  promise(open.has_value() && open->keys.size() == 1, "the public half of what signs can be read");
  promise(open->keys[0]->thumbprint() == (*secret)->thumbprint(), "and is its half");
  const auto again = parse_signing_key((*secret)->private_pem());
  promise(again.has_value() && (*again)->thumbprint() == (*secret)->thumbprint(), "what signs is written and read");
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::look({reinterpret_cast<const char*>(data), size});
  return 0;
}
