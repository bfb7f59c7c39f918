#include "rules/topic_rules.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "rules/topic_filter.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::size_t kFew = 8;  // so many filters are looked at one by one

constexpr std::size_t kDepth = 16;  // levels that the index knows

// FNV-1a over levels, each with its "/", so that no level and an empty one differ. Filters are their issuer's own:
// whoever makes them collide slows his own checks, to one look at each.
constexpr std::uint64_t kNoLevels = 0xcbf29ce484222325U;
constexpr std::uint64_t add_byte(std::uint64_t hash, char c) noexcept {
  return (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
}
std::uint64_t add_level(std::uint64_t hash, std::string_view level) noexcept {
  for (char c : level) hash = add_byte(hash, c);
  return add_byte(hash, '/');
}

// The hashes of no levels, the first, the first two…, before any wildcard, as an Outline has them.
class Prefixes {
 public:
  explicit Prefixes(std::string_view text) noexcept : at_(text.data()), end_(text.data() + text.size()) {}
  std::uint64_t hash() const noexcept { return hash_; }
  bool advance() noexcept {
    if (!more_ || ++levels_ > kDepth) return false;
    const char* const from = at_;
    std::uint64_t hash = hash_;
    for (; at_ != end_ && *at_ != '/'; ++at_) hash = add_byte(hash, *at_);
    if (at_ - from == 1 && (*from == '+' || *from == '#')) return false;
    hash_ = add_byte(hash, '/');
    more_ = at_ != end_;
    if (more_) ++at_;
    return true;
  }

 private:
  const char *at_, *end_;
  std::uint64_t hash_ = kNoLevels;
  std::size_t levels_ = 0;
  bool more_ = true;
};

}  // namespace

std::optional<TopicActions> topic_actions_from_name(std::string_view name) {
  if (name == "publish" || name == "pub") return kMayPublish;
  if (name == "subscribe" || name == "sub") return kMaySubscribe;
  if (name == "all") return kMayBoth;
  return std::nullopt;
}

bool is_held_by_right(TopicAction action, std::string_view topic) noexcept {
  switch (action) {
    case TopicAction::publish:
      return topic == kRenewTopic;
    case TopicAction::subscribe:
    case TopicAction::receive:
      return topic == kRenewResponseTopic || topic == kNoticeTopic;
  }
  return false;
}

// A topic or filter at a glance: enough to pass over, without reading their text, nearly all filters that it does not
// meet.
struct TopicRules::Outline {
  static constexpr std::uint32_t kWild = 0, kAbsent = 2;  // marks of literal levels are odd
  std::array<std::uint64_t, kDepth + 1> prefixes;  // of no levels, the first, the first two…, before any wildcard
  std::array<std::uint32_t, kDepth> marks;
  std::size_t prefix_levels = 0;

  explicit Outline(std::string_view text) noexcept {
    prefixes[0] = kNoLevels;
    bool literal_so_far = true, more = true, all_below = false;
    for (std::size_t i = 0; i < kDepth; ++i) {
      if (!more) {
        marks[i] = all_below ? kWild : kAbsent;
        continue;
      }
      const std::size_t slash = text.find('/');
      const std::string_view level = text.substr(0, slash);
      all_below = level == "#";
      if (all_below || level == "+") {
        marks[i] = kWild;
        literal_so_far = false;
      } else {
        const std::uint64_t hash = add_level(kNoLevels, level);
        marks[i] = static_cast<std::uint32_t>(hash ^ hash >> 32) | 1U;
        if (literal_so_far) {
          prefixes[i + 1] = add_level(prefixes[i], level);
          prefix_levels = i + 1;
        }
      }
      more = slash != std::string_view::npos;
      if (more) text.remove_prefix(slash + 1);
    }
  }
  // False: the filter does not match, cover or equal this. True: look.
  bool may_be_held_by(const Filter& f) const noexcept { return f.mark == 0 || marks[f.mark_level] == f.mark; }
  // False: they have no topic in common.
  bool may_overlap(const Filter& f) const noexcept {
    if (f.prefix_levels <= prefix_levels && f.prefix != prefixes[f.prefix_levels]) return false;
    return f.mark == 0 || marks[f.mark_level] == kWild || marks[f.mark_level] == f.mark;
  }
};

