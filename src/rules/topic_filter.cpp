#include "rules/topic_filter.h"

namespace sallyport {
namespace {

// The levels of a text, one after the other.
class Levels {
 public:
  explicit Levels(std::string_view text) noexcept : rest_(text) { advance(); }
  bool done() const noexcept { return done_; }
  std::string_view level() const noexcept { return level_; }
  bool is_hash() const noexcept { return !done_ && level_ == "#"; }
  bool is_plus() const noexcept { return level_ == "+"; }
  bool is_wild() const noexcept { return is_plus() || level_ == "#"; }
  void advance() noexcept {
    if (last_) {
      done_ = true;
      return;
    }
    const std::size_t slash = rest_.find('/');
    last_ = slash == std::string_view::npos;
    level_ = rest_.substr(0, slash);
    if (!last_) rest_.remove_prefix(slash + 1);
  }

 private:
  std::string_view rest_, level_;
  bool last_ = false, done_ = false;
};

bool well_formed_length(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxTopicBytes && text.find('\0') == std::string_view::npos;
}

// find_first_of() calls a function for each character; this is asked for every message.
bool holds_wildcard(std::string_view text) noexcept {
  bool found = false;
  for (const char c : text) found |= c == '+' || c == '#';
  return found;
}

}  // namespace

bool is_topic_name(std::string_view text) noexcept { return well_formed_length(text) && !holds_wildcard(text); }

bool is_topic_filter(std::string_view text) noexcept {
  if (!well_formed_length(text)) return false;
  for (Levels l(text); !l.done();) {
    const bool hash = l.is_hash();
    if (!hash && !l.is_plus() && holds_wildcard(l.level())) return false;
    l.advance();
    if (hash && !l.done()) return false;
  }
  return true;
}

bool matches(std::string_view filter, std::string_view topic) noexcept { return covers(filter, topic); }

bool covers(std::string_view held, std::string_view asked) noexcept {
  // "x/#" holds x and all below it, "x/+/#" all below it. They are one where there is no such x: no topic is empty.
  if (asked == "#") asked = "+/#";
  if (asked == "/#") asked = "/+/#";
  Levels h(held), a(asked);
  if (h.is_wild() && a.level().starts_with('$')) return false;
  for (;; h.advance(), a.advance()) {
    if (h.is_hash()) return true;  // all that is below, and the level above: a/# holds a
    if (h.done() || a.done()) return h.done() && a.done();
    if (a.is_hash()) return false;
    if (h.is_plus()) continue;
    if (a.is_plus() || h.level() != a.level()) return false;
  }
}

bool overlaps(std::string_view left, std::string_view right) noexcept {
  Levels l(left), r(right);
  if ((l.is_wild() && r.level().starts_with('$')) || (r.is_wild() && l.level().starts_with('$'))) return false;
  if ((left == "/#" && right == "+") || (left == "+" && right == "/#"))
    return false;  // only the empty topic, which does not exist
  for (;; l.advance(), r.advance()) {
    if (l.is_hash() || r.is_hash()) return true;
    if (l.done() || r.done()) return l.done() && r.done();
    if (!l.is_plus() && !r.is_plus() && l.level() != r.level()) return false;
  }
}

std::optional<std::string_view> judged_filter(std::string_view asked) noexcept {
  constexpr std::string_view share = "$share/";
  if (!asked.starts_with("$share")) return asked;
  if (asked.size() > 6 && asked[6] != '/') return asked;  // "$shared/…" is a topic like any other
  if (asked.size() <= share.size()) return std::nullopt;
  const std::string_view rest = asked.substr(share.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) return std::nullopt;
  if (holds_wildcard(rest.substr(0, slash))) return std::nullopt;
  return rest.substr(slash + 1);
}

}  // namespace sallyport
