#include "jose/key_set.h"

#include <algorithm>

#include "base/secret.h"
#include "codec/json.h"
#include "crypto/pem.h"
#include "jose/jwk.h"
#include "jose/public_verification_key.h"

namespace sallyport {
namespace {

constexpr std::size_t kMaxDocumentBytes = 1024 * 1024;
constexpr std::size_t kMaxKeys = 10'000;
constexpr JsonLimits kLimits{.max_bytes = kMaxDocumentBytes, .max_depth = 16, .max_nodes = 512 * 1024};

// The text of a document, parsed in a copy that is wiped: it may hold secrets.
struct Document {
  std::vector<char> text;
  JsonTape tape;
  JsonError error;
  explicit Document(std::string_view source)
      : text(source.begin(), source.end()), error(tape.parse(text.data(), text.size(), kLimits)) {}
  ~Document() { wipe(text.data(), text.size()); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
};

std::string label_of(const KeyOptions& options, std::size_t index, const std::optional<std::string>& kid,
                     bool several) {
  std::string label = options.label;
  if (kid) return (label.empty() ? "" : label + " ") + "kid=" + shown(*kid);
  return several ? label + "#" + std::to_string(index + 1) : label;
}

Result<KeyPtr> key_from_block(const PemBlock& block, const KeyOptions& options) {
  if (block.private_key())
    return unexpected(
        invalid("a private key where a public one belongs", "take the public half: sallyport key show FILE --public"));
  Result<PublicKey> key = block.label == "PUBLIC KEY"       ? PublicKey::from_spki(block.der)
                          : block.label == "RSA PUBLIC KEY" ? PublicKey::from_pkcs1(block.der)
                          : block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE"
                              ? PublicKey::from_certificate(block.der)
                              : Result<PublicKey>(unexpected(
                                    invalid("a PEM block of the kind \"" + shown(block.label) + "\" is no public key",
                                            "PUBLIC KEY, RSA PUBLIC KEY and CERTIFICATE are taken")));
  if (!key) return unexpected(key.error());
  return make_public_verification_key(std::move(*key), options);
}

Result<KeySet> from_pem(std::string_view text, const KeyOptions& options) {
  auto blocks = read_pem(text);
  if (!blocks) return unexpected(blocks.error());
  // `openssl ecparam -genkey` and its like write the curve's name before the key.
  std::erase_if(*blocks, [](const PemBlock& b) { return b.label == "EC PARAMETERS"; });
  // Of a chain, the first certificate is the key's; those behind it are its issuers', who sign no tokens.
  bool seen = false;
  std::erase_if(*blocks, [&seen](const PemBlock& b) {
    const bool issuer = b.label == "CERTIFICATE" && PublicKey::is_authority(b.der) && seen;
    seen = seen || b.label == "CERTIFICATE";
    return issuer;
  });
  KeySet out;
  for (std::size_t i = 0; i < blocks->size(); ++i) {
    KeyOptions own = options;
    own.label = label_of(options, i, options.kid, blocks->size() > 1);
    if (options.kid) own.label = blocks->size() > 1 ? options.label + "#" + std::to_string(i + 1) : options.label;
    Result<KeyPtr> key = key_from_block((*blocks)[i], own);
    if (!key) {
      Error e = key.error();
      e.place = own.label;
      return unexpected(std::move(e));
    }
    out.keys.push_back(*key);
  }
  if (out.keys.empty()) return unexpected(invalid("the PEM text holds no public key", "", options.label));
  return out;
}

struct Manner {
  JwkSecrets secrets;
  bool skip_bad;  // else the first bad key is the answer
  bool single_allowed;
};

Result<KeySet> from_json(std::string_view text, const KeyOptions& options, const Manner& manner) {
  const Document document(text);
  if (document.error != JsonError::none) {
    return unexpected(
        invalid("the key document is " +
                    std::string(document.error == JsonError::syntax || document.error == JsonError::bad_utf8
                                    ? ""
                                    : "refused: it has ") +
                    std::string(to_text(document.error)) + ", at byte " + std::to_string(document.tape.error_offset()),
                "PEM, a JWK or a JWK set is taken", options.label));
  }
  const JsonValue root = document.tape.root();
  if (!root.is_object())
    return unexpected(invalid("the key document is no JSON object", "a JWK set is {\"keys\":[…]}", options.label));
  const auto keys = root.find("keys");
  KeySet out;
  const auto add = [&](const JsonValue& jwk, std::size_t index, bool several) -> std::optional<Error> {
    const auto kid = kid_of_jwk(jwk);
    const std::optional<std::string> named = kid ? *kid : std::nullopt;
    KeyOptions own = options;
    own.label = several || options.label.empty() ? label_of(options, index, named, several) : options.label;
    Result<KeyPtr> key = verification_key_from_jwk(jwk, manner.secrets, own);
    if (key) {
      out.keys.push_back(*key);
      return std::nullopt;
    }
    if (!manner.skip_bad) {
      Error e = key.error();
      e.place = own.label;
      return e;
    }
    out.skipped.push_back({index, named ? shown(*named) : "", key.error().cause});
    return std::nullopt;
  };
  if (keys) {
    if (!keys->is_array())
      return unexpected(invalid("the key document's keys is no array", "a JWK set is {\"keys\":[…]}", options.label));
    if (keys->size() > kMaxKeys) return unexpected(invalid("more than 10,000 keys in one document", "", options.label));
    std::size_t i = 0;
    for (auto c = keys->begin(); c.valid(); c.advance(), ++i)
      if (auto fault = add(c.value(), i, true)) return unexpected(*std::move(fault));
    if (keys->size() == 0) return unexpected(invalid("the JWK set is empty", "", options.label));
  } else {
    if (!manner.single_allowed || !root.find("kty"))
      return unexpected(invalid("the document is no JWK set: it has no array \"keys\"", "a JWK set is {\"keys\":[…]}",
                                options.label));
    if (auto fault = add(root, 0, false)) return unexpected(*std::move(fault));
  }
  return out;
}

}  // namespace

Result<KeySet> parse_key_document(std::string_view text, KeyDocumentPolicy policy, const KeyOptions& options) {
  if (text.size() > kMaxDocumentBytes)
    return unexpected(invalid("the key document is longer than 1 MiB", "", options.label));
  const bool remote = policy == KeyDocumentPolicy::remote_set;
  if (remote) return from_json(text, options, {JwkSecrets::refused, true, false});
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return unexpected(invalid("the key document is empty", "PEM, a JWK or a JWK set is taken", options.label));
  if (looks_like_pem(text)) return from_pem(text, options);
  return from_json(text, options, {JwkSecrets::refused, false, true});
}

Result<KeySet> parse_jwks_with_secrets(std::string_view text, const KeyOptions& options) {
  if (text.size() > kMaxDocumentBytes)
    return unexpected(invalid("the key document is longer than 1 MiB", "", options.label));
  Result<KeySet> set = from_json(text, options, {JwkSecrets::allowed, true, true});
  if (!set) return set;
  // Wycheproof's MixedKeySet and DuplicateKid: a document with secrets beside public keys is meant
  // for nobody (one of the two readers learns too much), and of two secrets under one name nobody
  // can say which is meant. Both are decided as refused.
  const auto secret = [](const KeyPtr& k) { return k->kind() == KeyKind::secret; };
  const auto secrets = std::count_if(set->keys.begin(), set->keys.end(), secret);
  if (secrets > 0 && static_cast<std::size_t>(secrets) != set->keys.size())
    return unexpected(invalid("secrets and public keys in one JWK set", "keep them apart", options.label));
  if (secrets > 0) {
    std::vector<std::string> kids;
    for (const KeyPtr& k : set->keys)
      if (k->kid()) kids.push_back(*k->kid());
    for (const SkippedKey& k : set->skipped)
      if (!k.kid.empty()) kids.push_back(k.kid);
    std::sort(kids.begin(), kids.end());
    if (std::adjacent_find(kids.begin(), kids.end()) != kids.end())
      return unexpected(invalid("two secrets with one kid", "give each its own", options.label));
  }
  return set;
}

}  // namespace sallyport
