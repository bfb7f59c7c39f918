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
  if (!in)
    return unexpected(Error{ErrorKind::kNotFound, "cannot read the key file",
                            "is it there, and readable by the broker's user?", path});
  std::string text(kMaxKeyFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxKeyFileBytes)
    return unexpected(invalid("the key file is longer than 1 MiB", "name the file that holds only the keys", path));
  return text;
}

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// What compiling gathers beside the policy.
struct Gathered {
  std::vector<WatchedFile>& watched;
  std::vector<std::string>& notes;
  std::vector<Error>& faults;
};

// The local keys of an authority in the fixed order of trial: secret, public keys, key set files. What comes from the
// network follows them in the ring.
std::vector<KeyPtr> read_keys(const AuthoritySettings& a, const std::string& issuer, Gathered& out) {
  std::vector<KeyPtr> keys;
  const std::string before = issuer.empty() ? "" : issuer + " ";
  const auto add = [&](Result<KeySet> set, const std::string& place) {
    if (!set) {
      Error fault = std::move(set.error());
      if (fault.place.empty()) fault.place = place;
      out.faults.push_back(std::move(fault));
      return;
    }
    for (const SkippedKey& s : set->skipped)
      out.notes.push_back(place + ": key " + std::to_string(s.index + 1) +
                          (s.kid.empty() ? "" : " (kid " + s.kid + ")") + " is skipped: " + s.cause);
    if (set->keys.empty())
      out.faults.push_back(invalid("no key of the key set can verify a token",
                                   set->skipped.empty() ? "" : "key 1: " + set->skipped.front().cause, place));
    keys.insert(keys.end(), set->keys.begin(), set->keys.end());
  };
  const auto add_file = [&](const std::string& path, KeyDocumentPolicy policy, KeyOrigin origin) {
    out.watched.push_back({path, file_identity(path)});
    Result<std::string> text = read_key_file(path);
    if (!text) {
      out.faults.push_back(text.error());
      return;
    }
    add(parse_key_document(*text, policy,
                           {.origin = origin, .label = before + file_name(path), .kid = {}, .allowed = kAllAlgorithms}),
        path);
  };
  if (!a.secret.empty()) {
    Result<KeyPtr> key = make_secret_key(
        a.secret.view(),
        {.origin = KeyOrigin::secret, .label = before + "secret", .kid = {}, .allowed = kAllAlgorithms});
    if (key)
      keys.push_back(std::move(*key));
    else
      out.faults.push_back(key.error());
  }
  for (std::size_t i = 0; i < a.public_keys.size(); ++i) {
    const std::string label =
        before + (a.public_keys.size() == 1 ? "public_key" : "public_key[" + std::to_string(i) + "]");
    add(parse_key_document(a.public_keys[i], KeyDocumentPolicy::trusted_file,
                           {.origin = KeyOrigin::public_key, .label = label, .kid = {}, .allowed = kAllAlgorithms}),
        issuer.empty() ? "jwt.public_key" : "jwt.issuers");
  }
  for (const std::string& path : a.public_key_files)
    add_file(path, KeyDocumentPolicy::trusted_file, KeyOrigin::public_key);
  // A provider's set has keys for other uses too: those are skipped, as from the network.
  for (const std::string& path : a.jwks.files) add_file(path, KeyDocumentPolicy::remote_set, KeyOrigin::jwks);
  return keys;
}

void read_rights(const AuthoritySettings& a, TokenAuthority& made, const std::string& place, Gathered& out) {
  made.rights.acl = ClaimPath(a.acl_claim);
  made.rights.scope = ClaimPath(a.scope_claim);
  made.rights.may_grant = a.may_grant;
  for (const std::string& text : a.scope_patterns) {
    Result<ScopePattern> pattern = ScopePattern::compile(text);
    if (pattern) {
      made.rights.scope_patterns.push_back(std::move(*pattern));
    } else {
      Error fault = pattern.error();
      fault.place = place + ".scope_patterns";
      out.faults.push_back(std::move(fault));
    }
  }
  for (const std::string& claim : a.groups_claims) made.groups_claims.emplace_back(claim);
  if (!a.superuser_claim.empty()) made.superuser_claim.emplace(a.superuser_claim);
  for (const auto& [name, claim] : a.attributes) made.attributes.named.emplace_back(name, ClaimPath(claim));
}

TokenAuthority make_authority(const AuthoritySettings& a, std::string name, Gathered& out) {
  TokenAuthority made;
  made.issuer = a.issuer;
  made.audience = a.audience;
  made.verify_claims = a.verify_claims;
  made.leeway = a.leeway;
  made.require_exp = a.require_exp;
  made.require_binding = a.require_binding;
  made.max_lifetime = a.max_lifetime;
  made.typ = a.typ;
  made.allowed_algorithms = a.allowed_algorithms;
  for (const ClaimRuleSetting& rule : a.claims) {
    Result<Template> expected = Template::compile(rule.expected);
    if (expected) {
      made.claims.push_back({ClaimPath(rule.claim), std::move(*expected)});
    } else {
      Error fault = expected.error();
      fault.place = (name.empty() ? "jwt.claims." : "jwt.issuers " + name + " claims.") + rule.claim;
      out.faults.push_back(std::move(fault));
    }
  }
  read_rights(a, made, (name.empty() ? "jwt" : "jwt.issuers " + name), out);
  made.local_keys = read_keys(a, name, out);
  made.name = std::move(name);
  return made;
}

}  // namespace

std::string file_identity(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return {};
  std::ostringstream out;
  out << st.st_dev << ':' << st.st_ino << ':' << st.st_size << ':' << st.st_mtim.tv_sec << '.'
      << st.st_mtim.tv_nsec
      // A right that is given or taken changes this time alone.
      << ':' << st.st_ctim.tv_sec << '.' << st.st_ctim.tv_nsec;
  return out.str();
}

Result<CompiledPolicy, std::vector<Error>> compile_policy(const Settings& s) {
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

  jwt.methods = s.mqtt5.methods;

  gate.session = {s.session.end_at_exp, s.session.max_session, s.session.notice};
  if (Result<SettingsTopicRules> rules = SettingsTopicRules::compile(s.topic_rules)) {
    gate.topics = std::make_shared<const TopicPolicy>(TopicPolicy{s.topics.no_match, std::move(*rules)});
  } else {
    Error fault = rules.error();
    fault.place = "topic_rules, " + fault.place;
    faults.push_back(std::move(fault));
  }

  Gathered gathered{out.watched, out.notes, faults};
  jwt.plain = make_authority(s.jwt, {}, gathered);
  for (const IssuerSettings& issuer : s.jwt.issuers)
    jwt.issuers.push_back(make_authority(issuer, issuer.name, gathered));
  // A verifier without a key is not made: an empty secret must never come to verify anything.
  if (faults.empty() && jwt.enabled && jwt.plain.local_keys.empty() && !s.jwt.jwks.remote() && jwt.issuers.empty())
    faults.push_back(invalid(
        "[jwt] is enabled and has no key",
        "set secret, secret_base64, secret_file, public_key, public_key_file, jwks_url or jwks_file", "jwt.enabled"));
  if (!faults.empty()) return unexpected(std::move(faults));
  return out;
}

}  // namespace sallyport
