#include "codec/json.h"
#include "codec/utf8.h"

namespace sallyport {

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    // Most of a text is plain, and goes in at once.
    const char* plain = at;
    while (plain != end && *plain >= 0x20 && *plain < 0x7f && *plain != '"' && *plain != '\\') ++plain;
    if (plain != at) {
      out.append(at, static_cast<std::size_t>(plain - at));
      at = plain;
      continue;
    }
    const char c = *at;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      ++at;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      switch (c) {
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          out += "\\u00";
          out += hex[static_cast<unsigned char>(c) >> 4];
          out += hex[static_cast<unsigned char>(c) & 15];
      }
      ++at;
    } else if (const std::size_t n = utf8_sequence(at, end); n > 0) {
      out.append(at, n);
      at += n;
    } else {
      out += "\xef\xbf\xbd";  // U+FFFD: what is written is always JSON
      ++at;
    }
  }
  out += '"';
}

// Recursion is bounded by the depth that the parser let through.
void append_json_value(std::string& out, const JsonValue& value) {
  switch (value.type()) {
    case JsonType::null:
    case JsonType::boolean:
    case JsonType::number:
      out += value.text();
      return;
    case JsonType::string:
      append_json_string(out, value.text());
      return;
    case JsonType::array:
    case JsonType::object:
      break;
  }
  out += value.is_object() ? '{' : '[';
  bool first = true;
  for (auto c = value.begin(); c.valid(); c.advance(), first = false) {
    if (!first) out += ',';
    if (value.is_object()) {
      append_json_string(out, c.name());
      out += ':';
    }
    append_json_value(out, c.value());
  }
  out += value.is_object() ? '}' : ']';
}

}  // namespace sallyport
