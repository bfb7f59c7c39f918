#include "crypto/public_key.h"

#include <array>
#include <atomic>

#include "crypto/ecdsa_form.h"
#include "crypto/edwards.h"
#include "crypto/fast_engine.h"
#include "crypto/openssl_handles.h"
#include "crypto/rsa_weakness.h"

namespace sallyport {
namespace {

constexpr std::size_t kSchemeSlots = 9;  // rsa_pkcs1, rsa_pss, ecdsa with three hashes each
constexpr std::size_t kIdleContexts = 4;

std::string raw_public(const EVP_PKEY* key) {
  unsigned char bytes[64];
  std::size_t n = sizeof bytes;
  if (EVP_PKEY_get_raw_public_key(key, bytes, &n) != 1) return {};
  return {reinterpret_cast<const char*>(bytes), n};
}

}  // namespace

struct PublicKey::State {
  EvpPkey pkey;
  KeyType type{};
  int bits = 0;
  std::string first, second;
  std::shared_ptr<fast::Key> fast_key;  // nothing: OpenSSL alone serves this kind
  // Contexts that were set up once for a scheme and a hash and wait to be used again: taken
  // out by exchange, so that no two threads ever hold the same one and nobody waits.
  mutable std::array<std::array<std::atomic<EVP_PKEY_CTX*>, kIdleContexts>, kSchemeSlots> idle{};

  ~State() {
    for (auto& scheme : idle)
      for (auto& slot : scheme) EVP_PKEY_CTX_free(slot.load());
  }

  static std::size_t slot_of(SignatureScheme s, Hash h) noexcept {
    return static_cast<std::size_t>(s) * 3 + static_cast<std::size_t>(h);
  }

  EvpPkeyCtx take(SignatureScheme scheme, Hash hash) const noexcept {
    for (auto& slot : idle[slot_of(scheme, hash)])
      if (EVP_PKEY_CTX* ctx = slot.exchange(nullptr)) return EvpPkeyCtx(ctx);
    EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey.get(), nullptr));
    if (!ctx || EVP_PKEY_verify_init(ctx.get()) != 1 || !prepare(ctx.get(), scheme, hash)) return nullptr;
    return ctx;
  }

  void put_back(SignatureScheme scheme, Hash hash, EvpPkeyCtx ctx) const noexcept {
    for (auto& slot : idle[slot_of(scheme, hash)]) {
      ctx.reset(slot.exchange(ctx.release()));
      if (!ctx) return;
    }
  }

  bool verify_digest(SignatureScheme scheme, Hash hash, std::string_view input, const unsigned char* signature,
                     std::size_t size) const noexcept {
    const ErrorQueueGuard guard;
    EvpPkeyCtx ctx = take(scheme, hash);
    if (!ctx) return false;
    const Digest d = digest(hash, input);
    const bool good = EVP_PKEY_verify(ctx.get(), signature, size, d.bytes.data(), d.size) == 1;
    put_back(scheme, hash, std::move(ctx));
    return good;
  }

  // By OpenSSL (Ed25519: libsodium).
  bool judge(SignatureScheme scheme, Hash hash, std::string_view input, std::string_view signature) const noexcept;

  bool verify_edwards(std::string_view input, std::string_view signature) const noexcept {
    if (type == KeyType::ed25519) return verify_ed25519(first, input, signature);
    if (signature.size() != 114) return false;
    const ErrorQueueGuard guard;
    const EvpMdCtx ctx(EVP_MD_CTX_new());
    return ctx && EVP_DigestVerifyInit_ex(ctx.get(), nullptr, nullptr, nullptr, nullptr, pkey.get(), nullptr) == 1 &&
           EVP_DigestVerify(ctx.get(), as_bytes(signature), signature.size(), as_bytes(input), input.size()) == 1;
  }
};

PublicKey::PublicKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;
KeyType PublicKey::type() const noexcept { return state_->type; }
int PublicKey::bits() const noexcept { return state_->bits; }
const std::string& PublicKey::first() const noexcept { return state_->first; }
const std::string& PublicKey::second() const noexcept { return state_->second; }
void* PublicKey::native_for_judges() const noexcept { return state_->pkey.get(); }
bool PublicKey::same_as(const PublicKey& other) const noexcept {
  return type() == other.type() && first() == other.first() && second() == other.second();
}

