#include "cli/token_signer.h"

#include "cli/output.h"
#include "codec/json.h"
#include "config/file_bytes.h"
#include "config/load.h"
#include "store/store.h"

namespace sallyport::cli {
namespace {

std::string algorithms_of_kind(KeyKind kind) {
  std::string out;
  for (std::size_t i = 0; i < kAlgorithmCount; ++i)
    if (fits(static_cast<Algorithm>(i), kind))
      out += (out.empty() ? "" : ", ") + std::string(name(static_cast<Algorithm>(i)));
  return out;
}

// The secret of the settings that are in force: the file's, else the store's current revision's.
Result<std::shared_ptr<const SigningKey>> key_of_settings(const std::string& path) {
  std::optional<StoredSettings> stored;
  if (const auto alone = load_file_only(path); alone && !alone->store.url.empty())
    if (auto store = open_store(alone->store.url, StoreAccess::read))
      if (const auto revision = (*store)->current_settings(); revision && *revision)
        stored = StoredSettings{(*revision)->toml, (*revision)->number};
  const auto loaded = load_settings(path, stored);
  if (!loaded) return unexpected(loaded.error().faults.front());
  if (loaded->settings.jwt.secret.empty())
    return unexpected(invalid("the settings have no secret, and public keys cannot sign",
                              "name the private key with --key-file", path));
  return signing_key_from_secret(loaded->settings.jwt.secret.view());
}

}  // namespace

Result<std::string> read_key_text(const std::string& path, std::size_t cap) {
  std::string text;
  if (path == "-") {
    text = read_stdin(cap, false);
  } else {
    auto file = read_file_bytes(path, cap);
    if (!file) return unexpected(file.error());
    text = std::move(file->bytes);
  }
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::shared_ptr<const SigningKey>> read_signing_key(const std::string& path, bool secret_allowed) {
  auto text = read_key_text(path, 64 * 1024);
  if (!text) return unexpected(text.error());
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  const bool document =
      text->find("-----BEGIN ") != std::string::npos || (first != std::string::npos && (*text)[first] == '{');
  auto key = document || !secret_allowed ? parse_signing_key(*text) : signing_key_from_secret(*text);
  wipe(*text);
  if (!key) {
    Error e = key.error();
    e.place = path;
    return unexpected(std::move(e));
  }
  return key;
}

Result<TokenSigner> make_signer(const SignerOptions& o) {
  if (o.key_file.empty() == o.config.empty())
    return unexpected(invalid("the key to sign with is missing",
                              "name one: --key-file FILE, or --config FILE for the settings' secret"));
  std::optional<Algorithm> alg;
  if (!o.alg.empty()) {
    alg = algorithm_from_name(o.alg);
    if (!alg)
      return unexpected(invalid("there is no algorithm \"" + printable(o.alg) + "\"",
                                "HS256, RS256, PS256, ES256 (also 384 and 512), EdDSA, Ed25519, Ed448"));
  }
  auto key =
      o.config.empty() ? read_signing_key(o.key_file, !alg || fits(*alg, KeyKind::secret)) : key_of_settings(o.config);
  if (!key) return unexpected(key.error());
  TokenSigner out;
  out.key = *key;
  const auto own = out.key->own_algorithm();
  if (alg && own && *alg != *own)
    return unexpected(invalid("the key is for " + std::string(name(*own)) + " alone, as its alg says",
                              "leave --alg out, or take a key for " + std::string(name(*alg))));
  out.alg = alg ? *alg : own.value_or(usual_algorithm(out.key->kind()));
  if (!fits(out.alg, out.key->kind()))
    return unexpected(invalid(
        "a key of the kind " + std::string(name(out.key->kind())) + " cannot sign with " + std::string(name(out.alg)),
        "it can sign with " + algorithms_of_kind(out.key->kind())));
  const std::string kid = o.kid.empty() ? out.key->kid() : o.kid;
  out.header = "{\"alg\":\"" + std::string(name(out.alg)) + "\"";
  if (!o.typ.empty()) {
    out.header += ",\"typ\":";
    append_json_string(out.header, o.typ);
  }
  if (!kid.empty()) {
    out.header += ",\"kid\":";
    append_json_string(out.header, kid);
  }
  out.header += '}';
  return out;
}

}  // namespace sallyport::cli
