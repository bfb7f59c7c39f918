#include "admin/preview.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/kept_token.h"

namespace sallyport {
namespace {

using nlohmann::json;

Rejudged refused(std::string reason) { return {Rejudged::Kind::refused, std::move(reason), ""}; }
Rejudged unknown(std::string cause) { return {Rejudged::Kind::unknown, "", std::move(cause)}; }

bool same(const std::vector<ClaimRuleSetting>& a, const std::vector<ClaimRuleSetting>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ClaimRuleSetting& x, const ClaimRuleSetting& y) {
    return x.claim == y.claim && x.expected == y.expected;
  });
}
// Each rule of `few` is one of `many`.
bool within(const std::vector<ClaimRuleSetting>& few, const std::vector<ClaimRuleSetting>& many) {
  return std::all_of(few.begin(), few.end(), [&](const ClaimRuleSetting& one) {
    return std::any_of(many.begin(), many.end(), [&](const ClaimRuleSetting& other) {
      return other.claim == one.claim && other.expected == one.expected;
    });
  });
}

std::vector<ClaimRuleSetting> rules_of(const AuthoritySettings& a) {
  return a.verify_claims ? a.claims : std::vector<ClaimRuleSetting>();
}

bool names_issuers_alike(const Settings& a, const Settings& b) {
  return std::equal(a.jwt.issuers.begin(), a.jwt.issuers.end(), b.jwt.issuers.begin(), b.jwt.issuers.end(),
                    [](const IssuerSettings& x, const IssuerSettings& y) {
                      return x.name == y.name && x.issuer == y.issuer && x.audience == y.audience &&
                             x.leeway == y.leeway && x.require_exp == y.require_exp &&
                             x.allowed_algorithms == y.allowed_algorithms && same(rules_of(x), rules_of(y)) &&
                             x.secret.view() == y.secret.view() && x.public_keys == y.public_keys &&
                             x.public_key_files == y.public_key_files && x.jwks.url == y.jwks.url;
                    });
}

// Its alg, where the token was read and not remembered.
std::optional<Algorithm> algorithm_in(const json& steps) {
  for (const json& step : steps)
    if (const auto found = algorithm_from_name(step.value("subject", ""))) return found;
  return std::nullopt;
}

// Of a token that came in.
Rejudged judge_admitted(const AuditRow& row, const json& steps, const JwtSettings& was, const JwtSettings& is) {
  if (row.key == "secret" && was.secret.view() != is.secret.view()) return refused("bad_signature");
  const bool keys_differ = was.public_keys != is.public_keys || was.public_key_files != is.public_key_files ||
                           was.jwks.files != is.jwks.files || was.jwks.url != is.jwks.url ||
                           was.jwks.discovery != is.jwks.discovery;
  if (row.key != "secret" && keys_differ)
    return unknown("the keys differ, and whether the token's is still among them is not kept");
  if (!row.expires_at && is.require_exp) return refused("missing_expiry");
  if (row.expires_at && row.at >= *row.expires_at + is.leeway) return refused("expired");
  if (is.max_lifetime && is.max_lifetime != was.max_lifetime)
    return unknown("max_lifetime differs, and a token's iat is not kept");
  if (is.allowed_algorithms != was.allowed_algorithms) {
    const std::optional<Algorithm> algorithm = algorithm_in(steps);
    if (!algorithm) return unknown("the allowed algorithms differ, and the token's is not kept");
    if (!(is.allowed_algorithms & bit(*algorithm))) return refused("algorithm_not_allowed");
  }
  if (is.issuer && is.issuer != was.issuer) return unknown("the issuer differs, and a token's iss is not kept");
  if (!is.audience.empty() && is.audience != was.audience) {
    // More audiences than before take nobody's away.
    const bool wider =
        !was.audience.empty() && std::all_of(was.audience.begin(), was.audience.end(), [&](const auto& one) {
          return std::find(is.audience.begin(), is.audience.end(), one) != is.audience.end();
        });
    if (!wider) return unknown("the audience differs, and a token's aud is not kept");
  }
  if (!within(rules_of(is), rules_of(was))) return unknown("a claim rule is new, and claims' values are not kept");
  if (is.typ && is.typ != was.typ) return unknown("typ differs, and a token's is not kept");
  return {};
}