bool PublicKey::State::judge(SignatureScheme scheme, Hash hash, std::string_view input,
                             std::string_view signature) const noexcept {
  switch (scheme) {
    case SignatureScheme::rsa_pkcs1:
    case SignatureScheme::rsa_pss:
      // RFC 8017 8.1.2 and 8.2.2, step 1: the signature has the length of the modulus.
      if (type != KeyType::rsa || signature.size() != (static_cast<std::size_t>(bits) + 7) / 8) return false;
      return verify_digest(scheme, hash, input, as_bytes(signature), signature.size());
    case SignatureScheme::ecdsa: {
      if (type != KeyType::p256 && type != KeyType::p384 && type != KeyType::p521) return false;
      const auto der = ecdsa_to_der(signature, coordinate_size(type));
      return der && verify_digest(scheme, hash, input, der->bytes.data(), der->size);
    }
    case SignatureScheme::eddsa:
      if (type != KeyType::ed25519 && type != KeyType::ed448) return false;
      return verify_edwards(input, signature);
  }
  return false;
}

bool PublicKey::verify(SignatureScheme scheme, Hash hash, std::string_view input,
                       std::string_view signature) const noexcept {
  return fast::Engine::instance().verify(state_->fast_key, scheme, hash, input, signature,
                                         [&] { return state_->judge(scheme, hash, input, signature); });
}

std::string PublicKey::spki_pem() const {
  const ErrorQueueGuard guard;
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), state_->pkey.get()) != 1) return {};
  return text_of(bio.get());
}

namespace {

Result<KeyType> type_of(const EVP_PKEY* key) {
  const int id = EVP_PKEY_get_base_id(key);
  if (id == EVP_PKEY_RSA) return KeyType::rsa;
  if (id == EVP_PKEY_ED25519) return KeyType::ed25519;
  if (id == EVP_PKEY_ED448) return KeyType::ed448;
  if (id == EVP_PKEY_RSA_PSS)
    return unexpected(invalid("the key says RSASSA-PSS as its type, which is not taken",
                              "publish it as rsaEncryption (openssl genrsa)"));
  if (id != EVP_PKEY_EC)
    return unexpected(
        invalid("the key is of a kind that signs no token", "use RSA, EC P-256, P-384, P-521, Ed25519 or Ed448"));
  char group[64];
  std::size_t n = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &n) != 1) n = 0;
  const std::string_view name(group, n);
  for (const KeyType t : {KeyType::p256, KeyType::p384, KeyType::p521})
    if (name == group_name(t)) {
      // CVE-2020-0601: parameters written out may have another generator under a good name.
      int written_out = 0;
      EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &written_out);
      if (written_out)
        return unexpected(invalid("the ec key writes its curve's parameters out",
                                  "name the curve (openssl ec -param_enc named_curve)"));
      return t;
    }
  return unexpected(invalid("the ec key's curve is not P-256, P-384 or P-521"));
}

std::optional<Error> rsa_fault(const BIGNUM* n, const BIGNUM* e) {
  const int bits = BN_num_bits(n);
  if (bits < kMinRsaBits)
    return invalid("rsa key of " + std::to_string(bits) + " bits is under the floor of " + std::to_string(kMinRsaBits),
                   "make one with: sallyport key generate --type rsa2048");
  if (bits > kMaxRsaBits)
    return invalid("rsa key of " + std::to_string(bits) + " bits is over the ceiling of " +
                   std::to_string(kMaxRsaBits));
  if (!BN_is_odd(n)) return invalid("the rsa modulus is even");
  if (!BN_is_odd(e) || BN_num_bits(e) < 2) return invalid("the rsa exponent is even or under 3", "use 65537");
  if (BN_num_bits(e) > 64) return invalid("the rsa exponent is over 64 bits", "use 65537");
  if (is_roca_modulus(bn_bytes(n)))
    return invalid("the rsa modulus was made by a library whose keys can be factored (ROCA, CVE-2017-15361)",
                   "make a new key");
  return std::nullopt;
}

}  // namespace

