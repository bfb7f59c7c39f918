#include "auth/topic_rights.h"

#include "codec/record.h"
#include "rules/topic_filter.h"

namespace sallyport {

TopicRights::TopicRights(const Decision& d, std::string_view client_id)
    : superuser_(d.is_superuser),
      principal_verified_(d.principal_verified),
      client_id_bound_(d.client_id_bound),
      principal_(d.principal),
      client_id_(client_id),
      groups_(d.groups),
      token_rules_(d.token_rules) {}

void TopicRights::append_record(std::string& out) const {
  RecordWriter to(out);
  to.byte(static_cast<std::uint8_t>((superuser_ ? 1 : 0) | (principal_verified_ ? 2 : 0) | (client_id_bound_ ? 4 : 0) |
                                    (token_rules_ ? 8 : 0)));
  to.text(principal_).text(client_id_).number(groups_.size());
  for (const std::string& group : groups_) to.text(group);
  std::string rules;
  if (token_rules_) token_rules_->append_record(rules);
  to.text(rules);
}

std::optional<TopicRights> TopicRights::from_record(std::string_view record) {
  RecordReader from(record);
  TopicRights out;
  const std::uint8_t flags = from.byte();
  out.superuser_ = flags & 1;
  out.principal_verified_ = flags & 2;
  out.client_id_bound_ = flags & 4;
  out.principal_ = from.text();
  out.client_id_ = from.text();
  for (std::uint64_t left = from.number(); left > 0 && !from.failed(); --left) out.groups_.emplace_back(from.text());
  const std::string_view rules = from.text();
  if (!from.done()) return std::nullopt;
  if (flags & 8) {
    out.token_rules_ = TopicRules::from_record(rules);
    if (!out.token_rules_) return std::nullopt;
  }
  return out;
}

bool is_reserved_topic(std::string_view topic) noexcept {
  const std::string_view judged = judged_filter(topic).value_or(topic);
  const std::string_view first = judged.substr(0, judged.find('/'));
  return first == "$SYS" || first == "$CONTROL";
}

void TopicRights::follow(const std::shared_ptr<const TopicPolicy>& policy) const {
  if (policy_ == policy) return;
  TopicSubject subject;
  subject.principal = principal_;
  subject.principal_verified = principal_verified_;
  subject.client_id = client_id_;
  subject.client_id_bound = client_id_bound_;
  subject.groups = groups_;
  settings_rules_ = policy->rules.for_subject(subject);
  policy_ = policy;
}

std::optional<ListedRights> TopicRights::list(const std::shared_ptr<const TopicPolicy>& policy) const {
  ListedRights out;
  if (superuser_) {
    out.rest = TopicVerdict::allow;
    return out;
  }
  const auto add = [&out](const TopicRules& rules) {
    rules.for_each([&](const TopicRule& rule, std::string_view filter, bool exact) {
      out.rights.push_back({rule, std::string(filter), exact});
    });
  };
  if (token_rules_) {
    if (token_rules_->has_limits()) return std::nullopt;
    add(*token_rules_);
    if (token_rules_->is_closed()) return out;
  }
  if (!policy->rules.empty()) {
    follow(policy);
    if (!settings_rules_) return out;
    add(*settings_rules_);
  }
  switch (policy->no_match) {
    case NoMatch::allow:
      // But for what needs a rule that names it.
      for (const std::string_view reserved : {"$SYS/#", "$CONTROL/#"}) {
        TopicRule none;
        none.allows = false;
        out.rights.push_back({none, std::string(reserved), false});
      }
      out.rest = TopicVerdict::allow;
      return out;
    case NoMatch::deny:
      return out;
    case NoMatch::defer:
      out.rest = TopicVerdict::defer;
      return out;
  }
  return out;
}

TopicVerdict TopicRights::check(const TopicRequest& request, const std::shared_ptr<const TopicPolicy>& policy,
                                TopicBasis* basis) const {
  const auto by = [&](TopicBasis whose) {
    if (basis) *basis = whose;
  };
  by(TopicBasis::superuser);
  if (superuser_) return TopicVerdict::allow;
  by(TopicBasis::token);
  TopicAnswer answer = token_rules_ ? token_rules_->check(request) : TopicAnswer::no_match;
  if (answer == TopicAnswer::no_match && !policy->rules.empty()) {
    follow(policy);
    by(TopicBasis::settings);
    // More rules than one client can have: a denial may be among those that do not fit.
    answer = settings_rules_ ? settings_rules_->check(request) : TopicAnswer::deny;
  }
  switch (answer) {
    case TopicAnswer::allow:
      return TopicVerdict::allow;
    case TopicAnswer::deny:
      return TopicVerdict::deny;
    case TopicAnswer::no_match:
      break;
  }
  by(TopicBasis::no_match);
  switch (policy->no_match) {
    case NoMatch::allow:
      return is_reserved_topic(request.topic) ? TopicVerdict::deny : TopicVerdict::allow;
    case NoMatch::deny:
      return TopicVerdict::deny;
    case NoMatch::defer:
      return TopicVerdict::defer;
  }
  return TopicVerdict::deny;
}

}  // namespace sallyport
