#include "crypto/private_key.h"

#include "crypto/ecdsa_form.h"
#include "crypto/openssl_handles.h"

namespace sallyport {
namespace {

bool is_edwards(KeyType t) noexcept { return t == KeyType::ed25519 || t == KeyType::ed448; }

Error unreadable() {
  return invalid("the private key cannot be read",
                 "PEM (PKCS#8, PKCS#1 or SEC1) and private JWKs are taken; make one with: sallyport key generate");
}

Secret secret_bn(const EVP_PKEY* key, const char* name, std::size_t size = 0) {
  const Bn n = pkey_bn(key, name);
  if (!n) return {};
  std::string bytes = bn_bytes(n.get(), size);
  Secret out(bytes);
  wipe(bytes);
  return out;
}

// Asks for no passphrase on a terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

struct PrivateKey::State {
  EvpPkey pkey;
  PublicKey public_key;
};

PrivateKey::PrivateKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;
const PublicKey& PrivateKey::public_key() const noexcept { return state_->public_key; }

Result<PrivateKey> PrivateKey::adopt(void* evp_pkey) {
  const ErrorQueueGuard guard;
  EvpPkey key(static_cast<EVP_PKEY*>(evp_pkey));
  if (!key) return unexpected(unreadable());
  // The public part goes through its own checks, by way of its document.
  unsigned char* der = nullptr;
  const int n = i2d_PUBKEY(key.get(), &der);
  if (n <= 0) return unexpected(unreadable());
  Result<PublicKey> pub = PublicKey::from_spki({reinterpret_cast<const char*>(der), static_cast<std::size_t>(n)});
  OPENSSL_free(der);
  if (!pub) return unexpected(pub.error());
  return PrivateKey(std::make_unique<State>(State{std::move(key), std::move(*pub)}));
}

Result<PrivateKey> PrivateKey::generate(KeyType type, int rsa_bits) {
  const ErrorQueueGuard guard;
  EVP_PKEY* key = nullptr;
  switch (type) {
    case KeyType::rsa:
      if (rsa_bits < kMinRsaBits || rsa_bits > kMaxRsaBits)
        return unexpected(invalid("an rsa key has 2048 to 8192 bits"));
      key = EVP_RSA_gen(static_cast<unsigned>(rsa_bits));
      break;
    case KeyType::p256:
    case KeyType::p384:
    case KeyType::p521:
      key = EVP_EC_gen(group_name(type));
      break;
    case KeyType::ed25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
    case KeyType::ed448:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448");
      break;
  }
  return adopt(key);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const ErrorQueueGuard guard;
  if (pem.size() > 64 * 1024) return unexpected(invalid("the private key's file is longer than 64 KiB"));
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bool asked = false;
  EVP_PKEY* key = bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked) : nullptr;
  if (!key && asked)
    return unexpected(
        invalid("the private key is encrypted with a passphrase", "take it off first: openssl pkey -in FILE -out NEW"));
  if (!key && pem.find("BEGIN PUBLIC KEY") != std::string_view::npos)
    return unexpected(invalid("this is a public key; signing needs the private one"));
  return adopt(key);
}

Result<PrivateKey> PrivateKey::from_rsa(const RsaNumbers& numbers) {
  const ErrorQueueGuard guard;
  const ParamBld builder(OSSL_PARAM_BLD_new());
  Bn kept[8];
  std::size_t i = 0;
  bool good = true;
  const auto push = [&](const char* name, const Secret& bytes) {
    if (bytes.empty() || bytes.size() > 1024) {
      good = false;
      return;
    }
    kept[i] = bn_from(bytes.view());
    good = good && kept[i] && OSSL_PARAM_BLD_push_BN(builder.get(), name, kept[i].get()) == 1;
    ++i;
  };
  push(OSSL_PKEY_PARAM_RSA_N, numbers.n);
  push(OSSL_PKEY_PARAM_RSA_E, numbers.e);
  push(OSSL_PKEY_PARAM_RSA_D, numbers.d);
  push(OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.p);
  push(OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.q);
  push(OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.dp);
  push(OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.dq);
  push(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.qi);
  if (!good) return unexpected(invalid("the private rsa key lacks one of n, e, d, p, q, dp, dq, qi"));
  EvpPkey key = key_from("RSA", EVP_PKEY_KEYPAIR, builder.get());
  const EvpPkeyCtx check(key ? EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr) : nullptr);
  if (!check || EVP_PKEY_check(check.get()) != 1)
    return unexpected(invalid("the numbers of the private rsa key do not belong together"));
  return adopt(key.release());
}

