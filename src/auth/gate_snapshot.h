// GateSnapshot: everything that a decision depends on, immutable, swapped in whole.
// What can be computed once for each snapshot (templates, paths, key index) is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bars/bar_list.h"
#include "base/modes.h"
#include "keys/key_ring.h"
#include "keys/refresh_bell.h"
#include "rules/attributes.h"
#include "rules/claim_path.h"
#include "rules/claim_rule.h"
#include "rules/settings_topic_rules.h"
#include "rules/token_rights.h"
#include "users/user_directory.h"

namespace sallyport {

// What tokens of one issuer are held to, and the keys that may verify them.
struct TokenAuthority {
  std::string name;  // "" for plain [jwt]
  std::optional<std::string> issuer;
  std::vector<std::string> audience;  // any of them; empty: not checked
  bool verify_claims = true;
  std::vector<ClaimRule> claims;
  std::int64_t leeway = 0;  // seconds, not negative
  bool require_exp = false;
  bool require_binding = false;              // RFC 8705: a token without cnf is refused
  std::optional<std::int64_t> max_lifetime;  // seconds
  std::optional<std::string> typ;
  AlgorithmSet allowed_algorithms = kAllAlgorithms;
  RightsPolicy rights;
  std::vector<ClaimPath> groups_claims;
  std::optional<ClaimPath> superuser_claim;  // nothing: no claim makes one
  AttributePolicy attributes;
  std::vector<KeyPtr> local_keys;  // of the settings and their files; what `keys` begins with
  std::shared_ptr<const KeyRing> keys;
  std::shared_ptr<RefreshBell> bell;  // asks for newer keys; nothing: no source on the network
};

struct JwtPolicy {
  bool enabled = false;
  TokenSource from = TokenSource::password;
  NotAToken not_a_token = NotAToken::deny;
  bool allow_published_secrets = false;
  std::vector<ClaimPath> principal_claims;
  std::vector<std::string> methods;  // of MQTT 5 enhanced authentication; empty: none is spoken
  TokenAuthority plain;
  std::vector<TokenAuthority> issuers;  // each with an issuer of its own, which chooses it
};

// What holds for topics that a client's own token does not speak of. One object for each loading of settings, so that
// whoever keeps what he made of it knows when to make it anew.
struct TopicPolicy {
  NoMatch no_match = NoMatch::allow;
  SettingsTopicRules rules;
};

struct SessionPolicy {
  bool end_at_exp = true;
  std::optional<std::int64_t> max_session;  // seconds, of tokens without exp
  std::int64_t notice = 0;                  // seconds before the end in which the client is told of it; 0: never
};

struct GateSnapshot {
  std::uint64_t generation = 0;
  bool settings_known = true;  // false: the store, which may hold settings, could not be read yet
  NoMatch no_match = NoMatch::deny;
  GateMode mode = GateMode::enforce;
  bool password_enabled = true;
  // Nothing: a store is configured and could not be read yet, so nobody's name can be judged.
  std::shared_ptr<const UserDirectory> users;
  // Nothing: `users` are all that there are. Else names that nobody has; a name in neither is not known yet.
  std::shared_ptr<const UserDirectory> absent_users;
  bool must_fetch(std::string_view username) const noexcept {
    return absent_users && !users->find(username) && !absent_users->find(username);
  }
  std::shared_ptr<const BarList> bars = no_bars();  // revocations and blocks
  JwtPolicy jwt;
  std::shared_ptr<const TopicPolicy> topics = no_topic_policy();
  SessionPolicy session;

  static const std::shared_ptr<const BarList>& no_bars() {
    static const std::shared_ptr<const BarList> none = std::make_shared<const BarList>();
    return none;
  }
  static const std::shared_ptr<const TopicPolicy>& no_topic_policy() {
    static const std::shared_ptr<const TopicPolicy> none = std::make_shared<const TopicPolicy>();
    return none;
  }
};

}  // namespace sallyport
