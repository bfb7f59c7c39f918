#include "engine/compile.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "jose/key_set.h"
#include "rules/template.h"

namespace sallyport {
namespace {

constexpr std::size_t kMaxKeyFileBytes = 1u << 20;

Result<std::string> read_key_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return unexpected(Error{ErrorKind::kNotFound, "cannot read the key file", "is it there, and readable by the broker's user?", path});
  std::string text(kMaxKeyFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxKeyFileBytes) return unexpected(invalid("the key file is longer than 1 MiB", "name the file that holds only the keys", path));
  return text;
}

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// The keys of [jwt] in the fixed order of trial: secret, public keys. JWKS come later, into the same ring.
std::vector<KeyPtr> read_keys(const JwtSettings& jwt, std::vector<WatchedFile>& watched, std::vector<Error>& faults) {
  std::vector<KeyPtr> keys;
  const auto add = [&](Result<KeySet> set, const std::string& place) {
    if (!set) {
      Error fault = std::move(set.error());
      if (fault.place.empty()) fault.place = place;
      faults.push_back(std::move(fault));
      return;
    }
    keys.insert(keys.end(), set->keys.begin(), set->keys.end());
  };
  if (!jwt.secret.empty()) {
    Result<KeyPtr> key = make_secret_key(jwt.secret.view(), {.origin = KeyOrigin::secret, .label = "secret", .kid = {}, .allowed = kAllAlgorithms});
    if (key) keys.push_back(std::move(*key));
    else faults.push_back(key.error());
  }
  for (std::size_t i = 0; i < jwt.public_keys.size(); ++i) {
    const std::string label = jwt.public_keys.size() == 1 ? "public_key" : "public_key[" + std::to_string(i) + "]";
    add(parse_key_document(jwt.public_keys[i], KeyDocumentPolicy::trusted_file, {.origin = KeyOrigin::public_key, .label = label, .kid = {}, .allowed = kAllAlgorithms}),
        "jwt.public_key");
  }
  for (const std::string& path : jwt.public_key_files) {
    watched.push_back({path, file_identity(path)});
    Result<std::string> text = read_key_file(path);
    if (!text) {
      faults.push_back(text.error());
      continue;
    }
    add(parse_key_document(*text, KeyDocumentPolicy::trusted_file,
                           {.origin = KeyOrigin::public_key, .label = file_name(path), .kid = {}, .allowed = kAllAlgorithms}),
        path);
  }
  return keys;
}

bool same_keys(const KeyRing& ring, const std::vector<KeyPtr>& keys) {
  // A secret has no thumbprint that may be kept, so a ring with one is always new: what was remembered is verified again.
  return ring.keys().size() == keys.size() &&
         std::equal(keys.begin(), keys.end(), ring.keys().begin(), [](const KeyPtr& a, const KeyPtr& b) {
           return !a->thumbprint().empty() && a->thumbprint() == b->thumbprint() && a->kid() == b->kid() && a->algorithms() == b->algorithms() &&
                  a->label() == b->label();
         });
}

}  // namespace

std::string file_identity(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return {};
  std::ostringstream out;
  out << st.st_dev << ':' << st.st_ino << ':' << st.st_size << ':' << st.st_mtim.tv_sec << '.' << st.st_mtim.tv_nsec;
  return out.str();
}

Result<CompiledPolicy, std::vector<Error>> compile_policy(const Settings& s, std::uint64_t ring_generation,
                                                          const std::shared_ptr<const KeyRing>& previous) {
  std::vector<Error> faults;
  CompiledPolicy out;
  GateSnapshot& gate = out.policy;
  gate.no_match = s.chain.no_match;
  gate.mode = s.gate.mode;
  gate.password_enabled = s.password.enabled;

  JwtPolicy& jwt = gate.jwt;
  jwt.enabled = s.jwt.is_enabled();
  jwt.from = s.jwt.from;
  jwt.not_a_token = s.jwt.not_a_token;
  jwt.allow_published_secrets = s.jwt.allow_published_secrets;
  for (const std::string& claim : s.jwt.principal_claims) jwt.principal_claims.emplace_back(claim);

  TokenAuthority& plain = jwt.plain;
  plain.issuer = s.jwt.issuer;
  plain.audience = s.jwt.audience;
  plain.verify_claims = s.jwt.verify_claims;
  plain.leeway = s.jwt.leeway;
  plain.require_exp = s.jwt.require_exp;
  plain.max_lifetime = s.jwt.max_lifetime;
  plain.typ = s.jwt.typ;
  plain.allowed_algorithms = s.jwt.allowed_algorithms;
  for (const ClaimRuleSetting& rule : s.jwt.claims) {
    Result<Template> expected = Template::compile(rule.expected);
    if (expected) {
      plain.claims.push_back({ClaimPath(rule.claim), std::move(*expected)});
    } else {
      Error fault = expected.error();
      fault.place = "jwt.claims." + rule.claim;
      faults.push_back(std::move(fault));
    }
  }
  std::vector<KeyPtr> keys = read_keys(s.jwt, out.watched, faults);
  // A verifier without a key is not made: an empty secret must never come to verify anything.
  if (faults.empty() && jwt.enabled && keys.empty())
    faults.push_back(invalid("[jwt] is enabled and has no key", "set secret, secret_base64, secret_file, public_key or public_key_file", "jwt.enabled"));
  if (!faults.empty()) return unexpected(std::move(faults));
  plain.keys = previous && same_keys(*previous, keys) ? previous : std::make_shared<const KeyRing>(std::move(keys), ring_generation);
  return out;
}

}  // namespace sallyport