Result<PrivateKey> PrivateKey::from_point(KeyType curve, std::string_view x, std::string_view y, std::string_view d) {
  const ErrorQueueGuard guard;
  const std::size_t size = coordinate_size(curve);
  if (x.size() != size || y.size() != size || d.size() != size)
    return unexpected(invalid("x, y or d has not the full length of the curve's field"));
  const std::string point = std::string(1, '\x04') + std::string(x) + std::string(y);
  const Bn scalar = bn_from(d);
  const ParamBld builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group_name(curve), 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get());
  EvpPkey key = key_from("EC", EVP_PKEY_KEYPAIR, builder.get());
  const EvpPkeyCtx check(key ? EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr) : nullptr);
  if (!check || EVP_PKEY_check(check.get()) != 1)
    return unexpected(invalid("x, y and d of the private key do not belong together"));
  return adopt(key.release());
}

Result<PrivateKey> PrivateKey::from_edwards(KeyType curve, std::string_view x, std::string_view d) {
  const ErrorQueueGuard guard;
  if (d.size() != coordinate_size(curve)) return unexpected(invalid("d has not the length of the curve"));
  Result<PrivateKey> key = adopt(EVP_PKEY_new_raw_private_key(
      curve == KeyType::ed25519 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, nullptr, as_bytes(d), d.size()));
  if (key && key->public_key().first() != x)
    return unexpected(invalid("x and d of the private key do not belong together"));
  return key;
}

Result<std::string> PrivateKey::sign(SignatureScheme scheme, Hash hash, std::string_view input) const {
  const ErrorQueueGuard guard;
  const KeyType type = state_->public_key.type();
  const Error failed{ErrorKind::kInternal, "signing failed", "", ""};
  const bool fits = scheme == SignatureScheme::eddsa   ? is_edwards(type)
                    : scheme == SignatureScheme::ecdsa ? !is_edwards(type) && type != KeyType::rsa
                                                       : type == KeyType::rsa;
  if (!fits) return unexpected(invalid("a key of this kind cannot sign with this algorithm"));
  std::string out(1024, '\0');
  std::size_t n = out.size();
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  if (scheme == SignatureScheme::eddsa) {
    const EvpMdCtx ctx(EVP_MD_CTX_new());
    if (!ctx ||
        EVP_DigestSignInit_ex(ctx.get(), nullptr, nullptr, nullptr, nullptr, state_->pkey.get(), nullptr) != 1 ||
        EVP_DigestSign(ctx.get(), to, &n, as_bytes(input), input.size()) != 1)
      return unexpected(failed);
    out.resize(n);
    return out;
  }
  const EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, state_->pkey.get(), nullptr));
  if (!ctx || EVP_PKEY_sign_init(ctx.get()) != 1 || !prepare(ctx.get(), scheme, hash)) return unexpected(failed);
  const Digest d = digest(hash, input);
  if (EVP_PKEY_sign(ctx.get(), to, &n, d.bytes.data(), d.size) != 1) return unexpected(failed);
  out.resize(n);
  if (scheme != SignatureScheme::ecdsa) return out;
  auto raw = ecdsa_from_der(out, coordinate_size(type));
  if (!raw) return unexpected(failed);
  return *std::move(raw);
}

std::string PrivateKey::pkcs8_pem() const {
  const ErrorQueueGuard guard;
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), state_->pkey.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return {};
  return text_of(bio.get());
}

RsaNumbers PrivateKey::rsa_numbers() const {
  const EVP_PKEY* k = state_->pkey.get();
  return {secret_bn(k, OSSL_PKEY_PARAM_RSA_N),         secret_bn(k, OSSL_PKEY_PARAM_RSA_E),
          secret_bn(k, OSSL_PKEY_PARAM_RSA_D),         secret_bn(k, OSSL_PKEY_PARAM_RSA_FACTOR1),
          secret_bn(k, OSSL_PKEY_PARAM_RSA_FACTOR2),   secret_bn(k, OSSL_PKEY_PARAM_RSA_EXPONENT1),
          secret_bn(k, OSSL_PKEY_PARAM_RSA_EXPONENT2), secret_bn(k, OSSL_PKEY_PARAM_RSA_COEFFICIENT1)};
}

Secret PrivateKey::scalar() const {
  const KeyType type = state_->public_key.type();
  if (!is_edwards(type)) return secret_bn(state_->pkey.get(), OSSL_PKEY_PARAM_PRIV_KEY, coordinate_size(type));
  unsigned char bytes[64];
  std::size_t n = sizeof bytes;
  if (EVP_PKEY_get_raw_private_key(state_->pkey.get(), bytes, &n) != 1) n = 0;
  Secret out({reinterpret_cast<const char*>(bytes), n});
  wipe(bytes, sizeof bytes);
  return out;
}

}  // namespace sallyport
