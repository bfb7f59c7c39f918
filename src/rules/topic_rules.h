// TopicRules: what one client may publish and subscribe, compiled once when it is
// admitted and asked for every message. Immutable; a check allocates nothing and, among
// a thousand rules, looks at those few whose literal levels begin as the topic does.
//
// The first rule that fits wins. A subscription fits an allowing rule that covers all of
// it, and a denying rule that takes anything from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reason.h"
#include "base/result.h"
#include "rules/ip_range.h"

namespace sallyport {

enum class TopicAction : std::uint8_t {
  publish,
  subscribe,
  receive,  // a message about to be delivered: judged by what may be subscribed
};
enum class TopicAnswer : std::uint8_t { allow, deny, no_match };

struct TopicRequest {
  TopicAction action{};
  std::string_view topic;           // a filter where action is subscribe, "$share/…" included
  std::optional<std::uint8_t> qos;  // nothing: not known; then a rule about it allows nothing, and denies
  std::optional<bool> retain;
  std::string_view peer_address;
};

using TopicActions = std::uint8_t;  // bits
inline constexpr TopicActions kMayPublish = 1, kMaySubscribe = 2, kMayBoth = 3;
std::optional<TopicActions> topic_actions_from_name(std::string_view name);  // publish pub subscribe sub all

// One rule, its topics filled. "eq " before a topic: the filter itself and not what it matches.
struct TopicRule {
  bool allows = true;
  TopicActions actions = kMayBoth;
  std::uint8_t qos = 0b111;    // bits 1 << qos
  std::optional<bool> retain;  // of publishing alone
  std::optional<IpRange> peer;
};

inline constexpr std::size_t kMaxTopicFilters = 4096;
inline constexpr std::size_t kMaxTopicRuleBytes = 512 * 1024;

class TopicRules {
 public:
  class Builder;
  TopicAnswer check(const TopicRequest& request) const noexcept;
  // As bytes for another node; from_record() gives nothing where they are not whole.
  void append_record(std::string& out) const;
  static std::shared_ptr<const TopicRules> from_record(std::string_view record);
  std::size_t size() const noexcept { return filters_.size(); }
  std::size_t memory_bytes() const noexcept;
  bool has_limits() const noexcept { return limited_; }
  bool is_closed() const noexcept { return closed_; }
  // Each filter with the rule that it stands in, in the rules' order; the limits are not among them.
  template <class F>
  void for_each(F&& visit) const {
    for (const Filter& filter : filters_) visit(rules_[filter.rule], text(filter), filter.exact);
  }

 private:
  struct Filter {
    std::uint64_t prefix = 0;  // hash of the levels before the first wildcard
    std::uint32_t begin = 0, length = 0;
    std::uint32_t rule = 0;
    std::uint32_t next = 0;       // in the same bucket
    std::uint32_t mark = 0;       // of the last literal level behind a wildcard, 0 where there is none,
    std::uint8_t mark_level = 0;  // and where it stands
    std::uint8_t prefix_levels = 0;
    bool exact = false;
  };
  struct Asked;
  struct Outline;
  std::string_view text(const Filter& f) const noexcept { return std::string_view(text_).substr(f.begin, f.length); }
  bool fits(const Filter& filter, const TopicRule& rule, Asked& asked) const noexcept;
  bool within_limits(const Asked& asked) const noexcept;

  std::string text_;
  std::vector<TopicRule> rules_;
  std::vector<Filter> filters_, limits_;
  std::vector<std::uint32_t> buckets_;  // empty: few filters, all are looked at
  std::vector<std::uint32_t> denials_;  // filters of denying rules: a subscription meets each
  bool limited_ = false;
  bool closed_ = false;
};

class TopicRules::Builder {
 public:
  Builder();
  // Starts the next rule; add_filter() gives it its topics.
  void begin_rule(TopicRule rule);
  // malformed_rights where it is no filter, names $share, or the caps are reached.
  Result<void, Reason> add_filter(std::string_view filter, bool exact);
  // What the allowing rules may give at most. Calling it with none gives nothing.
  void limit_to(const std::vector<std::string>& filters);
  // What no rule fits is denied, not left to others.
  void close() noexcept;
  bool empty() const noexcept;
  std::shared_ptr<const TopicRules> build();

 private:
  void index();
  std::shared_ptr<TopicRules> made_;
};

// Every admitted client's own, and received by it alone.
inline constexpr std::string_view kRenewTopic = "$CONTROL/sallyport/v1/renew";
inline constexpr std::string_view kRenewResponseTopic = "$CONTROL/sallyport/v1/renew/response";
inline constexpr std::string_view kNoticeTopic = "$CONTROL/sallyport/v1/notice";
bool is_held_by_right(TopicAction action, std::string_view topic) noexcept;

}  // namespace sallyport
