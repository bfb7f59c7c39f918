#include "keys/document_check.h"

#include "codec/json.h"
#include "keys/fetcher.h"

namespace sallyport {
namespace {

// Which defect a document has that is no key set: a web page means a wrong address, {"key":[…]} a wrong document.
FetchOutcome defect_of(const std::string& body) {
  std::vector<char> text(body.begin(), body.end());
  JsonTape tape;
  const JsonError error =
      tape.parse(text.data(), text.size(), {.max_bytes = kMaxFetchedBytes, .max_depth = 16, .max_nodes = 512 * 1024});
  if (error != JsonError::none) return FetchOutcome::not_json;
  const auto keys = tape.root().find("keys");
  return keys && keys->is_array() ? FetchOutcome::no_usable_keys : FetchOutcome::not_a_key_set;
}

}  // namespace

DocumentCheck check_key_document(const std::string& body, const std::string& label) {
  DocumentCheck out;
  auto set = parse_key_document(body, KeyDocumentPolicy::remote_set,
                                {.origin = KeyOrigin::jwks, .label = label, .kid = {}, .allowed = kAllAlgorithms});
  if (!set) {
    out.outcome = defect_of(body);
    out.detail = body.empty() ? "the answer is empty" : set.error().cause;
    return out;
  }
  out.set = std::move(*set);
  out.outcome = out.set.keys.empty() ? FetchOutcome::no_usable_keys : FetchOutcome::ok;
  if (out.set.keys.empty())
    out.detail = out.set.skipped.empty() ? "the set is empty" : "key 1: " + out.set.skipped.front().cause;
  return out;
}

std::string algorithm_words(AlgorithmSet set) {
  std::string out;
  for (std::size_t i = 0; i < kAlgorithmCount; ++i)
    if (set & bit(static_cast<Algorithm>(i)))
      out += (out.empty() ? "" : " ") + std::string(name(static_cast<Algorithm>(i)));
  return out;
}

std::string key_words(const VerificationKey& key) {
  std::string kid = key.kid() ? *key.kid() : std::string();
  if (kid.size() > 64) kid = kid.substr(0, 61) + "...";
  for (char& c : kid)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return (key.kid() ? "kid " + kid : std::string("no kid")) + ", " + std::string(name(key.kind())) +
         (key.kind() == KeyKind::rsa ? " " + std::to_string(key.bits()) + " bits" : "") + ", " +
         algorithm_words(key.algorithms());
}

}  // namespace sallyport
