// What the tests of this room share: reading vectors, checking a token against keys.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "codec/json.h"
#include "jose/compact_jws.h"
#include "jose/key_set.h"
#include "jose/sign.h"
#include "jose/verify.h"

namespace sallyport::testing_jose {

// A JSON text with its tape.
struct Doc {
  std::string text;
  JsonTape tape;
  JsonError error;
  explicit Doc(std::string t)
      : text(std::move(t)),
        error(tape.parse(text.data(), text.size(), {.max_bytes = 16u << 20, .max_depth = 16, .max_nodes = 1u << 20})) {}
  JsonValue root() const { return tape.root(); }
};

inline std::string read_file(const std::string& path) {
  std::string out;
  if (std::FILE* f = std::fopen(path.c_str(), "rb")) {
    char buffer[65536];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;) out.append(buffer, n);
    std::fclose(f);
  }
  return out;
}

inline std::string json_of(const JsonValue& v) {
  std::string out;
  append_json_value(out, v);
  return out;
}

// The reason that a token gets from these keys: its signature alone, or with its claims.
inline Reason reason_of(std::string_view token, const std::vector<KeyPtr>& keys, bool signature_alone = false) {
  TokenBuffers buffers;
  const auto jws = CompactJws::parse(token, buffers);
  if (!jws) return jws.error();
  std::vector<const VerificationKey*> candidates;
  for (const KeyPtr& k : keys) candidates.push_back(k.get());
  if (signature_alone) {
    const auto key = Verifier::check_signature(*jws, candidates, [](const VerificationKey&, bool) {});
    return key ? Reason::token_ok : key.error();
  }
  const auto verified = Verifier::verify(*jws, candidates);
  return verified ? Reason::token_ok : verified.error();
}
inline Reason reason_of(std::string_view token, const KeyPtr& key) {
  return reason_of(token, std::vector<KeyPtr>{key});
}

inline KeyPtr secret_key(std::string_view secret) {
  auto key = make_secret_key(secret, {.origin = KeyOrigin::secret, .label = "secret"});
  return key ? *key : nullptr;
}
// The verification key of a signing key, by way of its public document.
inline KeyPtr public_half(const SigningKey& key) {
  auto set = parse_key_document(key.public_pem(), KeyDocumentPolicy::trusted_file, {.label = "test.pem"});
  return set ? set->keys.at(0) : nullptr;
}
inline std::shared_ptr<const SigningKey> fresh(KeyKind kind) {
  auto key = generate_signing_key(kind);
  return key ? *key : nullptr;
}

}  // namespace sallyport::testing_jose