// Of a token that was kept out: whether what kept it out is gone, and whether nothing else would.
Rejudged judge_refused(const AuditRow& row, const JwtSettings& was, const JwtSettings& is, const json& steps) {
  bool mended = false;
  std::int64_t number = 0;
  std::string subject;
  for (const json& step : steps)
    if (!step.value("passed", true) && step.value("reason", "") == row.reason) {
      number = step.value("number", std::int64_t{0});
      subject = step.value("subject", "");
    }
  const auto held_to = [&](const JwtSettings& j) {
    const auto rules = rules_of(j);
    return std::any_of(rules.begin(), rules.end(), [&](const ClaimRuleSetting& rule) { return rule.claim == subject; });
  };
  if (row.reason == "expired")
    mended = number != 0 && row.at < number + is.leeway;
  else if (row.reason == "not_yet_valid")
    mended = number != 0 && row.at >= number - is.leeway;
  else if (row.reason == "missing_expiry")
    mended = !is.require_exp;
  else if (row.reason == "lifetime_too_long")
    mended = !is.max_lifetime;
  else if (row.reason == "issuer_mismatch")
    mended = !is.issuer;
  else if (row.reason == "audience_mismatch")
    mended = is.audience.empty();
  else if (row.reason == "claim_mismatch" || row.reason == "claim_missing")
    mended = !held_to(is);
  else if (row.reason == "bad_signature" || row.reason == "unknown_key_id" || row.reason == "no_key_for_algorithm")
    return was.secret.view() != is.secret.view() || was.public_keys != is.public_keys ||
                   was.public_key_files != is.public_key_files || was.jwks.url != is.jwks.url
               ? unknown("the keys differ, and the token itself is not kept")
               : Rejudged{};
  if (!mended && ((row.reason == "audience_mismatch" && was.audience != is.audience) ||
                  (row.reason == "issuer_mismatch" && was.issuer != is.issuer)))
    return unknown("what it is compared with differs, and the token's own value is not kept");
  if (!mended) return {};
  // In the order of the checks, what was not reached.
  static constexpr std::string_view order[] = {"expired",           "not_yet_valid",   "missing_expiry",
                                               "lifetime_too_long", "issuer_mismatch", "audience_mismatch",
                                               "claim_missing"};
  const auto reached =
      std::find(std::begin(order), std::end(order), row.reason == "claim_mismatch" ? "claim_missing" : row.reason);
  const auto before = [&](std::string_view check) {
    return reached < std::find(std::begin(order), std::end(order), check);
  };
  const auto left = rules_of(is);
  const bool other_rules =
      std::any_of(left.begin(), left.end(), [&](const ClaimRuleSetting& r) { return r.claim != subject; });
  if ((before("issuer_mismatch") && is.issuer) || (before("audience_mismatch") && !is.audience.empty()) ||
      (before("lifetime_too_long") && is.max_lifetime) || other_rules)
    return unknown("what kept it out would not any more, and the checks behind it were not reached then");
  return {Rejudged::Kind::admitted, row.reason, ""};
}

// Whose keys and rules judge a token: an issuer's where its iss is theirs, else the plain ones.
const AuthoritySettings* authority_of(const JwtSettings& jwt, const KeptToken& token) {
  for (const IssuerSettings& issuer : jwt.issuers)
    if (issuer.issuer && token.is_of(*issuer.issuer)) return &issuer;
  return jwt.issuers.empty() || jwt.has_own_key() ? &jwt : nullptr;
}

bool has_same_keys(const AuthoritySettings& a, const AuthoritySettings& b) {
  return a.secret.view() == b.secret.view() && a.public_keys == b.public_keys &&
         a.public_key_files == b.public_key_files && a.jwks.files == b.jwks.files && a.jwks.url == b.jwks.url &&
         a.jwks.discovery == b.jwks.discovery;
}
bool has_same_open_keys(const AuthoritySettings& a, const AuthoritySettings& b) {
  return a.public_keys == b.public_keys && a.public_key_files == b.public_key_files && a.jwks.files == b.jwks.files &&
         a.jwks.url == b.jwks.url && a.jwks.discovery == b.jwks.discovery;
}

