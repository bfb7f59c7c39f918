#include "jose/jwk.h"

#include "base/secret.h"
#include "codec/base64url.h"
#include "crypto/digest.h"
#include "jose/algorithm_scheme.h"
#include "jose/public_verification_key.h"

namespace sallyport {
namespace {

std::string quoted(std::string_view text) { return "\"" + shown(text) + "\""; }

Result<std::string_view> text_member(const JsonValue& jwk, std::string_view name) {
  const auto value = jwk.find(name);
  if (!value) return unexpected(invalid("the jwk has no " + std::string(name)));
  const auto text = value->string();
  if (!text) return unexpected(invalid("the jwk's " + std::string(name) + " is not text"));
  return *text;
}

// RFC 7517 4.2, 4.3: what the key is for, where it says so.
std::optional<Error> wrong_use(const JsonValue& jwk) {
  if (const auto use = jwk.find("use")) {
    if (!use->string()) return invalid("the jwk's use is not text");
    if (use->string() != "sig") return invalid("the jwk's use is " + quoted(*use->string()) + ", not \"sig\"");
  }
  if (const auto ops = jwk.find("key_ops")) {
    if (!ops->is_array()) return invalid("the jwk's key_ops is not an array");
    bool verifies = false;
    std::size_t i = 0;
    for (auto c = ops->begin(); c.valid(); c.advance(), ++i) {
      const auto op = c.value().string();
      if (!op) return invalid("the jwk's key_ops holds something that is not text");
      if (i >= 16) return invalid("the jwk's key_ops is too long");
      std::size_t k = 0;
      for (auto other = ops->begin(); k < i; other.advance(), ++k)
        if (other.value().string() == op) return invalid("the jwk's key_ops names an operation twice");
      verifies = verifies || *op == "verify";
    }
    if (!verifies) return invalid("the jwk's key_ops does not have \"verify\"");
  }
  return std::nullopt;
}

// RFC 7517 4.4: a key that names an algorithm serves only that one.
Result<AlgorithmSet> own_algorithms(const JsonValue& jwk) {
  const auto value = jwk.find("alg");
  if (!value) return kAllAlgorithms;
  if (!value->string()) return unexpected(invalid("the jwk's alg is not text"));
  const auto alg = algorithm_from_name(*value->string());
  if (!alg)
    return unexpected(invalid("the jwk's alg " + quoted(*value->string()) + " is not one that verifies tokens"));
  return bit(*alg);
}

// RFC 7517 4.7: the first certificate holds the same key.
std::optional<Error> wrong_certificate(const JsonValue& jwk, const PublicKey& key) {
  const auto chain = jwk.find("x5c");
  if (!chain) return std::nullopt;
  if (!chain->is_array() || chain->size() == 0) return invalid("the jwk's x5c is not an array of certificates");
  const auto text = chain->begin().value().string();
  const auto der = text ? decode_base64_lenient(*text) : std::nullopt;
  if (!der) return invalid("the jwk's x5c is not base64");
  const Result<PublicKey> certified = PublicKey::from_certificate(*der);
  if (!certified) return invalid("the jwk's x5c: " + certified.error().cause);
  if (!certified->same_as(key)) return invalid("the jwk's x5c certifies another key");
  return std::nullopt;
}

std::optional<KeyType> curve_from_name(std::string_view kty, std::string_view name) {
  if (kty == "EC")
    return name == "P-256"   ? std::optional(KeyType::p256)
           : name == "P-384" ? std::optional(KeyType::p384)
           : name == "P-521" ? std::optional(KeyType::p521)
                             : std::nullopt;
  return name == "Ed25519" ? std::optional(KeyType::ed25519)
         : name == "Ed448" ? std::optional(KeyType::ed448)
                           : std::nullopt;
}

Result<KeyType> key_type(const JsonValue& jwk) {
  const auto kty = text_member(jwk, "kty");
  if (!kty) return unexpected(kty.error());
  if (*kty == "RSA") return KeyType::rsa;
  if (*kty != "EC" && *kty != "OKP")
    return unexpected(invalid("the jwk's kty " + quoted(*kty) + " is not RSA, EC, OKP or oct"));
  const auto crv = text_member(jwk, "crv");
  if (!crv) return unexpected(crv.error());
  const auto curve = curve_from_name(*kty, *crv);
  if (!curve)
    return unexpected(
        invalid("the jwk's crv " + quoted(*crv) + " signs no token", "P-256, P-384, P-521, Ed25519 and Ed448 do"));
  return *curve;
}

Result<Secret> secret_member(const JsonValue& jwk, std::string_view name) {
  Result<std::string> bytes = bytes_member(jwk, name);
  if (!bytes) return unexpected(bytes.error());
  Secret out(*bytes);
  wipe(*bytes);
  return out;
}

}  // namespace

Result<std::string> bytes_member(const JsonValue& jwk, std::string_view name) {
  const auto text = text_member(jwk, name);
  if (!text) return unexpected(text.error());
  auto bytes = decode_base64url(*text);
  if (!bytes) return unexpected(invalid("the jwk's " + std::string(name) + " is not strict base64url"));
  return *std::move(bytes);
}

Result<std::optional<std::string>> kid_of_jwk(const JsonValue& jwk) {
  const auto kid = jwk.find("kid");
  if (!kid) return std::optional<std::string>();
  if (!kid->string()) return unexpected(invalid("the jwk's kid is not text"));
  if (kid->string()->size() > kMaxKidBytes) return unexpected(invalid("the jwk's kid is longer than 1024 bytes"));
  return std::optional<std::string>(*kid->string());
}

bool has_private_member(const JsonValue& jwk) {
  for (const std::string_view name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
    if (jwk.find(name)) return true;
  return false;
}

Result<PublicKey> public_key_from_jwk(const JsonValue& jwk) {
  const Result<KeyType> type = key_type(jwk);
  if (!type) return unexpected(type.error());
  if (*type == KeyType::rsa) {
    const auto n = bytes_member(jwk, "n"), e = bytes_member(jwk, "e");
    if (!n) return unexpected(n.error());
    if (!e) return unexpected(e.error());
    return PublicKey::from_rsa(*n, *e);
  }
  const auto x = bytes_member(jwk, "x");
  if (!x) return unexpected(x.error());
  if (*type == KeyType::ed25519 || *type == KeyType::ed448) return PublicKey::from_edwards(*type, *x);
  const auto y = bytes_member(jwk, "y");
  if (!y) return unexpected(y.error());
  return PublicKey::from_point(*type, *x, *y);
}

Result<PrivateKey> private_key_from_jwk(const JsonValue& jwk) {
  const Result<KeyType> type = key_type(jwk);
  if (!type) return unexpected(type.error());
  if (*type == KeyType::rsa) {
    RsaNumbers numbers;
    const std::pair<const char*, Secret*> members[] = {{"n", &numbers.n},   {"e", &numbers.e},  {"d", &numbers.d},
                                                       {"p", &numbers.p},   {"q", &numbers.q},  {"dp", &numbers.dp},
                                                       {"dq", &numbers.dq}, {"qi", &numbers.qi}};
    for (const auto& [name, to] : members) {
      Result<Secret> bytes = secret_member(jwk, name);
      if (!bytes) return unexpected(bytes.error());
      *to = std::move(*bytes);
    }
    return PrivateKey::from_rsa(numbers);
  }
  const Result<Secret> d = secret_member(jwk, "d");
  if (!d) return unexpected(d.error());
  const auto x = bytes_member(jwk, "x");
  if (!x) return unexpected(x.error());
  if (*type == KeyType::ed25519 || *type == KeyType::ed448) return PrivateKey::from_edwards(*type, *x, d->view());
  const auto y = bytes_member(jwk, "y");
  if (!y) return unexpected(y.error());
  return PrivateKey::from_point(*type, *x, *y, d->view());
}

Result<KeyPtr> verification_key_from_jwk(const JsonValue& jwk, JwkSecrets secrets, KeyOptions options) {
  if (!jwk.is_object()) return unexpected(invalid("the jwk is not a JSON object"));
  auto kid = kid_of_jwk(jwk);
  if (!kid) return unexpected(kid.error());
  if (*kid) options.kid = *kid;
  if (auto fault = wrong_use(jwk)) return unexpected(*std::move(fault));
  const Result<AlgorithmSet> own = own_algorithms(jwk);
  if (!own) return unexpected(own.error());
  const auto kty = text_member(jwk, "kty");
  if (!kty) return unexpected(kty.error());
  if (*kty == "oct") {
    if (secrets == JwkSecrets::refused)
      return unexpected(invalid("a symmetric key (kty oct) has no place in a document of public keys",
                                "set it as secret or secret_base64"));
    if (!(*own & algorithms_of(KeyKind::secret))) return unexpected(invalid("the jwk's alg does not fit its kty"));
    const Result<Secret> k = secret_member(jwk, "k");
    if (!k) return unexpected(k.error());
    return make_jwk_secret(k->view(), std::move(options), *own);
  }
  if (has_private_member(jwk))
    return unexpected(invalid("the jwk has private members", "publish the public half alone; see: sallyport key show"));
  Result<PublicKey> key = public_key_from_jwk(jwk);
  if (!key) return unexpected(key.error());
  if (!(*own & algorithms_of(kind_of(key->type()))))
    return unexpected(invalid("the jwk's alg does not fit its kty and crv"));
  if (auto fault = wrong_certificate(jwk, *key)) return unexpected(*std::move(fault));
  return make_public_verification_key(std::move(*key), std::move(options), *own);
}

}  // namespace sallyport
