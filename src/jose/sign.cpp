#include "jose/sign.h"

#include "base/secret.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "crypto/hmac.h"
#include "crypto/pem.h"
#include "crypto/private_key.h"
#include "crypto/random.h"
#include "jose/algorithm_scheme.h"
#include "jose/jwk.h"
#include "jose/thumbprint.h"

namespace sallyport {
namespace {

// alg, kid and use, as the end of a JWK.
std::string jwk_tail(std::string_view alg, std::string_view kid) {
  std::string out;
  if (!alg.empty()) {
    out += ",\"alg\":";
    append_json_string(out, alg);
  }
  if (!kid.empty()) {
    out += ",\"kid\":";
    append_json_string(out, kid);
  }
  return out + ",\"use\":\"sig\"}";
}

class SecretSigningKey final : public SigningKey {
 public:
  SecretSigningKey(std::string_view secret, std::string kid, std::optional<Algorithm> alg = {})
      : secret_(secret), hmac_(secret), kid_(std::move(kid)) {
    own_algorithm_ = alg;
  }
  KeyKind kind() const noexcept override { return KeyKind::secret; }
  std::string kid() const override { return kid_; }
  Result<std::string> sign(Algorithm alg, std::string_view input) const override {
    if (!fits(alg, KeyKind::secret))
      return unexpected(
          invalid("a secret cannot sign with " + std::string(name(alg)), "HS256, HS384 and HS512 are a secret's"));
    return std::string(hmac_.compute(hash_of(alg), input).view());
  }
  std::string public_pem() const override { return {}; }
  std::string private_pem() const override { return {}; }
  std::string jwk(bool with_private, std::string_view alg, std::string_view kid) const override {
    if (!with_private) return {};
    return "{\"kty\":\"oct\",\"k\":\"" + encode_base64url(secret_.view()) + "\"" + jwk_tail(alg, kid);
  }
  std::string thumbprint() const override {
    return encode_base64url(sha256("{\"k\":\"" + encode_base64url(secret_.view()) + "\",\"kty\":\"oct\"}"));
  }
  int bits() const noexcept override { return static_cast<int>(secret_.size() * 8); }

 private:
  Secret secret_;
  HmacKey hmac_;
  std::string kid_;
};

class PrivateSigningKey final : public SigningKey {
 public:
  PrivateSigningKey(PrivateKey key, std::string kid, std::optional<Algorithm> alg)
      : key_(std::move(key)), kid_(std::move(kid)) {
    own_algorithm_ = alg;
  }
  KeyKind kind() const noexcept override { return kind_of(key_.public_key().type()); }
  std::string kid() const override { return kid_; }
  Result<std::string> sign(Algorithm alg, std::string_view input) const override {
    if (!fits(alg, kind()))
      return unexpected(
          invalid("a key of the kind " + std::string(name(kind())) + " cannot sign with " + std::string(name(alg))));
    return key_.sign(scheme_of(alg), hash_of(alg), input);
  }
  std::string public_pem() const override { return key_.public_key().spki_pem(); }
  std::string private_pem() const override { return key_.pkcs8_pem(); }
  std::string jwk(bool with_private, std::string_view alg, std::string_view kid) const override {
    std::string out = canonical_jwk(key_.public_key());
    out.pop_back();
    if (with_private) {
      const auto put = [&out](const char* name, const Secret& bytes) {
        out += ",\"" + std::string(name) + "\":\"" + encode_base64url(bytes.view()) + "\"";
      };
      if (kind() == KeyKind::rsa) {
        const RsaNumbers n = key_.rsa_numbers();
        put("d", n.d), put("p", n.p), put("q", n.q), put("dp", n.dp), put("dq", n.dq), put("qi", n.qi);
      } else {
        put("d", key_.scalar());
      }
    }
    return out + jwk_tail(alg, kid);
  }
  std::string thumbprint() const override { return thumbprint_of(key_.public_key()); }
  int bits() const noexcept override { return key_.public_key().bits(); }

