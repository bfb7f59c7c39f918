// Template: the expected text of a claim rule, with what CONNECT says in its place.
// %u and ${username} are the user name, %c and ${clientid} the client id. They stand
// anywhere, are replaced in one pass (a user named "%c" stays "%c"), and one with
// nothing behind it (absent or empty) never matches.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport {

struct TemplateValues {
  std::optional<std::string_view> username, client_id;
};

class Template {
 public:
  // Refused: ${x} with another x, "${" without "}".
  static Result<Template> compile(std::string_view source);
  const std::string& source() const noexcept { return source_; }
  // Whether `text` is this template's rendering. Never allocates.
  bool matches(std::string_view text, const TemplateValues& values) const noexcept;
  // The rendering, for explanations; nothing where a placeholder has nothing behind it.
  std::optional<std::string> render(const TemplateValues& values) const;
  bool uses_username() const noexcept;
  bool uses_client_id() const noexcept;

 private:
  enum class Kind { text, username, client_id };
  struct Piece {
    Kind kind = Kind::text;
    std::string text;
  };
  // What stands behind a piece; empty for a placeholder with nothing.
  static std::string_view behind(const Piece& piece, const TemplateValues& values) noexcept;
  std::string source_;
  std::vector<Piece> pieces_;
};

// Whether a claim that equals the rendering proves the value: it stands there, and no other value could have filled the
// rest. "%u%c" renders alike for "ab" with "c" and for "a" with "bc".
inline bool binds_username(const Template& t) noexcept { return t.uses_username() && !t.uses_client_id(); }
inline bool binds_client_id(const Template& t) noexcept { return t.uses_client_id() && !t.uses_username(); }

}  // namespace sallyport
