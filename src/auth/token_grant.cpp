#include "auth/token_grant.h"

#include <algorithm>

namespace sallyport {
namespace {

template <class Binds>
bool any_rule(const TokenAuthority& authority, Binds binds) {
  return authority.verify_claims && std::any_of(authority.claims.begin(), authority.claims.end(),
                                                [&](const ClaimRule& rule) { return binds(rule.expected); });
}

bool holds(const ClaimPath& path, const JsonValue& claims) {
  return !path.text().empty() && path.find(claims).has_value();
}

// A claim of text that says "true" is not true: issuers that mean it write it so.
bool is_true(const std::optional<ClaimPath>& path, const JsonValue& claims) {
  const std::optional<JsonValue> value = path ? path->find(claims) : std::nullopt;
  return value && value->type() == JsonType::boolean && value->text() == "true";
}

}  // namespace

bool binds_user_name(const TokenAuthority& authority) {
  return any_rule(authority, [](const Template& t) { return binds_username(t); });
}

std::optional<Reason> read_grant(const JsonValue& claims, const TokenAuthority& authority, const AuthContext& c,
                                 Decision& d) {
  const bool token_is_name = token_is_user_name(c);
  d.client_id_bound = c.attempt.client_id && any_rule(authority, [](const Template& t) { return binds_client_id(t); });
  // Without a principal claim it is CONNECT's own say that names the client, and that counts where a claim had to equal
  // it.
  if (!d.principal_verified)
    d.principal_verified = token_is_name ? d.client_id_bound : c.attempt.username && binds_user_name(authority);
  d.is_superuser = is_true(authority.superuser_claim, claims);
  if (!authority.groups_claims.empty()) d.groups = read_groups(claims, authority.groups_claims);

  d.attributes = read_attributes(claims, authority.attributes);

  const RightsPolicy& policy = authority.rights;
  const bool acl = holds(policy.acl, claims);
  if (!acl && !holds(policy.scope, claims)) return std::nullopt;
  // In a token's own rules %u and %c are what CONNECT says: the issuer knows whom it lets fill them.
  TopicValues values;
  if (!token_is_name) values.username = c.attempt.username;
  values.client_id = c.attempt.client_id;
  Result<std::shared_ptr<const TopicRules>, Reason> rules = read_token_rights(claims, policy, values);
  if (!rules) {
    c.work.trace.add({.kind = StepKind::claim_checked,
                      .who = Authenticator::jwt,
                      .passed = false,
                      .reason = rules.error(),
                      .subject = (acl ? policy.acl : policy.scope).text()});
    return rules.error();
  }
  d.token_rules = std::move(*rules);
  return std::nullopt;
}

}  // namespace sallyport
