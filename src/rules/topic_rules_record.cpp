// Topic rules as bytes, so that one node can keep them for another.
#include <array>

#include "codec/record.h"
#include "rules/topic_rules.h"

namespace sallyport {

void TopicRules::append_record(std::string& out) const {
  RecordWriter to(out);
  to.byte(static_cast<std::uint8_t>((closed_ ? 1 : 0) | (limited_ ? 2 : 0)));
  to.number(rules_.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const TopicRule& rule = rules_[i];
    to.byte(static_cast<std::uint8_t>((rule.allows ? 1 : 0) | (rule.retain ? 2 : 0) |
                                      (rule.retain.value_or(false) ? 4 : 0) | (rule.peer ? 8 : 0)));
    to.byte(rule.actions).byte(rule.qos);
    if (rule.peer) {
      const IpRange::Bytes peer = rule.peer->to_bytes();
      to.text({reinterpret_cast<const char*>(peer.data()), peer.size()});
    }
    std::size_t end = next;
    while (end < filters_.size() && filters_[end].rule == i) ++end;
    to.number(end - next);
    for (; next < end; ++next) to.byte(filters_[next].exact ? 1 : 0).text(text(filters_[next]));
  }
  to.number(limits_.size());
  for (const Filter& limit : limits_) to.text(text(limit));
}

std::shared_ptr<const TopicRules> TopicRules::from_record(std::string_view record) {
  RecordReader from(record);
  Builder builder;
  const std::uint8_t flags = from.byte();
  const std::uint64_t rules = from.number();
  for (std::uint64_t i = 0; i < rules && !from.failed(); ++i) {
    const std::uint8_t bits = from.byte();
    TopicRule rule;
    rule.allows = bits & 1;
    if (bits & 2) rule.retain = (bits & 4) != 0;
    rule.actions = from.byte();
    rule.qos = from.byte();
    if (bits & 8) {
      rule.peer = IpRange::from_bytes(from.text());
      if (!rule.peer) return nullptr;
    }
    builder.begin_rule(rule);
    const std::uint64_t filters = from.number();
    for (std::uint64_t k = 0; k < filters && !from.failed(); ++k) {
      const bool exact = from.byte() != 0;
      if (!builder.add_filter(from.text(), exact)) return nullptr;
    }
  }
  const std::uint64_t limits = from.number();
  if (from.failed() || limits > kMaxTopicFilters) return nullptr;
  std::vector<std::string> limited;
  for (std::uint64_t i = 0; i < limits && !from.failed(); ++i) limited.emplace_back(from.text());
  if (!from.done()) return nullptr;
  if (flags & 2) builder.limit_to(limited);
  if (flags & 1) builder.close();
  return builder.build();
}

}  // namespace sallyport