Result<PublicKey> PublicKey::adopt(void* evp_pkey) {
  const ErrorQueueGuard guard;
  auto state = std::make_unique<State>();
  state->pkey.reset(static_cast<EVP_PKEY*>(evp_pkey));
  EVP_PKEY* key = state->pkey.get();
  if (!key) return unexpected(invalid("the key cannot be read"));
  const Result<KeyType> type = type_of(key);
  if (!type) return unexpected(type.error());
  state->type = *type;
  switch (*type) {
    case KeyType::rsa: {
      const Bn n = pkey_bn(key, OSSL_PKEY_PARAM_RSA_N), e = pkey_bn(key, OSSL_PKEY_PARAM_RSA_E);
      if (!n || !e) return unexpected(invalid("the rsa key lacks a number"));
      if (auto fault = rsa_fault(n.get(), e.get())) return unexpected(*std::move(fault));
      state->bits = BN_num_bits(n.get());
      state->first = bn_bytes(n.get());
      state->second = bn_bytes(e.get());
      break;
    }
    case KeyType::p256:
    case KeyType::p384:
    case KeyType::p521: {
      const EvpPkeyCtx check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
      if (!check || EVP_PKEY_public_check_quick(check.get()) != 1)
        return unexpected(invalid("the ec point is not on its curve"));
      const Bn x = pkey_bn(key, OSSL_PKEY_PARAM_EC_PUB_X), y = pkey_bn(key, OSSL_PKEY_PARAM_EC_PUB_Y);
      if (!x || !y) return unexpected(invalid("the ec point is not on its curve"));
      state->bits = EVP_PKEY_get_bits(key);
      state->first = bn_bytes(x.get(), coordinate_size(*type));
      state->second = bn_bytes(y.get(), coordinate_size(*type));
      break;
    }
    case KeyType::ed25519:
    case KeyType::ed448:
      state->bits = *type == KeyType::ed25519 ? 256 : 456;
      state->first = raw_public(key);
      if (state->first.size() != coordinate_size(*type))
        return unexpected(invalid("the key has not the length of its curve"));
      if (*type == KeyType::ed25519 && !is_sound_ed25519_key(state->first))
        return unexpected(invalid("the ed25519 key is no sound point: small order or not canonical"));
      if (*type == KeyType::ed448 && !is_sound_ed448_key(state->first))
        return unexpected(invalid("the ed448 key is no sound point: small order or not canonical"));
      break;
  }
  state->fast_key = fast::Engine::instance().adopt(state->type, state->first, state->second, key);
  return PublicKey(std::move(state));
}

Result<PublicKey> PublicKey::from_rsa(std::string_view modulus, std::string_view exponent) {
  const ErrorQueueGuard guard;
  if (modulus.empty() || exponent.empty() || modulus.size() > 4096 || exponent.size() > 4096)
    return unexpected(invalid("the rsa key's numbers are empty or too long"));
  const Bn n = bn_from(modulus), e = bn_from(exponent);
  if (!n || !e) return unexpected(invalid("the rsa key cannot be read"));
  if (auto fault = rsa_fault(n.get(), e.get())) return unexpected(*std::move(fault));
  const ParamBld builder(OSSL_PARAM_BLD_new());
  if (!builder) return unexpected(invalid("there is no memory to take the key in"));
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return adopt(key_from("RSA", EVP_PKEY_PUBLIC_KEY, builder.get()).release());
}

Result<PublicKey> PublicKey::from_point(KeyType curve, std::string_view x, std::string_view y) {
  const ErrorQueueGuard guard;
  const std::size_t size = coordinate_size(curve);
  if (x.size() != size || y.size() != size)
    return unexpected(invalid("a coordinate has not the full length of the curve's field (RFC 7518 6.2.1.2)"));
  const std::string point = std::string(1, '\x04') + std::string(x) + std::string(y);
  const ParamBld builder(OSSL_PARAM_BLD_new());
  if (!builder) return unexpected(invalid("there is no memory to take the key in"));
  const std::string group = group_name(curve);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group.c_str(), group.size());
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  EvpPkey key = key_from("EC", EVP_PKEY_PUBLIC_KEY, builder.get());
  if (!key) return unexpected(invalid("the ec point is not on its curve"));
  return adopt(key.release());
}

Result<PublicKey> PublicKey::from_edwards(KeyType curve, std::string_view bytes) {
  const ErrorQueueGuard guard;
  if (bytes.size() != coordinate_size(curve)) return unexpected(invalid("the key has not the length of its curve"));
  return adopt(EVP_PKEY_new_raw_public_key(curve == KeyType::ed25519 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, nullptr,
                                           as_bytes(bytes), bytes.size()));
}

Result<PublicKey> PublicKey::from_spki(std::string_view der) {
  const ErrorQueueGuard guard;
  const unsigned char* at = as_bytes(der);
  EvpPkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != as_bytes(der) + der.size())
    return unexpected(invalid("the public key cannot be read: damaged, or its point is not on its curve"));
  return adopt(key.release());
}

Result<PublicKey> PublicKey::from_pkcs1(std::string_view der) {
  const ErrorQueueGuard guard;
  const unsigned char* at = as_bytes(der);
  EvpPkey key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != as_bytes(der) + der.size()) return unexpected(invalid("the rsa public key cannot be read"));
  return adopt(key.release());
}

Result<PublicKey> PublicKey::from_certificate(std::string_view der) {
  const ErrorQueueGuard guard;
  const unsigned char* at = as_bytes(der);
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != as_bytes(der) + der.size()) return unexpected(invalid("the certificate cannot be read"));
  EVP_PKEY* key = X509_get_pubkey(certificate.get());
  if (!key) return unexpected(invalid("the certificate's public key cannot be read"));
  return adopt(key);
}

bool PublicKey::is_authority(std::string_view der) {
  const ErrorQueueGuard guard;
  const unsigned char* at = as_bytes(der);
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return certificate && X509_check_ca(certificate.get()) != 0;
}

}  // namespace sallyport
