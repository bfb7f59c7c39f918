#include "config/toml_tree.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 1
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#endif
// What its parser asserts does not hold for a text such as "[!a]", which is an error that it then reports: neither a
// stop (a debug build) nor assumed away (clang's release).
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace sallyport {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxDots = 1000;

TomlPlace place_of(const toml::source_region& region) {
  return {static_cast<std::uint32_t>(region.begin.line), static_cast<std::uint32_t>(region.begin.column)};
}

// The library builds a.b.c… as nested tables and takes them apart by recursion: a megabyte of "a.a.a" would end the
// process. Counts dots between the characters that end a dotted name.
bool has_endless_dotted_name(std::string_view text) {
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '.') {
      if (++dots > kMaxDots) return true;
    } else if (c == '=' || c == '\n' || c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == '#') {
      dots = 0;
    }
  }
  return false;
}

// The library's messages end in ", saw '…'" or hold a whole number; either can be a piece of a secret.
std::string without_values(std::string_view description) {
  constexpr std::string_view opening = "Error while parsing ";
  std::string out(description.substr(0, description.find(", saw ")));
  if (out.starts_with(opening)) out = "syntax error in " + out.substr(opening.size());
  if (out.find("not representable") != std::string::npos) out = "syntax error: a number is too large";
  return out;
}

std::string hint_for(std::string_view description) {
  if (description.find("could not determine value type") != std::string_view::npos)
    return "text stands between quotes: name = \"text\"";
  if (description.find("cannot redefine") != std::string_view::npos) return "a name or section can stand only once";
  if (description.find("unescaped control characters") != std::string_view::npos)
    return "a quote is missing, or use three quotes for text of several lines";
  if (description.find("escape sequence") != std::string_view::npos)
    return "write \\\\ for a backslash, or use single quotes: 'text'";
  return "the file is TOML: [section], then lines of name = value";
}

TomlNode convert(const toml::node& from, std::size_t depth, bool& too_deep) {
  TomlNode node;
  node.place = place_of(from.source());
  if (depth > kMaxDepth) {
    too_deep = true;
    return node;
  }
  if (const auto* text = from.as_string()) {
    node.type = TomlType::text;
    node.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.type = TomlType::integer;
    node.integer = integer->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.type = TomlType::boolean;
    node.boolean = boolean->get();
  } else if (const auto* list = from.as_array()) {
    node.type = TomlType::list;
    for (const toml::node& item : *list) node.items.push_back(convert(item, depth + 1, too_deep));
  } else if (const auto* table = from.as_table()) {
    node.type = TomlType::table;
    for (const auto& [key, value] : *table)
      node.members.push_back({std::string(key.str()), place_of(key.source()), convert(value, depth + 1, too_deep)});
    // The library sorts by name; people read by line.
    std::stable_sort(node.members.begin(), node.members.end(), [](const TomlMember& a, const TomlMember& b) {
      return a.place.line != b.place.line ? a.place.line < b.place.line : a.place.column < b.place.column;
    });
  } else {
    node.type = from.is_floating_point() ? TomlType::fraction : TomlType::time;
    std::ostringstream spelling;
    from.visit([&spelling](const auto& value) {
      if constexpr (toml::is_value<decltype(value)>) spelling << value;
    });
    node.text = spelling.str();
  }
  return node;
}

bool is_bare_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

std::string_view name(TomlType type) {
  switch (type) {
    case TomlType::text:
      return "text";
    case TomlType::integer:
      return "an integer";
    case TomlType::fraction:
      return "a fraction";
    case TomlType::boolean:
      return "true or false";
    case TomlType::time:
      return "a date or time";
    case TomlType::list:
      return "a list";
    case TomlType::table:
      return "a table";
  }
  return "";
}

const TomlNode* TomlNode::find(std::string_view key) const {
  for (const TomlMember& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

std::string place_text(const std::string& label, TomlPlace place) {
  return place.line == 0 ? label : fmt::format("{}:{}:{}", label, place.line, place.column);
}

Result<TomlNode> parse_toml(std::string_view text, const std::string& label) {
  if (text.size() > kMaxSettingsBytes)
    return unexpected(invalid("the settings are longer than 1 MiB", "is this the right file?", label));
  if (has_endless_dotted_name(text))
    return unexpected(invalid("a name has more parts than any setting", "is this the right file?", label));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return unexpected(invalid(without_values(error.description()), hint_for(error.description()),
                              place_text(label, place_of(error.source()))));
  }
  bool too_deep = false;
  TomlNode root = convert(parsed.table(), 0, too_deep);
  if (too_deep)
    return unexpected(
        invalid("tables or lists stand inside each other more than 32 deep", "is this the right file?", label));
  return root;
}

std::string toml_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_toml(const TomlNode& node) {
  switch (node.type) {
    case TomlType::text:
      return toml_quote(node.text);
    case TomlType::integer:
      return std::to_string(node.integer);
    case TomlType::boolean:
      return node.boolean ? "true" : "false";
    case TomlType::fraction:
    case TomlType::time:
      return node.text;
    case TomlType::list: {
      std::string out = "[";
      for (const TomlNode& item : node.items) out += (out.size() > 1 ? ", " : "") + to_toml(item);
      return out + "]";
    }
    case TomlType::table: {
      std::string out = "{";
      for (const TomlMember& member : node.members)
        out += (out.size() > 1 ? ", " : " ") + (is_bare_key(member.key) ? member.key : toml_quote(member.key)) + " = " +
               to_toml(member.value);
      return out + (node.members.empty() ? "}" : " }");
    }
  }
  return {};
}

}  // namespace sallyport
