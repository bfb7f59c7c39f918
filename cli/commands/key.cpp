#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/key_files.h"
#include "cli/output.h"
#include "cli/token_signer.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "crypto/pem.h"
#include "crypto/random.h"
#include "jose/key_set.h"

namespace sallyport::cli {
namespace {

struct NewKey {
  KeyKind kind{};
  int size = 0;  // bits of an RSA key, bytes of a secret
  Algorithm alg{};
};
const std::map<std::string, NewKey> kTypes = {
    {"es256", {KeyKind::p256, 0, Algorithm::ES256}},      {"es384", {KeyKind::p384, 0, Algorithm::ES384}},
    {"es512", {KeyKind::p521, 0, Algorithm::ES512}},      {"rsa2048", {KeyKind::rsa, 2048, Algorithm::RS256}},
    {"rsa3072", {KeyKind::rsa, 3072, Algorithm::RS256}},  {"rsa4096", {KeyKind::rsa, 4096, Algorithm::RS256}},
    {"ed25519", {KeyKind::ed25519, 0, Algorithm::EdDSA}}, {"ed448", {KeyKind::ed448, 0, Algorithm::EdDSA}},
    {"hs256", {KeyKind::secret, 32, Algorithm::HS256}},   {"hs384", {KeyKind::secret, 48, Algorithm::HS384}},
    {"hs512", {KeyKind::secret, 64, Algorithm::HS512}},
};

std::string text(std::string_view v) { return std::string(v); }

std::string algorithm_names(AlgorithmSet set) {
  std::string out;
  for (std::size_t i = 0; i < kAlgorithmCount; ++i)
    if (set & bit(static_cast<Algorithm>(i))) out += (out.empty() ? "" : ", ") + text(name(static_cast<Algorithm>(i)));
  return out;
}

// The same as a JSON array.
std::string as_array(const std::string& names) {
  std::string out = "[";
  for (std::size_t at = 0; at < names.size();) {
    const std::size_t end = std::min(names.find(", ", at), names.size());
    if (out.size() > 1) out += ',';
    append_json_string(out, std::string_view(names).substr(at, end - at));
    at = end + 2;
  }
  return out + "]";
}

struct GenerateOptions {
  std::string type, out, format = "pem", kid, alg, name = "key";
  bool json = false;
};

// A secret is text that can stand in a settings file: base64url of as many random bytes as its hash has.
struct Made {
  std::shared_ptr<const SigningKey> key;
  std::string secret;  // of an HMAC key
};
Made make_key(const NewKey& wanted, bool json) {
  Made out;
  if (wanted.kind == KeyKind::secret) {
    std::string bytes = random_bytes(static_cast<std::size_t>(wanted.size));
    out.secret = encode_base64url(bytes);
    wipe(bytes);
  }
  auto key = wanted.kind == KeyKind::secret ? signing_key_from_secret(out.secret)
                                            : generate_signing_key(wanted.kind, wanted.size);
  if (!key) fail(key.error(), json);
  out.key = *key;
  return out;
}

int write_files(const GenerateOptions& o, const Made& made, const std::string& private_jwk,
                const std::string& public_jwk, const std::string& kid) {
  struct File {
    std::string suffix, bytes, what;
    bool owner_only;
  };
  std::vector<File> files;
  if (!made.secret.empty()) {
    files.push_back(
        {".secret", made.secret + "\n", "the secret: [jwt] secret_file of the gate, --key-file of token issue", true});
    files.push_back({".jwk.json", private_jwk + "\n", "the same as a JWK", true});
  } else {
    files.push_back({".pem", made.key->private_pem(), "the private key: sign with it, keep it", true});
    files.push_back({".jwk.json", private_jwk + "\n", "the same as a JWK", true});
    files.push_back({".pub.pem", made.key->public_pem(), "the public key: [jwt] public_key_file of the gate", false});
    files.push_back({".pub.jwk.json", public_jwk + "\n", "the same as a JWK", false});
    files.push_back({".jwks.json", "{\"keys\":[" + public_jwk + "]}\n", "the JWK set to publish", false});
  }
  if (const auto made_folder = make_folder(o.out); !made_folder) fail(made_folder.error(), o.json);
  std::string json = "{\"kid\":";
  append_json_string(json, kid);
  json += ",\"files\":[";
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string path = o.out + "/" + o.name + files[i].suffix;
    if (const auto written = write_new_file(path, files[i].bytes, files[i].owner_only); !written)
      fail(written.error(), o.json);
    if (i) json += ',';
    append_json_string(json, path);
    if (!o.json) std::printf("%s  %s\n", printable(path).c_str(), files[i].what.c_str());
    wipe(files[i].bytes);
  }
  if (o.json) std::puts((json + "]}").c_str());
  return kYes;
}

int generate(const GenerateOptions& o) {
  const NewKey& wanted = kTypes.at(o.type);
  if (o.name.empty() || o.name.find('/') != std::string::npos)
    fail(invalid("--name is the beginning of file names and holds no /"), kUsage, o.json);
  std::string alg = o.alg.empty() ? text(name(wanted.alg)) : o.alg;
  const auto known = algorithm_from_name(alg);
  if (!known || !fits(*known, wanted.kind))
    fail(invalid(fmt::format("a key of the type {} cannot serve \"{}\"", o.type, printable(alg))), kUsage, o.json);
  const Made made = make_key(wanted, o.json);
  // A secret's thumbprint would let strangers test guesses of it; it gets a random name instead.
  const std::string kid = !o.kid.empty()        ? o.kid
                          : made.secret.empty() ? made.key->thumbprint()
                                                : encode_base64url(random_bytes(9));
  const std::string private_jwk = made.key->jwk(true, alg, kid), public_jwk = made.key->jwk(false, alg, kid);
  if (!o.out.empty()) return write_files(o, made, private_jwk, public_jwk, kid);
  if (o.json) {
    std::string out = "{\"private_jwk\":" + private_jwk;
    if (made.secret.empty()) {
      out += ",\"public_jwk\":" + public_jwk + ",\"private_pem\":";
      append_json_string(out, made.key->private_pem());
      out += ",\"public_pem\":";
      append_json_string(out, made.key->public_pem());
    }
    std::puts((out + "}").c_str());
  } else if (o.format == "jwk") {
    std::puts(private_jwk.c_str());
  } else {
    std::fputs((made.secret.empty() ? made.key->private_pem() : made.secret + "\n").c_str(), stdout);
  }
  return kYes;
}

// One key as `key show` tells it.
struct Shown {
  std::string kind, kid, thumbprint, verifies, signs, note;
  int bits = 0;
};

std::vector<Shown> look_into(const std::string& path, const std::string& document, std::string& public_pem) {
  std::vector<Shown> out;
  // A private key first: its public half tells the rest.
  const bool pem = looks_like_pem(document);
  const std::size_t first = document.find_first_not_of(" \t\r\n");
  const bool json = first != std::string::npos && document[first] == '{';
  if (auto key = parse_signing_key(document); key && (pem || json)) {
    const SigningKey& k = **key;
    AlgorithmSet set = 0;
    for (std::size_t i = 0; i < kAlgorithmCount; ++i)
      if (fits(static_cast<Algorithm>(i), k.kind())) set |= bit(static_cast<Algorithm>(i));
    Shown s{text(name(k.kind())),
            k.kid(),
            k.kind() == KeyKind::secret ? "" : k.thumbprint(),
            algorithm_names(set),
            algorithm_names(set),
            "private: keep it to those who sign",
            k.bits()};
    public_pem = k.public_pem();
    return {s};
  }
  if (!pem && !json) {
    if (document.empty()) fail(invalid("the file is empty", "", path), kRefused, false);
    Shown s{
        "HMAC secret", "", "", "HS256, HS384, HS512", "HS256, HS384, HS512", "", static_cast<int>(document.size() * 8)};
    if (is_published_secret(document))
      s.note = "this secret is printed in public documents: only clients on loopback are admitted with it";
    else if (document.size() < 32)
      s.note = "shorter than the hash of HS256: whoever has one token can guess at it";
    return {s};
  }
  const auto set = pem ? parse_key_document(document, KeyDocumentPolicy::trusted_file, {.label = path})
                       : parse_jwks_with_secrets(document, {.label = path});
  if (!set) fail(set.error(), kRefused, false);
  for (const KeyPtr& k : set->keys)
    out.push_back({text(name(k->kind())), k->kid().value_or(""), k->thumbprint(), algorithm_names(k->algorithms()), "",
                   k->published() ? "printed in public documents with its private half: loopback only" : "",
                   k->bits()});
  for (const SkippedKey& s : set->skipped) out.push_back({"unusable", s.kid, "", "", "", s.cause, 0});
  if (pem && set->keys.size() == 1) public_pem = document;
  return out;
}

struct ShowOptions {
  std::string file;
  bool json = false, public_half = false;
};

int show(const ShowOptions& o) {
  auto document = read_key_text(o.file, 1024 * 1024);
  if (!document) fail(document.error(), o.json);
  std::string public_pem;
  const std::vector<Shown> keys = look_into(o.file, *document, public_pem);
  wipe(*document);
  if (o.public_half) {
    if (public_pem.empty())
      fail(invalid("the file has no private key with a public half", "", o.file), kRefused, o.json);
    std::fputs(public_pem.c_str(), stdout);
    return kYes;
  }
  bool usable = false;
  std::string json = "[";
  for (const Shown& k : keys) {
    usable = usable || k.kind != "unusable";
    if (o.json) {
      if (json.size() > 1) json += ',';
      json += "{\"type\":";
      append_json_string(json, k.kind);
      json += fmt::format(",\"bits\":{}", k.bits);
      for (const auto& [member, value] :
           {std::pair{"kid", &k.kid}, std::pair{"thumbprint", &k.thumbprint}, std::pair{"note", &k.note}}) {
        json += fmt::format(",\"{}\":", member);
        append_json_string(json, *value);
      }
      json += ",\"verifies\":" + as_array(k.verifies) + ",\"signs\":" + as_array(k.signs) + "}";
      continue;
    }
    std::printf("%s%s\n", k.kind.c_str(), k.bits ? fmt::format(", {} bits", k.bits).c_str() : "");
    for (const auto& [member, value] :
         {std::pair{"kid", &k.kid}, std::pair{"thumbprint", &k.thumbprint}, std::pair{"verifies", &k.verifies},
          std::pair{"signs", &k.signs}, std::pair{"note", &k.note}})
      if (!value->empty()) std::printf("  %-10s  %s\n", member, printable(*value).c_str());
  }
  if (o.json) std::puts((json + "]").c_str());
  return usable ? kYes : kRefused;
}

}  // namespace

