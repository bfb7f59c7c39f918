// What a token says of topics, in the shapes that issuers write:
//   acl   {"pub":[…],"sub":[…],"all":[…]}: what is not covered is denied
//   acl   [{"permission","action","topic"|"topics","qos","retain","ipaddr"}…]: first match wins, the rest falls through
//   scope AIF (RFC 9237, RFC 9431 section 3.1): base64url of [["devices/#",["pub"]]…]: what is not covered is denied
//   scope words of OAuth, where a pattern is set: "mqtt.publish:devices/%c/#"
//
// Only for the claims of a verified token. A claim that cannot be read refuses the token: a right that is dropped may
// have been a denial, and a condition that is dropped widens what it stood in.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reason.h"
#include "base/result.h"
#include "codec/json.h"
#include "rules/claim_path.h"
#include "rules/topic_rules.h"
#include "rules/topic_template.h"

namespace sallyport {

// How a word of an OAuth scope says a right: "mqtt.{action}:{topic}". {action} is publish, subscribe, all, pub or sub;
// {topic} is the rest of the word.
class ScopePattern {
 public:
  static Result<ScopePattern> compile(std::string_view text);
  struct Right {
    TopicActions actions = 0;
    std::string_view topic;
  };
  std::optional<Right> read(std::string_view word) const noexcept;
  const std::string& source() const noexcept { return source_; }

 private:
  std::string source_, before_, between_;
};

struct RightsPolicy {
  ClaimPath acl{"acl"};  // an empty name: not looked at
  ClaimPath scope{"scope"};
  std::vector<ScopePattern> scope_patterns;
  std::optional<std::vector<std::string>> may_grant;  // filters; nothing: no limit
};

// Nothing inside: the token speaks of no topic. Refusals: malformed_rights, unsupported_condition.
Result<std::shared_ptr<const TopicRules>, Reason> read_token_rights(const JsonValue& claims, const RightsPolicy& policy,
                                                                    TopicValues values);

// The groups that a token puts its holder in: the members of an array of texts, the words of a text ("scope"). What is
// there in another form gives none.
std::vector<std::string> read_groups(const JsonValue& claims, const std::vector<ClaimPath>& paths);

}  // namespace sallyport
