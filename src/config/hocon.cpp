// A small reader for HOCON (the part that EMQX 5 writes) and JSON, which is a part of it.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "config/convert.h"

namespace sallyport {
namespace {

constexpr int kMaxDepth = 32;

class HoconReader {
 public:
  HoconReader(std::string_view text, const std::string& label) : text_(text), label_(label) {}

  Result<TomlNode> read() {
    TomlNode root;
    skip(true);
    const bool braced = take('{');
    if (!members(root, braced ? '}' : '\0', 0)) return unexpected(*error_);
    skip(true);
    if (!error_ && at_ < text_.size()) fail("something stands after the end");
    if (error_) return unexpected(*error_);
    return root;
  }

 private:
  bool fail(std::string cause) {
    if (!error_) error_ = invalid(std::move(cause), "is this a HOCON file of EMQX 5?", place_text(label_, place()));
    return false;
  }
  TomlPlace place() const { return {line_, column_}; }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void advance() {
    if (peek() == '\n') {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
    ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || peek() != c) return false;
    advance();
    return true;
  }
  // White space and comments; newlines too where `lines`.
  void skip(bool lines) {
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == '#' || (c == '/' && peek(1) == '/')) {
        while (at_ < text_.size() && peek() != '\n') advance();
      } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        advance();
      } else {
        return;
      }
    }
  }

  bool quoted(std::string& out) {
    if (text_.substr(at_, 3) == "\"\"\"") {
      const std::size_t end = text_.find("\"\"\"", at_ + 3);
      if (end == std::string_view::npos) return fail("a text of three quotes has no end");
      out = text_.substr(at_ + 3, end - at_ - 3);
      while (at_ < end + 3) advance();
      return true;
    }
    advance();
    while (true) {
      if (at_ >= text_.size() || peek() == '\n') return fail("a quote is missing");
      const char c = peek();
      advance();
      if (c == '"') return true;
      if (c != '\\') {
        out += c;
        continue;
      }
      const char escaped = peek();
      advance();
      switch (escaped) {
        case 'n':
          out += '\n';
          break;
        case 't':
          out += '\t';
          break;
        case 'r':
          out += '\r';
          break;
        case '"':
        case '\\':
        case '/':
          out += escaped;
          break;
        default:
          return fail("an escape in a text is not known here");
      }
    }
  }

  // The parts of a dotted name.
  bool name(std::vector<std::string>& parts) {
    std::string part;
    bool any = false;
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == '"') {
        if (!quoted(part)) return false;
        any = true;
      } else if (c == '.') {
        if (!any) return fail("a name is missing before a dot");
        parts.push_back(std::exchange(part, {}));
        any = false;
        advance();
      } else if (c == '=' || c == ':' || c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == '\n' ||
                 c == '#' || c == ' ' || c == '\t' || c == '\r') {
        break;
      } else {
        part += c;
        any = true;
        advance();
      }
    }
    if (!any) return fail("expected a name");
    parts.push_back(part);
    if (parts.size() > kMaxDepth) return fail("a name has too many parts");
    return true;
  }

  static TomlNode& member(TomlNode& table, const std::string& key, TomlPlace place) {
    for (TomlMember& m : table.members)
      if (m.key == key) return m.value;
    TomlNode fresh;
    fresh.place = place;
    table.members.push_back({key, place, std::move(fresh)});
    return table.members.back().value;
  }

  // Tables of one name are merged, any other value replaces what was there.
  static void merge(TomlNode& into, TomlNode value) {
    if (into.type != TomlType::table || value.type != TomlType::table) {
      into = std::move(value);
      return;
    }
    for (TomlMember& m : value.members) merge(member(into, m.key, m.place), std::move(m.value));
  }

  bool members(TomlNode& table, char end, int depth) {
    if (depth > kMaxDepth) return fail("tables stand inside each other more than 32 deep");
    while (true) {
      skip(true);
      while (take(',')) skip(true);
      if (at_ >= text_.size()) return end == '\0' || fail("a } is missing");
      if (end != '\0' && take(end)) return true;
      const TomlPlace at = place();
      std::vector<std::string> parts;
      if (!name(parts)) return false;
      skip(false);
      if (parts.size() == 1 && parts[0] == "include")
        return fail("include is not followed; give the files one by one, without the line");
      if (peek() != '{' && !take('=') && !take(':')) return fail("expected = after a name");
      skip(true);
      TomlNode value;
      if (!this->value(value, depth + 1)) return false;
      value.place = value.place.line ? value.place : at;
      TomlNode* target = &table;
      for (const std::string& part : parts) {
        if (target->type != TomlType::table) *target = TomlNode{};
        target = &member(*target, part, at);
      }
      merge(*target, std::move(value));
    }
  }

  bool value(TomlNode& out, int depth) {
    if (depth > kMaxDepth) return fail("values stand inside each other more than 32 deep");
    out.place = place();
    if (take('{')) return members(out, '}', depth);
    if (take('[')) {
      out.type = TomlType::list;
      while (true) {
        skip(true);
        while (take(',')) skip(true);
        if (take(']')) return true;
        if (at_ >= text_.size()) return fail("a ] is missing");
        TomlNode item;
        if (!value(item, depth + 1)) return false;
        out.items.push_back(std::move(item));
      }
    }
    out.type = TomlType::text;
    if (peek() == '"') return quoted(out.text);
    // A placeholder's braces are part of an unquoted value.
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == '\n' || c == ',' || c == '#' || c == ']' || c == '}' ||
          (c == '/' && peek(1) == '/' && (out.text.empty() || out.text.back() != ':')))
        break;
      if (c == '$' && peek(1) == '{')
        while (at_ < text_.size() && peek() != '}' && peek() != '\n') {
          out.text += peek();
          advance();
        }
      if (at_ >= text_.size() || peek() == '\n') break;
      out.text += peek();
      advance();
    }
    out.text.erase(out.text.find_last_not_of(" \t\r") + 1);
    return !out.text.empty() || fail("a value is missing");
  }

  std::string_view text_;
  const std::string& label_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1, column_ = 1;
  std::optional<Error> error_;
};

}  // namespace

Result<TomlNode> parse_hocon(std::string_view text, const std::string& label) {
  if (text.size() > kMaxSettingsBytes)
    return unexpected(invalid("the file is longer than 1 MiB", "is this the right file?", label));
  return HoconReader(text, label).read();
}

}  // namespace sallyport
