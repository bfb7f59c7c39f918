// One pass, no recursion: an open container keeps its parent's index in `next`
// until it closes, so a depth bomb costs nodes of the tape and no stack.
#include <algorithm>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "codec/json.h"
#include "codec/utf8.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kNoParent = 0xffff'ffff;
// Up to here names are compared pair by pair, which beats sorting.
constexpr std::uint32_t kPairwiseMembers = 16;

constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101, kHighs = 0x8080'8080'8080'8080;

// The high bit of each of eight bytes that ends a run of plain text: a quote, a backslash, a control or a byte above
// ASCII. The lowest bit set is exact; those above it may be borrowed.
std::uint64_t specials(std::uint64_t w) {
  const std::uint64_t quote = w ^ (kOnes * '"'), slash = w ^ (kOnes * '\\');
  const std::uint64_t found = ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash) | ((w - kOnes * 0x20) & ~w) | w;
  return found & kHighs;
}

bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\';
}

// What each member of each token goes through becomes one loop: as calls it costs twice as much.
#define SP_INLINE __attribute__((always_inline)) inline

}  // namespace

class JsonParser {
 public:
  JsonParser(char* text, std::size_t length, const JsonLimits& limits, JsonTape& tape)
      : text_(text),
        at_(text),
        end_(text + length),
        limits_(limits),
        tape_(tape),
        nodes_(tape.nodes_.data()),
        room_(std::min(tape.nodes_.size(), max_nodes())) {}

  JsonError run() {
    for (;;) {
      if (const JsonError e = value(); e != JsonError::none) return e;
      // A value is complete: close what closes, or go on to the next member.
      for (;;) {
        if (open_ == kNoParent) {
          skip_space();
          return at_ == end_ ? JsonError::none : JsonError::trailing_text;
        }
        if (opened_) {  // the value was `{` or `[` with something in it
          opened_ = false;
          break;
        }
        nodes_[open_].kind += JsonNode::kOneMember;
        skip_space();
        if (at_ == end_) return JsonError::syntax;
        const bool object = nodes_[open_].type() == JsonType::object;
        if (*at_ == ',') {
          ++at_;
          break;
        }
        if (*at_ != (object ? '}' : ']')) return JsonError::syntax;
        ++at_;
        if (const JsonError e = close(); e != JsonError::none) return e;
      }
      if (nodes_[open_].type() == JsonType::object)
        if (const JsonError e = member_name(); e != JsonError::none) return e;
    }
  }

  std::size_t offset() const { return static_cast<std::size_t>(at_ - text_); }
  bool changed_the_text() const { return changed_; }
  std::size_t used() const { return used_; }

 private:
  std::size_t max_nodes() const { return std::min<std::size_t>(limits_.max_nodes, JsonNode::kMaxNodes); }

  SP_INLINE void skip_space() {
    // Compact JSON, as tokens have it, has none.
    if (at_ == end_ || static_cast<unsigned char>(*at_) > 0x20) return;
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }

  SP_INLINE bool add(JsonType type, const char* begin, std::size_t length) {
    if (used_ == room_ && !grow()) return false;
    // In its place: a node made beside it would be read back in wider pieces than it was written, which stalls.
    JsonNode& node = nodes_[used_++];
    node.begin = static_cast<std::uint32_t>(begin - text_);
    node.length = static_cast<std::uint32_t>(length);
    node.next = static_cast<std::uint32_t>(used_);
    node.kind = static_cast<std::uint32_t>(type);
    return true;
  }
  __attribute__((noinline)) bool grow() {
    if (used_ >= max_nodes()) return false;
    tape_.nodes_.resize(std::min(max_nodes(), std::max<std::size_t>(64, 2 * used_)));
    nodes_ = tape_.nodes_.data();
    room_ = tape_.nodes_.size();
    return true;
  }
  JsonNode& last() { return nodes_[used_ - 1]; }

  SP_INLINE JsonError value() {
    skip_space();
    if (at_ == end_) return JsonError::syntax;
    switch (*at_) {
      case '{':
        return open(JsonType::object, '}');
      case '[':
        return open(JsonType::array, ']');
      case '"':
        return string();
      case 't':
        return word("true", JsonType::boolean, true);
      case 'f':
        return word("false", JsonType::boolean, false);
      case 'n':
        return word("null", JsonType::null, false);
      default:
        return number();
    }
  }

  JsonError open(JsonType type, char closing) {
    if (depth_ >= limits_.max_depth) return JsonError::too_deep;
    if (!add(type, at_, 0)) return JsonError::too_many;
    ++at_;
    skip_space();
    if (at_ != end_ && *at_ == closing) {
      ++at_;
      return JsonError::none;  // empty: complete at once
    }
    last().next = open_;
    open_ = static_cast<std::uint32_t>(used_) - 1;
    ++depth_;
    opened_ = true;
    return JsonError::none;
  }