// A request, its topic judged and its address read once, where a rule asks for it.
struct TopicRules::Asked {
  const TopicRequest& request;
  std::string_view topic;
  bool within_limits = true;
  bool peer_read = false;
  std::optional<IpAddress> peer{};

  bool comes_from(const IpRange& range, bool if_unknown) noexcept {
    if (!peer_read) {
      peer = parse_ip_address(request.peer_address);
      peer_read = true;
    }
    return peer ? range.contains(*peer) : if_unknown;
  }
};

bool TopicRules::fits(const Filter& filter, const TopicRule& rule, Asked& asked) const noexcept {
  const TopicRequest& r = asked.request;
  const bool publishing = r.action == TopicAction::publish;
  if (!(rule.actions & (publishing ? kMayPublish : kMaySubscribe))) return false;
  if (rule.allows && !asked.within_limits) return false;
  // A condition on what is not known: allows nothing, and denies. Delivery is below the granted QoS whatever the
  // message had, so a rule about some QoS lets all of it through and keeps none of it back.
  if (rule.qos != 0b111) {
    if (r.action == TopicAction::receive) {
      if (!rule.allows || rule.qos == 0) return false;
    } else if (r.qos ? !(rule.qos >> *r.qos & 1U) : rule.allows) {
      return false;
    }
  }
  if (publishing && rule.retain && (r.retain ? *r.retain != *rule.retain : rule.allows)) return false;
  if (rule.peer && !asked.comes_from(*rule.peer, !rule.allows)) return false;

  const std::string_view held = text(filter);
  switch (r.action) {
    case TopicAction::publish:
      return filter.exact ? held == asked.topic : matches(held, asked.topic);
    case TopicAction::subscribe:
      if (filter.exact) return held == asked.topic;
      return rule.allows ? covers(held, asked.topic) : overlaps(held, asked.topic);
    // Who may hold the filter "eq a/#" is given what it brings; who may not hold it may still be given a/b by another.
    case TopicAction::receive:
      return (!filter.exact || rule.allows) && matches(held, asked.topic);
  }
  return false;
}

bool TopicRules::within_limits(const Asked& asked) const noexcept {
  if (!limited_) return true;
  return std::any_of(limits_.begin(), limits_.end(),
                     [&](const Filter& limit) { return covers(text(limit), asked.topic); });
}

TopicAnswer TopicRules::check(const TopicRequest& request) const noexcept {
  Asked asked{request, request.topic};
  const bool subscribing = request.action == TopicAction::subscribe;
  if (subscribing) {
    const auto judged = judged_filter(request.topic);
    if (!judged || !is_topic_filter(*judged)) return TopicAnswer::deny;
    asked.topic = *judged;
  } else if (!is_topic_name(request.topic)) {
    return TopicAnswer::deny;
  }
  if (request.qos && *request.qos > 2) return TopicAnswer::deny;
  asked.within_limits = within_limits(asked);

  std::uint32_t best = kNone;  // the earliest rule that fits
  const auto look_at = [&](const Filter& filter) {
    if (filter.rule < best && fits(filter, rules_[filter.rule], asked)) best = filter.rule;
  };
  if (buckets_.empty()) {
    for (const Filter& filter : filters_) look_at(filter);
  } else {
    // Most filters have no mark, and then nobody asks for it.
    std::optional<Outline> made;
    const auto outline = [&]() -> const Outline& {
      if (!made) made.emplace(asked.topic);
      return *made;
    };
    // What covers or matches begins, up to its first wildcard, as the topic does up to its own.
    Prefixes prefixes(asked.topic);
    do {
      const std::uint64_t prefix = prefixes.hash();
      for (std::uint32_t i = buckets_[prefix & (buckets_.size() - 1)]; i != kNone; i = filters_[i].next) {
        const Filter& filter = filters_[i];
        if (filter.prefix != prefix || filter.rule >= best) continue;
        if (filter.mark == 0 || outline().may_be_held_by(filter)) look_at(filter);
      }
    } while (prefixes.advance());
    // What only takes a part away may begin deeper than the subscription does.
    if (subscribing)
      for (std::uint32_t i : denials_)
        if (filters_[i].rule < best && outline().may_overlap(filters_[i])) look_at(filters_[i]);
  }
  if (best == kNone) return closed_ ? TopicAnswer::deny : TopicAnswer::no_match;
  return rules_[best].allows ? TopicAnswer::allow : TopicAnswer::deny;
}