void add_key_commands(CLI::App& app) {
  CLI::App* key = app.add_subcommand("key", "make keys and look into them");
  key->require_subcommand(1);

  CLI::App* make =
      key->add_subcommand("generate", "make a new key: files to sign with, to verify with, and to publish");
  auto g = std::make_shared<GenerateOptions>();
  std::vector<std::string> types;
  for (const auto& [type, ignored] : kTypes) types.push_back(type);
  make->add_option("--type", g->type,
                   "es256, es384, es512, rsa2048, rsa3072, rsa4096, ed25519, ed448, hs256, hs384, hs512")
      ->required()
      ->check(CLI::IsMember(types));
  make->add_option(
          "--out", g->out,
          "the folder for the files (made where it is not there); without it the private key goes to standard output")
      ->type_name("DIR");
  make->add_option("--name", g->name, "the beginning of the files' names")->capture_default_str();
  make->add_option("--format", g->format, "of standard output")
      ->check(CLI::IsMember({"pem", "jwk"}))
      ->capture_default_str();
  make->add_option("--kid", g->kid, "the key's id; by default its thumbprint (RFC 7638)");
  make->add_option("--alg", g->alg, "the algorithm that the JWK names");
  make->add_flag("--json", g->json, "answer as JSON");
  make->footer(
      "Examples:\n  sallyport key generate --type es256 --out keys\n  sallyport key generate --type hs256 > "
      "secret.txt");
  make->callback([g] { throw ExitWith{generate(*g)}; });

  CLI::App* look =
      key->add_subcommand("show", "say what a key file holds: kind, size, thumbprint, what it verifies and signs");
  auto s = std::make_shared<ShowOptions>();
  look->add_option("file", s->file, "PEM, a certificate, a JWK, a JWK set, or a secret; - for standard input")
      ->required();
  look->add_flag("--public", s->public_half, "print the public half of a private key as PEM");
  look->add_flag("--json", s->json, "answer as JSON");
  look->footer("Example:\n  sallyport key show keys/key.pub.pem");
  look->callback([s] { throw ExitWith{show(*s)}; });
}

}  // namespace sallyport::cli