 private:
  PrivateKey key_;
  std::string kid_;
};

using Signer = Result<std::shared_ptr<const SigningKey>>;
Signer wrap(Result<PrivateKey> key, std::string kid, std::optional<Algorithm> alg = {}) {
  if (!key) return unexpected(key.error());
  return std::shared_ptr<const SigningKey>(std::make_shared<PrivateSigningKey>(std::move(*key), std::move(kid), alg));
}

// RFC 7517 4.4: what the JWK says that it is for must be something that such a key can do.
Result<std::optional<Algorithm>> algorithm_of_jwk(const JsonValue& jwk) {
  const auto member = jwk.find("alg");
  if (!member) return std::optional<Algorithm>();
  const auto alg = member->string() ? algorithm_from_name(*member->string()) : std::nullopt;
  if (!alg) return unexpected(invalid("the jwk's alg is not one that signs tokens"));
  return alg;
}

Signer checked(Signer key) {
  if (key && (*key)->own_algorithm() && !fits(*(*key)->own_algorithm(), (*key)->kind()))
    return unexpected(invalid("the jwk's alg does not fit its kty and crv"));
  return key;
}

}  // namespace

Signer signing_key_from_secret(std::string_view secret) {
  if (secret.empty())
    return unexpected(invalid("the secret is empty", "make one with: sallyport key generate --type hs256"));
  return std::shared_ptr<const SigningKey>(std::make_shared<SecretSigningKey>(secret, ""));
}

Signer parse_signing_key(std::string_view text) {
  if (text.size() > 64 * 1024) return unexpected(invalid("the key is longer than 64 KiB"));
  if (looks_like_pem(text)) return wrap(PrivateKey::from_pem(text), "");
  std::string copy(text);
  JsonTape tape;
  struct Wiper {
    std::string& s;
    ~Wiper() { wipe(s); }
  } wiper{copy};
  if (tape.parse(copy.data(), copy.size()) != JsonError::none || !tape.root().is_object())
    return unexpected(
        invalid("the key is neither PEM nor a JWK",
                "PKCS#8, PKCS#1 and SEC1 PEM and private JWKs are taken; make one with: sallyport key generate"));
  JsonValue jwk = tape.root();
  if (const auto keys = jwk.find("keys"); keys && keys->is_array() && keys->size() == 1) jwk = keys->begin().value();
  const auto kid = kid_of_jwk(jwk);
  if (!kid) return unexpected(kid.error());
  const auto alg = algorithm_of_jwk(jwk);
  if (!alg) return unexpected(alg.error());
  if (const auto kty = jwk.find("kty"); kty && kty->string() == "oct") {
    Result<std::string> k = bytes_member(jwk, "k");
    if (!k) return unexpected(k.error());
    if (k->empty()) return unexpected(invalid("the jwk's k is empty"));
    auto key = std::make_shared<SecretSigningKey>(*k, kid->value_or(""), *alg);
    wipe(*k);
    return checked(std::shared_ptr<const SigningKey>(std::move(key)));
  }
  if (!has_private_member(jwk)) return unexpected(invalid("this is a public key; signing needs the private one"));
  return checked(wrap(private_key_from_jwk(jwk), kid->value_or(""), *alg));
}

Signer generate_signing_key(KeyKind kind, int rsa_bits) {
  switch (kind) {
    case KeyKind::secret: {
      std::string bytes = random_bytes(64);
      auto key = signing_key_from_secret(bytes);
      wipe(bytes);
      return key;
    }
    case KeyKind::rsa:
      return wrap(PrivateKey::generate(KeyType::rsa, rsa_bits), "");
    case KeyKind::p256:
      return wrap(PrivateKey::generate(KeyType::p256), "");
    case KeyKind::p384:
      return wrap(PrivateKey::generate(KeyType::p384), "");
    case KeyKind::p521:
      return wrap(PrivateKey::generate(KeyType::p521), "");
    case KeyKind::ed25519:
      return wrap(PrivateKey::generate(KeyType::ed25519), "");
    case KeyKind::ed448:
      return wrap(PrivateKey::generate(KeyType::ed448), "");
  }
  return unexpected(invalid("no such kind of key"));
}

Result<std::string> sign_compact(const SigningKey& key, Algorithm alg, std::string_view header_json,
                                 std::string_view payload_json) {
  std::string token = encode_base64url(header_json) + "." + encode_base64url(payload_json);
  Result<std::string> signature = key.sign(alg, token);
  if (!signature) return signature;
  return token + "." + encode_base64url(*signature);
}

Algorithm usual_algorithm(KeyKind kind) noexcept {
  switch (kind) {
    case KeyKind::secret:
      return Algorithm::HS256;
    case KeyKind::rsa:
      return Algorithm::RS256;
    case KeyKind::p256:
      return Algorithm::ES256;
    case KeyKind::p384:
      return Algorithm::ES384;
    case KeyKind::p521:
      return Algorithm::ES512;
    case KeyKind::ed25519:
    case KeyKind::ed448:
      return Algorithm::EdDSA;
  }
  return Algorithm::HS256;
}

}  // namespace sallyport
