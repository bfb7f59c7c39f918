// A key document of a stranger: JWK sets as a URL sends them, PEM and JWK as an operator's file holds them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "jose/key_set.h"
#include "keys/document_check.h"
#include "promise.h"

namespace sallyport {
namespace {

void from_a_url(const std::string& text) {
  const DocumentCheck check = check_key_document(text, "fuzz");
  promise((check.outcome == FetchOutcome::ok) == !check.set.keys.empty(), "a set is ok where a key of it is usable");
  promise(check.outcome == FetchOutcome::ok || !check.detail.empty(), "a refused document has a cause");
  for (const KeyPtr& key : check.set.keys) {
    promise(key->kind() != KeyKind::secret, "no secret comes from a URL");
    promise(key->algorithms() != 0, "a key serves an algorithm");
    promise(!key_words(*key).empty(), "a key has words for people");
  }
  for (const SkippedKey& key : check.set.skipped) promise(!key.cause.empty(), "a skipped key has a cause");
}

void from_a_file(std::string_view text) {
  const auto set = parse_key_document(text, KeyDocumentPolicy::trusted_file, {.label = "fuzz"});
  if (!set) {
    promise(!set.error().cause.empty(), "a refused file has a cause");
    return;
  }
  promise(set->skipped.empty(), "a file's bad key is an error, never skipped");
  promise(!set->keys.empty(), "a file that is taken has a key");
  for (const KeyPtr& key : set->keys) promise(key->kind() != KeyKind::secret, "no secret comes from a public key file");
}

void with_secrets(std::string_view text) {
  const auto set = parse_jwks_with_secrets(text, {.label = "fuzz"});
  if (!set) return;
  bool secret = false;
  bool open = false;
  for (const KeyPtr& key : set->keys) (key->kind() == KeyKind::secret ? secret : open) = true;
  promise(!(secret && open), "secrets and public keys never come from one set");
}

}  // namespace
}  // namespace sallyport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  sallyport::from_a_url(text);
  sallyport::from_a_file(text);
  sallyport::with_secrets(text);
  return 0;
}