  JsonError close() {
    JsonNode& node = nodes_[open_];
    if (node.type() == JsonType::object)
      if (const JsonError e = check_names(); e != JsonError::none) return e;
    const std::uint32_t parent = node.next;
    node.next = static_cast<std::uint32_t>(used_);
    open_ = parent;
    --depth_;
    return JsonError::none;
  }

  SP_INLINE JsonError member_name() {
    skip_space();
    if (at_ == end_ || *at_ != '"') return JsonError::syntax;
    if (const JsonError e = string(); e != JsonError::none) return e;
    skip_space();
    if (at_ == end_ || *at_ != ':') return JsonError::syntax;
    ++at_;
    return JsonError::none;
  }

  JsonError word(std::string_view wanted, JsonType type, bool boolean) {
    if (static_cast<std::size_t>(end_ - at_) < wanted.size() || std::memcmp(at_, wanted.data(), wanted.size()) != 0)
      return JsonError::syntax;
    if (!add(type, at_, wanted.size())) return JsonError::too_many;
    if (boolean) last().kind |= JsonNode::kTrue;
    at_ += wanted.size();
    return JsonError::none;
  }

  SP_INLINE bool digits() {
    const char* const from = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != from;
  }

  SP_INLINE JsonError number() {
    char* const begin = at_;
    if (*at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0')
      ++at_;  // RFC 8259 6: no leading zeros
    else if (!digits())
      return JsonError::syntax;
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!digits()) return JsonError::syntax;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return JsonError::syntax;
    }
    if (!add(JsonType::number, begin, static_cast<std::size_t>(at_ - begin))) return JsonError::too_many;
    return JsonError::none;
  }

  SP_INLINE JsonError string() {
    char* const begin = ++at_;
    skip_plain();
    if (at_ == end_ || *at_ != '"') return string_beyond_plain(begin);
    if (!add(JsonType::string, begin, static_cast<std::size_t>(at_ - begin))) return JsonError::too_many;
    ++at_;
    return JsonError::none;
  }

  // From the first escape or character above ASCII on.
  __attribute__((noinline)) JsonError string_beyond_plain(char* begin) {
    for (;;) {
      if (at_ == end_) return JsonError::syntax;
      if (*at_ == '"' || *at_ == '\\') break;
      if (const JsonError e = beyond_ascii(); e != JsonError::none) return e;
      skip_plain();
    }
    char* to = at_;
    while (*at_ != '"') {
      if (*at_ == '\\') {
        changed_ = true;
        if (const JsonError e = escape(to); e != JsonError::none) return e;
      } else if (is_plain(*at_)) {
        *to++ = *at_++;
      } else {
        char* const from = at_;
        if (const JsonError e = beyond_ascii(); e != JsonError::none) return e;
        const auto n = static_cast<std::size_t>(at_ - from);
        std::memmove(to, from, n);
        to += n;
      }
      if (at_ == end_) return JsonError::syntax;
    }
    ++at_;
    if (!add(JsonType::string, begin, static_cast<std::size_t>(to - begin))) return JsonError::too_many;
    return JsonError::none;
  }

  SP_INLINE void skip_plain() {
#ifdef __SSE2__
    for (; end_ - at_ >= 16; at_ += 16) {
      const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
      // Compared as signed: what is above ASCII is below a space, too.
      const __m128i ends = _mm_or_si128(
          _mm_cmplt_epi8(text, _mm_set1_epi8(0x20)),
          _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')), _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'))));
      if (const int found = _mm_movemask_epi8(ends)) {
        at_ += std::countr_zero(static_cast<unsigned>(found));
        return;
      }
    }
