#include "rules/settings_topic_rules.h"

#include <algorithm>

#include "rules/topic_filter.h"
#include "rules/topic_template.h"

namespace sallyport {
namespace {

std::string place(std::size_t index, std::string_view field) {
  return "rule " + std::to_string(index + 1) + ", " + std::string(field);
}

Result<TopicRule> compile_rule(const TopicRuleSetting& setting, std::size_t index) {
  TopicRule rule;
  rule.allows = setting.allows;
  rule.actions = setting.actions;
  rule.retain = setting.retain;
  if (!setting.qos.empty()) rule.qos = 0;
  for (int qos : setting.qos) {
    if (qos < 0 || qos > 2) return unexpected(invalid("a QoS is 0, 1 or 2", "", place(index, "qos")));
    rule.qos = static_cast<std::uint8_t>(rule.qos | 1 << qos);
  }
  if (!setting.ipaddr.empty()) {
    rule.peer = IpRange::parse(setting.ipaddr);
    if (!rule.peer)
      return unexpected(
          invalid("no address and no network", "write \"192.0.2.7\" or \"10.0.0.0/8\"", place(index, "ipaddr")));
  }
  return rule;
}

std::string_view without_eq(std::string_view topic, bool& exact) {
  exact = topic.starts_with("eq ");
  return exact ? topic.substr(3) : topic;
}

Result<void> check_topic(std::string_view source, std::size_t index) {
  bool exact = false;
  const std::string_view topic = without_eq(source, exact);
  std::string filled;
  const TopicValues sample{"u", "c", std::nullopt};
  switch (fill_topic(topic, sample, FillFor::deny, filled)) {
    case FillResult::unknown:
      return unexpected(invalid("unknown placeholder in \"" + std::string(source) + "\"",
                                "the placeholders are %u, %c, ${username} and ${clientid}", place(index, "topics")));
    case FillResult::unfit:
      return unexpected(invalid("${client_attrs…} is for a token's own rules: \"" + std::string(source) + "\"",
                                "use %u or %c", place(index, "topics")));
    case FillResult::filled:
      break;
  }
  if (!is_topic_filter(filled))
    return unexpected(invalid("no topic filter: \"" + std::string(source) + "\"",
                              "\"#\" stands alone at the end, \"+\" alone between slashes", place(index, "topics")));
  if (filled == "$share" || filled.starts_with("$share/"))
    return unexpected(invalid("a rule names $share", "a shared subscription is judged by its filter: write that alone",
                              place(index, "topics")));
  return {};
}

bool names(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// A rule that allows needs proof of who it is; one that denies is content with what the client says of itself.
bool is_about(const TopicRuleSetting& rule, const TopicSubject& subject) {
  if (!rule.users.empty() && !((subject.principal_verified || !rule.allows) && names(rule.users, subject.principal)))
    return false;
  if (!rule.client_ids.empty() &&
      !((subject.client_id_bound || !rule.allows) && names(rule.client_ids, subject.client_id)))
    return false;
  return rule.groups.empty() || std::any_of(subject.groups.begin(), subject.groups.end(),
                                            [&](const std::string& g) { return names(rule.groups, g); });
}

TopicValues values_for(const TopicRuleSetting& rule, const TopicSubject& subject) {
  TopicValues values;
  if (subject.principal_verified || !rule.allows) values.username = subject.principal;
  if (subject.client_id_bound || !rule.allows) values.client_id = subject.client_id;
  return values;
}

bool tells_clients_apart(const TopicRuleSetting& rule) {
  return !rule.users.empty() || !rule.client_ids.empty() || !rule.groups.empty() ||
         std::any_of(rule.topics.begin(), rule.topics.end(), [](const std::string& t) { return has_placeholder(t); });
}

}  // namespace

Result<SettingsTopicRules> SettingsTopicRules::compile(std::vector<TopicRuleSetting> rules) {
  SettingsTopicRules made;
  std::size_t topics = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].topics.empty())
      return unexpected(
          invalid("a rule without topics", "\"#\" is every topic but those that begin with $", place(i, "topics")));
    auto rule = compile_rule(rules[i], i);
    if (!rule) return unexpected(rule.error());
    for (const std::string& topic : rules[i].topics)
      if (auto good = check_topic(topic, i); !good) return unexpected(good.error());
    topics += rules[i].topics.size();
    if (topics > kMaxTopicFilters)
      return unexpected(invalid("more than " + std::to_string(kMaxTopicFilters) + " topics in all rules",
                                "give rights by token", place(i, "topics")));
    made.compiled_.push_back(*rule);
  }
  const bool apart = std::any_of(rules.begin(), rules.end(), tells_clients_apart);
  made.rules_ = std::move(rules);
  if (!apart) made.same_for_all_ = made.for_subject({});
  return made;
}

std::shared_ptr<const TopicRules> SettingsTopicRules::for_subject(const TopicSubject& subject) const {
  if (same_for_all_) return same_for_all_;
  TopicRules::Builder builder;
  std::string filled;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!is_about(rules_[i], subject)) continue;
    builder.begin_rule(compiled_[i]);
    const TopicValues values = values_for(rules_[i], subject);
    for (const std::string& source : rules_[i].topics) {
      bool exact = false;
      const std::string_view topic = without_eq(source, exact);
      if (fill_topic(topic, values, rules_[i].allows ? FillFor::allow : FillFor::deny, filled) != FillResult::filled)
        continue;
      // A denial that its value turned into "$share/…" is for no topic that exists.
      if (!is_topic_filter(filled) || filled == "$share" || filled.starts_with("$share/")) continue;
      if (!builder.add_filter(filled, exact)) return nullptr;
    }
  }
  return builder.build();
}

}  // namespace sallyport
