// SettingsTopicRules: the operator's [[topic_rules]], for password users and tokens
// alike. "users", "client_ids" and "groups" mean who a client is proved to be: a device
// that calls itself alice and shows a token for somebody else inherits nothing of hers.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rules/topic_rules.h"

namespace sallyport {

struct TopicRuleSetting {
  bool allows = true;
  TopicActions actions = kMayBoth;
  std::vector<std::string> topics;  // placeholders %u (the principal) and %c; "eq " prefix
  std::vector<int> qos;             // empty: any
  std::optional<bool> retain;
  std::string ipaddr;                                  // empty: any
  std::vector<std::string> users, client_ids, groups;  // each that is not empty must name the client
};

struct TopicSubject {
  std::string_view principal;
  bool principal_verified = false;  // by the password or a verified claim
  std::string_view client_id;
  bool client_id_bound = false;  // a password user's, or one that a claim bound
  std::span<const std::string> groups{};
};

class SettingsTopicRules {
 public:
  SettingsTopicRules() = default;
  // The place of an error is the rule's number and field: "rule 3, topics".
  static Result<SettingsTopicRules> compile(std::vector<TopicRuleSetting> rules);
  bool empty() const noexcept { return rules_.empty(); }
  std::size_t size() const noexcept { return rules_.size(); }
  // The rules that are about this client, filled. The same object for all, where no rule tells clients apart.
  // Nothing where they are more than TopicRules can hold for one client: then it may do nothing.
  std::shared_ptr<const TopicRules> for_subject(const TopicSubject& subject) const;

 private:
  std::vector<TopicRuleSetting> rules_;
  std::vector<TopicRule> compiled_;  // beside rules_
  std::shared_ptr<const TopicRules> same_for_all_;
};

}  // namespace sallyport