#endif
    for (std::uint64_t w; end_ - at_ >= 8; at_ += 8) {
      std::memcpy(&w, at_, 8);
      const std::uint64_t found = specials(w);
      if (found == 0) continue;
      if constexpr (std::endian::native == std::endian::little) {
        at_ += std::countr_zero(found) / 8;
        return;
      }
      break;
    }
    while (at_ != end_ && is_plain(*at_)) ++at_;
  }

  // Steps over one character that is not plain: a whole UTF-8 sequence, or a control, which JSON forbids.
  JsonError beyond_ascii() {
    if (static_cast<unsigned char>(*at_) < 0x80) return JsonError::syntax;
    const std::size_t n = utf8_sequence(at_, end_);
    if (n == 0) return JsonError::bad_utf8;
    at_ += n;
    return JsonError::none;
  }

  bool hex4(std::uint32_t& out) {
    if (end_ - at_ < 4) return false;
    out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = *at_;
      const int d = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
      if (d < 0) return false;
      out = out * 16 + static_cast<std::uint32_t>(d);
    }
    return true;
  }

  // Every escape is longer than what it stands for, so `to` never passes `at_`.
  JsonError escape(char*& to) {
    if (end_ - at_ < 2) return JsonError::syntax;
    const char c = at_[1];
    at_ += 2;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        *to++ = c;
        return JsonError::none;
      case 'b':
        *to++ = '\b';
        return JsonError::none;
      case 'f':
        *to++ = '\f';
        return JsonError::none;
      case 'n':
        *to++ = '\n';
        return JsonError::none;
      case 'r':
        *to++ = '\r';
        return JsonError::none;
      case 't':
        *to++ = '\t';
        return JsonError::none;
      case 'u':
        break;
      default:
        return JsonError::syntax;
    }
    std::uint32_t code = 0;
    if (!hex4(code)) return JsonError::syntax;
    if (code >= 0xd800 && code < 0xe000) {
      // A lone surrogate has no UTF-8; parsers differ in what they make of it (RFC 8259 8.2).
      std::uint32_t low = 0;
      if (code >= 0xdc00 || end_ - at_ < 6 || at_[0] != '\\' || at_[1] != 'u') return JsonError::bad_utf8;
      at_ += 2;
      if (!hex4(low)) return JsonError::syntax;
      if (low < 0xdc00 || low > 0xdfff) return JsonError::bad_utf8;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    const auto put = [&to](std::uint32_t b) { *to++ = static_cast<char>(b); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xc0 | code >> 6);
      put(0x80 | (code & 63));
    } else if (code < 0x10000) {
      put(0xe0 | code >> 12);
      put(0x80 | (code >> 6 & 63));
      put(0x80 | (code & 63));
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 63));
      put(0x80 | (code >> 6 & 63));
      put(0x80 | (code & 63));
    }
    return JsonError::none;
  }

  std::string_view name(std::uint32_t index) const { return {text_ + nodes_[index].begin, nodes_[index].length}; }

  // RFC 7515 4, RFC 7519 4: of two members with one name, signer and verifier may each read another one.
  JsonError check_names() {
    const std::uint32_t count = nodes_[open_].count();
    const std::uint32_t first = open_ + 1;
    if (count < 2 || limits_.allow_duplicate_names) return JsonError::none;
    const auto after = [this](std::uint32_t i) { return nodes_[i + 1].next; };
    if (count <= kPairwiseMembers) {
      std::uint64_t names = 0;  // a bit for each; only where one is met again can a name be
      for (std::uint32_t i = 0, at = first; i < count; ++i, at = after(at)) {
        const std::uint64_t bit = JsonTape::name_bit(name(at));
        if (!(names & bit)) {
          names |= bit;
          continue;
        }
        for (std::uint32_t k = first; k != at; k = after(k))
          if (name(k) == name(at)) return duplicate(at);
      }
      if (open_ == 0) tape_.root_names_ = names;
      return JsonError::none;
    }
    std::vector<std::uint32_t>& sorted = tape_.scratch_;
    sorted.clear();
    for (std::uint32_t i = 0, at = first; i < count; ++i, at = after(at)) sorted.push_back(at);
    std::sort(sorted.begin(), sorted.end(), [this](std::uint32_t a, std::uint32_t b) {
      const std::string_view left = name(a), right = name(b);
      return left.size() != right.size() ? left.size() < right.size() : left < right;
    });
    for (std::size_t i = 1; i < sorted.size(); ++i)
      if (name(sorted[i - 1]) == name(sorted[i])) return duplicate(std::max(sorted[i - 1], sorted[i]));
    return JsonError::none;
  }

  JsonError duplicate(std::uint32_t index) {
    at_ = text_ + nodes_[index].begin;
    return JsonError::duplicate_name;
  }

  char* text_;
  char* at_;
  char* end_;
  const JsonLimits& limits_;
  JsonTape& tape_;
  JsonNode* nodes_;  // the tape's
  std::size_t used_ = 0, room_;
  std::uint32_t open_ = kNoParent;
  std::size_t depth_ = 0;
  bool opened_ = false;
  bool changed_ = false;
};

#undef SP_INLINE

JsonError JsonTape::parse(char* text, std::size_t length, const JsonLimits& limits) {
  used_ = 0;
  text_ = text;
  root_names_ = ~std::uint64_t{0};
  error_offset_ = 0;
  can_pack_ = false;
  if (length > limits.max_bytes || length >= kNoParent) return JsonError::too_long;
  JsonParser parser(text, length, limits, *this);
  const JsonError error = parser.run();
  if (error != JsonError::none) {
    error_offset_ = parser.offset();
    return error;
  }
  used_ = parser.used();
  // Each place in 16 bits, and each count in what the kind leaves of them.
  can_pack_ = !parser.changed_the_text() && length <= 0xffff && used_ <= 0xfff;
  return error;
}

std::string_view to_text(JsonError e) {
  switch (e) {
    case JsonError::none:
      return "no fault";
    case JsonError::syntax:
      return "not JSON";
    case JsonError::bad_utf8:
      return "not valid UTF-8";
    case JsonError::duplicate_name:
      return "two members with the same name";
    case JsonError::too_long:
      return "too long";
    case JsonError::too_deep:
      return "nested too deep";
    case JsonError::too_many:
      return "too many members";
    case JsonError::trailing_text:
      return "text after the JSON value";
  }
  return "";
}

}  // namespace sallyport
