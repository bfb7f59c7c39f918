#include "rules/template.h"

namespace sallyport {

Result<Template> Template::compile(std::string_view source) {
  Template made;
  made.source_ = source;
  std::string text;
  const auto add = [&](Kind kind) {
    if (!text.empty()) made.pieces_.push_back({Kind::text, std::move(text)});
    text.clear();
    made.pieces_.push_back({kind, {}});
  };
  for (std::size_t i = 0; i < source.size();) {
    const std::string_view rest = source.substr(i);
    if (rest.starts_with("%u")) {
      add(Kind::username);
      i += 2;
    } else if (rest.starts_with("%c")) {
      add(Kind::client_id);
      i += 2;
    } else if (rest.starts_with("${")) {
      const std::size_t end = rest.find('}');
      if (end == std::string_view::npos)
        return unexpected(invalid("\"${\" without \"}\"", "the placeholders are ${username}, ${clientid}, %u and %c"));
      const std::string_view inner = rest.substr(2, end - 2);
      if (inner == "username") {
        add(Kind::username);
      } else if (inner == "clientid") {
        add(Kind::client_id);
      } else {
        return unexpected(invalid("unknown placeholder ${" + std::string(inner) + "}",
                                  "the placeholders are ${username}, ${clientid}, %u and %c"));
      }
      i += end + 1;
    } else {
      text += source[i++];
    }
  }
  if (!text.empty()) made.pieces_.push_back({Kind::text, std::move(text)});
  return made;
}

std::string_view Template::behind(const Piece& piece, const TemplateValues& values) noexcept {
  switch (piece.kind) {
    case Kind::text:
      return piece.text;
    case Kind::username:
      return values.username.value_or(std::string_view{});
    case Kind::client_id:
      return values.client_id.value_or(std::string_view{});
  }
  return {};
}

bool Template::matches(std::string_view text, const TemplateValues& values) const noexcept {
  for (const Piece& piece : pieces_) {
    const std::string_view part = behind(piece, values);
    if (part.empty() || !text.starts_with(part)) return false;
    text.remove_prefix(part.size());
  }
  return text.empty();
}

std::optional<std::string> Template::render(const TemplateValues& values) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    const std::string_view part = behind(piece, values);
    if (part.empty()) return std::nullopt;
    out += part;
  }
  return out;
}

bool Template::uses_username() const noexcept {
  for (const Piece& piece : pieces_)
    if (piece.kind == Kind::username) return true;
  return false;
}
bool Template::uses_client_id() const noexcept {
  for (const Piece& piece : pieces_)
    if (piece.kind == Kind::client_id) return true;
  return false;
}

}  // namespace sallyport
