#include "rules/topic_filter.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

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

// Sixteen bytes at a time, in whatever registers the machine has: these texts are looked at for every message.
constexpr std::size_t kWide = 16;
using Wide = unsigned char __attribute__((vector_size(kWide)));
Wide wide_at(const char* at) noexcept {
  Wide out;
  std::memcpy(&out, at, kWide);
  return out;
}

// A wildcard, or a NUL.
bool holds_wildcard_or_nul(std::string_view text) noexcept {
  const auto bad = [](Wide w) {
    const auto hits = (w == '+') | (w == '#') | (w == 0);
    std::uint64_t halves[2];
    std::memcpy(halves, &hits, kWide);
    return (halves[0] | halves[1]) != 0;
  };
  if (text.size() >= kWide) {
    const char* const last = text.data() + text.size() - kWide;
    for (const char* at = text.data(); at < last; at += kWide)
      if (bad(wide_at(at))) return true;
    return bad(wide_at(last));
  }
  for (const char c : text)
    if (c == '+' || c == '#' || c == '\0') return true;
  return false;
}

// How many bytes from the front both have alike; less where it is not worth looking.
std::size_t alike(std::string_view a, std::string_view b) noexcept {
  std::size_t at = 0;
  for (const std::size_t end = std::min(a.size(), b.size()); at + 8 <= end; at += 8)
    if (std::memcmp(a.data() + at, b.data() + at, 8) != 0) break;
  return at;
}

}  // namespace

bool is_topic_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxTopicBytes && !holds_wildcard_or_nul(text);
}

bool is_topic_filter(std::string_view text) noexcept {
  if (!well_formed_length(text)) return false;
  for (Levels l(text); !l.done();) {
    const bool hash = l.is_hash();
    if (!hash && !l.is_plus() && holds_wildcard_or_nul(l.level())) return false;
    l.advance();
    if (hash && !l.done()) return false;
  }
  return true;
}

// In a well-formed filter a wildcard is all of its level, so that one walk along the characters does.
bool matches(std::string_view filter, std::string_view topic) noexcept {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  // A topic has no wildcard: what is alike has none either.
  std::size_t at = alike(filter, topic);
  for (std::size_t i = at; i < filter.size(); ++i) {
    const char c = filter[i];
    if (c == '#') return true;
    if (c == '+') {
      while (at < topic.size() && topic[at] != '/') ++at;
    } else if (at < topic.size() && topic[at] == c) {
      ++at;
    } else {
      return at == topic.size() && filter.substr(i) == "/#";  // a/# holds a
    }
  }
  return at == topic.size();
}

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
  if (holds_wildcard_or_nul(rest.substr(0, slash))) return std::nullopt;
  return rest.substr(slash + 1);
}

}  // namespace sallyport