// What settings alone decide about a verified token.
bool is_of_settings(std::string_view reason) {
  static constexpr std::string_view all[] = {
      "wrong_type",        "algorithm_not_allowed", "expired",           "not_yet_valid", "missing_expiry",
      "lifetime_too_long", "issuer_mismatch",       "audience_mismatch", "claim_missing", "claim_mismatch"};
  return std::find(std::begin(all), std::end(all), reason) != std::end(all);
}

// A name that was too long, or looked like a token, is not kept as it was.
KeptNames names_of(const AuditRow& row) {
  constexpr std::size_t cut_at = 128;
  KeptNames out;
  if (row.username.size() < cut_at && !row.username.starts_with("token ")) out.username = row.username;
  if (row.client_id.size() < cut_at) out.client_id = row.client_id;
  return out;
}

// Of a token that a key verified then, and of which enough is kept.
Rejudged judge_kept(const AuditRow& row, const json& steps, const KeptToken& token, const JwtSettings& was,
                    const JwtSettings& is) {
  const AuthoritySettings *old = authority_of(was, token), *next = authority_of(is, token);
  const bool came_in = row.verdict == "allow";
  if (!next) return came_in ? refused("issuer_mismatch") : Rejudged{};
  if (!old || !has_same_keys(*old, *next)) {
    const bool by_secret = row.key == "secret" || row.key.ends_with(" secret");
    if (old && by_secret && old->secret.view() != next->secret.view() && has_same_open_keys(*old, *next))
      return came_in ? refused("bad_signature") : Rejudged{};
    if (!old || !by_secret || old->secret.view() != next->secret.view())
      return unknown("the keys differ, and whether the token's is still among them is not kept");
  }
  const KeptToken::Said said = token.judge(*next, algorithm_in(steps), names_of(row), row.at);
  if (!said.cause.empty()) return unknown(said.cause);
  if (came_in && !said.reason.empty()) return refused(said.reason);
  if (next->require_binding && !(came_in && old->require_binding))
    return unknown("a client certificate would be asked for, and which one it is bound to is not kept");
  if (came_in || !said.reason.empty() || !is_of_settings(row.reason)) return {};
  return {Rejudged::Kind::admitted, row.reason, ""};
}

}  // namespace

Rejudged judge_again(const AuditRow& row, const json& steps, const Settings& before, const Settings& after,
                     const KeptDigest* digest) {
  if (before.jwt.from != after.jwt.from) return unknown("the token would come from another field, which is not kept");
  if (row.authenticator == "password") {
    if (row.verdict == "allow" && !after.password.enabled) return refused("unknown_credential");
    return {};
  }
  if (before.password.enabled != after.password.enabled && row.verdict != "allow" && after.password.enabled)
    return unknown("passwords would be asked, and none are kept");
  if (row.authenticator != "jwt") {
    // Nobody owned it: another authenticator, or another end of the chain, might.
    if (!before.jwt.is_enabled() && after.jwt.is_enabled())
      return unknown("tokens would be looked at, and none are kept");
    if (before.chain.no_match != after.chain.no_match && row.verdict == "allow" &&
        after.chain.no_match == NoMatch::deny)
      return refused("no_credentials");
    return {};
  }
  if (before.jwt.is_enabled() && !after.jwt.is_enabled())
    return row.verdict == "allow" ? refused("unknown_credential") : Rejudged{};
  if (const std::optional<KeptToken> token = KeptToken::read(row.facts, digest))
    if (token->comparable()) return judge_kept(row, steps, *token, before.jwt, after.jwt);
  if (!names_issuers_alike(before, after)) return unknown("issuers differ, and which one judged it is not kept");
  if (row.verdict == "allow") return judge_admitted(row, steps, before.jwt, after.jwt);
  if (row.verdict == "deny") return judge_refused(row, before.jwt, after.jwt, steps);
  return {};
}

}  // namespace sallyport
