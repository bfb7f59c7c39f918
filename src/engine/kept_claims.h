// What is kept of a verified token so that other settings can be held against it later:
// its typ and times, and of each claim's value a digest, which says whether it is equal
// to a text that is at hand and nothing else.
//
//   {"by":KEY,"typ":"JWT","exp":1,"nbf":1,"iat":1,"claims":{"/sub":DIGEST,"/aud":[DIGEST,…]},"cut":true}
//
// A digest that begins with "~" stands for a number or a boolean; "" for what no rule ever matches. "cut": there were
// more claims than are kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/json.h"
#include "crypto/kept_digest.h"

namespace sallyport {

// Of a value at a JSON Pointer.
std::string claim_digest(const KeptDigest& digest, std::string_view pointer, std::string_view text, bool is_string);
// Tells under which key digests were made.
std::string digest_key_name(const KeptDigest& digest);

// Appends to `out`. On the path of every decision: nothing is allocated where `out` and `pointer`, which is room to
// work in, are used again and are large enough.
void keep_claims(const JsonValue& claims, std::optional<std::string_view> typ, const KeptDigest& digest,
                 std::string& out, std::string& pointer);

}  // namespace sallyport
