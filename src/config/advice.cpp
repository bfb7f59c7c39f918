#include "config/advice.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/schema_console.h"
#include "config/schema_http.h"
#include "config/schema_jwks.h"
#include "jose/verification_key.h"
#include "rules/template.h"

namespace sallyport {
namespace {

constexpr std::int64_t kLargeLeeway = 3'600;
constexpr AlgorithmSet kHmac = bit(Algorithm::HS256) | bit(Algorithm::HS384) | bit(Algorithm::HS512);

class Places {
 public:
  explicit Places(const std::vector<FoldedValue>& values) : values_(values) {}
  std::string of(std::string_view name) const {
    for (const FoldedValue& value : values_)
      if (value.setting->name == name && value.node) return value.place();
    return {};
  }
  std::string of_secret() const {
    for (const FoldedValue& value : values_)
      if (value.setting->group == "jwt.secret" && value.node) return value.place();
    return {};
  }
  // The place of one claim's expected text.
  std::string of_claim(std::string_view claim) const {
    for (const FoldedValue& value : values_) {
      if (value.setting->name != "jwt.claims" || !value.node) continue;
      if (const TomlNode* expected = value.node->find(claim))
        return place_text(value.layer->source.label, expected->place);
    }
    return {};
  }

 private:
  const std::vector<FoldedValue>& values_;
};

void look_at_token_source(const JwtSettings& jwt, const Places& places, std::vector<Error>& faults) {
  if (jwt.from != TokenSource::username || !jwt.verify_claims) return;
  for (const ClaimRuleSetting& rule : jwt.claims) {
    const auto compiled = Template::compile(rule.expected);
    if (compiled && compiled->uses_username())
      faults.push_back(invalid("with from = \"username\" the user name is the token itself, so no claim can equal %u",
                               "use %c, the client id, or take the token from the password",
                               places.of_claim(rule.claim)));
  }
}

void look_at_secret(const JwtSettings& jwt, const Places& places, std::vector<Error>& warnings) {
  if (jwt.secret.empty()) return;
  const std::string place = places.of_secret();
  if (is_published_secret(jwt.secret.view()) && !jwt.allow_published_secrets)
    warnings.push_back(
        invalid("the secret is printed in public documents, so it admits only plain TCP clients on loopback",
                "replace it with one of your own: openssl rand -hex 32", place));
  if (!(jwt.allowed_algorithms & kHmac)) {
    warnings.push_back(invalid("allowed_algorithms names none that a secret can verify, so the secret is never used",
                               "add HS256, or take the secret out", place));
    return;
  }
  const std::size_t floor = jwt.allowed_algorithms & bit(Algorithm::HS256)   ? 32
                            : jwt.allowed_algorithms & bit(Algorithm::HS384) ? 48
                                                                             : 64;
  // RFC 7518 section 3.2: a key of at least the size of the hash.
  if (jwt.secret.size() < floor)
    warnings.push_back(
        invalid(fmt::format("the secret is shorter than its hash: {} bytes of at least {} (RFC 7518 3.2)",
                            jwt.secret.size(), floor),
                "make one of 32 random bytes: openssl rand -hex 32", place));
}

void look_at_doors(const Settings& settings, const Places& places, std::vector<Error>& warnings) {
  const bool jwt = settings.jwt.is_enabled();
  if (!jwt && (!settings.password.enabled || settings.store.url.empty())) {
    const std::string place = !settings.password.enabled ? places.of("password.enabled") : places.of("jwt.enabled");
    warnings.push_back(invalid(settings.password.enabled
                                   ? "nobody gets in: there is no store of users and no key for tokens"
                                   : "nobody gets in: [password] and [jwt] are both off",
                               "give [store] a url, or [jwt] a key", place));
  } else if (settings.password.enabled && settings.store.url.empty()) {
    warnings.push_back(invalid("[password] is on and [store] has no url, so there are no users",
                               "give [store] a url, or set enabled = false under [password]",
                               places.of("password.enabled")));
  }
}

void look_at_times(const JwtSettings& jwt, const Places& places, std::vector<Error>& advice) {
  if (jwt.is_enabled() && !jwt.require_exp && !jwt.max_lifetime)
    advice.push_back(invalid("require_exp is false: a token without exp is good for ever to whoever copies it",
                             "set require_exp = true under [jwt] once every token has exp",
                             places.of("jwt.require_exp")));
  if (jwt.leeway > kLargeLeeway)
    advice.push_back(invalid("a leeway of more than an hour keeps expired tokens in for as long",
                             "set the clocks right and keep leeway under a minute", places.of("jwt.leeway")));
  if (!jwt.verify_claims && !jwt.claims.empty())
    advice.push_back(invalid("verify_claims is false, so the rules of claims are not checked",
                             "set verify_claims = true", places.of("jwt.verify_claims")));
}

bool binds_client_id(const AuthoritySettings& a) {
  return a.verify_claims && std::any_of(a.claims.begin(), a.claims.end(), [](const ClaimRuleSetting& rule) {
           const auto expected = Template::compile(rule.expected);
           return expected && binds_client_id(*expected);
         });
}

bool holds(const std::vector<std::string>& topics, std::string_view short_name, std::string_view long_name) {
  return std::any_of(topics.begin(), topics.end(), [&](const std::string& topic) {
    return topic.find(short_name) != std::string::npos || topic.find(long_name) != std::string::npos;
  });
}

// Settings' rules that tell clients apart by what no token proves.
void look_at_rules(const Settings& settings, const Places& places, std::vector<Error>& advice) {
  const JwtSettings& jwt = settings.jwt;
  if (!jwt.is_enabled()) return;
  bool by_principal = false, by_client_id = false;
  for (const TopicRuleSetting& rule : settings.topic_rules) {
    by_principal = by_principal || !rule.users.empty() || holds(rule.topics, "%u", "${username}");
    by_client_id = by_client_id || !rule.client_ids.empty() || holds(rule.topics, "%c", "${clientid}");
  }
  const std::string place = places.of("topic_rules");
  if (by_principal && jwt.principal_claims.empty())
    advice.push_back(
        invalid("[[topic_rules]] speak of users or %u, and nothing binds these: no client with a token gets them",
                "name the claim that says whom a token is for: principal_claims = [\"sub\"] under [jwt]", place));
  const bool binds = (jwt.has_own_key() && binds_client_id(jwt)) ||
                     std::any_of(jwt.issuers.begin(), jwt.issuers.end(),
                                 [](const IssuerSettings& issuer) { return binds_client_id(issuer); });
  if (by_client_id && !binds)
    advice.push_back(
        invalid("[[topic_rules]] speak of client_ids or %c, and nothing binds these: no client with a token gets them",
                "have the issuer put the client id into a claim, and set claims = { client_id = \"%c\" }", place));
  if (by_principal && jwt.issuers.size() + (jwt.has_own_key() ? 1 : 0) > 1)
    advice.push_back(
        invalid("[[topic_rules]] speak of users or %u, and several issuers say who is who: each may name any",
                "where one is trusted less, give rules to groups, whose groups_claims are each issuer's own", place));
}

void look_at_topics(const Settings& settings, const Places& places, std::vector<Error>& advice) {
  const JwtSettings& jwt = settings.jwt;
  if (jwt.is_enabled()) {
    const auto say = [&](const std::string& whose, const std::string& place) {
      advice.push_back(
          invalid(fmt::format("nothing binds the client id{}: whoever has any token can take over any session", whose),
                  "have the issuer put the client id into a claim, and set claims = { client_id = \"%c\" }", place));
    };
    if (jwt.has_own_key() && !binds_client_id(jwt)) say("", places.of("jwt.claims"));
    for (const IssuerSettings& issuer : jwt.issuers)
      if (!binds_client_id(issuer)) say(" to tokens of issuer " + issuer.name, places.of("jwt.issuers"));
  }
  const bool anybody = jwt.is_enabled() || (settings.password.enabled && !settings.store.url.empty());
  if (anybody && settings.topics.no_match == NoMatch::allow)
    advice.push_back(invalid("no_match is \"allow\" under [topics]: an admitted client may do all that no rule forbids",
                             "give rights by token or [[topic_rules]], and set no_match = \"deny\"",
                             places.of("topics.no_match")));
}

}  // namespace

void look_across(const Settings& settings, const std::vector<FoldedValue>& values, std::vector<Error>& faults,
                 std::vector<Error>& warnings, std::vector<Error>& advice) {
  const Places places(values);
  if (settings.jwt.enabled.value_or(false) && !settings.jwt.has_any_key())
    faults.push_back(invalid("[jwt] is on and has no key",
                             "give it a secret, a public_key_file or a jwks_url, or set enabled = false",
                             places.of("jwt.enabled")));
  for (std::vector<Error> found : {http_contradictions(settings.http), console_contradictions(settings)})
    for (Error& fault : found) {
      fault.place = places.of(fault.place);
      faults.push_back(std::move(fault));
    }
  std::vector<Error> jwks[3];
  look_at_jwks(settings, jwks[0], jwks[1], jwks[2]);
  std::vector<Error>* const into[] = {&faults, &warnings, &advice};
  for (std::size_t i = 0; i < 3; ++i)
    for (Error& one : jwks[i]) {
      one.place = places.of(one.place);
      into[i]->push_back(std::move(one));
    }
  look_at_token_source(settings.jwt, places, faults);
  look_at_secret(settings.jwt, places, warnings);
  look_at_doors(settings, places, warnings);
  look_at_times(settings.jwt, places, advice);
  look_at_topics(settings, places, advice);
  look_at_rules(settings, places, advice);
}

}  // namespace sallyport
