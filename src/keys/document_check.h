// DocumentCheck: a fetched key document, judged as a refresh judges it, with a word
// about each key. For `keys doctor`, and for the refresh itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jose/key_set.h"
#include "keys/fetch_outcome.h"

namespace sallyport {

struct DocumentCheck {
  FetchOutcome outcome = FetchOutcome::not_json;  // ok, not_json, not_a_key_set, no_usable_keys
  std::string detail;                             // empty where ok
  KeySet set;
};
DocumentCheck check_key_document(const std::string& body, const std::string& label);

// "RS256, kid a, RSA 2048 bits": a key for people.
std::string key_words(const VerificationKey& key);
// "RS256 PS256".
std::string algorithm_words(AlgorithmSet set);

}  // namespace sallyport