std::size_t TopicRules::memory_bytes() const noexcept {
  return sizeof *this + text_.capacity() + rules_.capacity() * sizeof(TopicRule) +
         (filters_.capacity() + limits_.capacity()) * sizeof(Filter) +
         (buckets_.capacity() + denials_.capacity()) * sizeof(std::uint32_t);
}

// -- Builder ----------------------------------------------------------------------------------------------------------

TopicRules::Builder::Builder() : made_(std::make_shared<TopicRules>()) {}

void TopicRules::Builder::begin_rule(TopicRule rule) { made_->rules_.push_back(rule); }

Result<void, Reason> TopicRules::Builder::add_filter(std::string_view filter, bool exact) {
  TopicRules& made = *made_;
  // A rule about "$share/g/a" would seem to be about a group; subscriptions are judged by their filter.
  if (!is_topic_filter(filter) || filter == "$share" || filter.starts_with("$share/"))
    return unexpected(Reason::malformed_rights);
  if (made.filters_.size() == kMaxTopicFilters || made.text_.size() + filter.size() > kMaxTopicRuleBytes)
    return unexpected(Reason::malformed_rights);
  Filter added;
  added.begin = static_cast<std::uint32_t>(made.text_.size());
  added.length = static_cast<std::uint32_t>(filter.size());
  added.rule = static_cast<std::uint32_t>(made.rules_.size() - 1);
  added.exact = exact;
  made.text_ += filter;
  made.filters_.push_back(added);
  return {};
}

void TopicRules::Builder::limit_to(const std::vector<std::string>& filters) {
  TopicRules& made = *made_;
  made.limited_ = true;
  for (const std::string& filter : filters) {
    if (!is_topic_filter(filter)) continue;
    Filter limit;
    limit.begin = static_cast<std::uint32_t>(made.text_.size());
    limit.length = static_cast<std::uint32_t>(filter.size());
    made.text_ += filter;
    made.limits_.push_back(limit);
  }
}

void TopicRules::Builder::close() noexcept { made_->closed_ = true; }
bool TopicRules::Builder::empty() const noexcept { return made_->filters_.empty() && !made_->closed_; }

void TopicRules::Builder::index() {
  TopicRules& made = *made_;
  std::size_t buckets = 16;
  while (buckets < made.filters_.size() * 2) buckets *= 2;
  made.buckets_.assign(buckets, kNone);
  // By level and mark, how many filters have it; two that share a place only choose a little worse.
  std::vector<std::uint32_t> shared(buckets * 4);
  const auto place = [&](std::size_t level, std::uint32_t mark) -> std::uint32_t& {
    return shared[(mark / 2 * 0x9e3779b1U + level) & (shared.size() - 1)];
  };
  for (const Filter& filter : made.filters_) {
    const Outline outline(made.text(filter));
    for (std::size_t level = outline.prefix_levels; level < kDepth; ++level)
      if (outline.marks[level] & 1U) ++place(level, outline.marks[level]);
  }
  for (std::uint32_t i = 0; i < made.filters_.size(); ++i) {
    Filter& filter = made.filters_[i];
    const Outline outline(made.text(filter));
    filter.prefix_levels = static_cast<std::uint8_t>(outline.prefix_levels);
    filter.prefix = outline.prefixes[outline.prefix_levels];
    // Of the literal levels behind a wildcard the one that fewest others have: "+/7/+/state" is passed over by its 7.
    std::uint32_t fewest = UINT32_MAX;
    for (std::size_t level = outline.prefix_levels; level < kDepth; ++level) {
      if (!(outline.marks[level] & 1U)) continue;
      const std::uint32_t others = place(level, outline.marks[level]);
      if (others >= fewest) continue;
      fewest = others;
      filter.mark = outline.marks[level];
      filter.mark_level = static_cast<std::uint8_t>(level);
    }
    std::uint32_t& bucket = made.buckets_[filter.prefix & (buckets - 1)];
    filter.next = bucket;
    bucket = i;
    if (!made.rules_[filter.rule].allows) made.denials_.push_back(i);
  }
}

std::shared_ptr<const TopicRules> TopicRules::Builder::build() {
  if (made_->filters_.size() > kFew) index();
  made_->text_.shrink_to_fit();
  made_->rules_.shrink_to_fit();
  made_->filters_.shrink_to_fit();
  return std::exchange(made_, std::make_shared<TopicRules>());
}

}  // namespace sallyport
