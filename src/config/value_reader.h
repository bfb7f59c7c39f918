// ValueReader: from a TOML value to a typed one. What is wrong becomes a fault with
// place, cause and hint; no text ever repeats the value, which may be a secret in the
// wrong line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "config/nearest_name.h"
#include "config/toml_tree.h"
#include "crypto/sealer.h"

namespace sallyport {

// Where a text of settings came from.
struct SettingsSource {
  std::string label;   // "sallyport.toml", "revision 4": what places begin with
  std::string folder;  // absolute; relative paths start here
  bool is_file = true;
  bool others_read = false;                        // a file that every user of the machine can read
  std::shared_ptr<const Sealer> sealer = nullptr;  // opens sealed secrets; nothing: there is no key file
};

template <class T>
struct Choice {
  std::string_view word;
  T value;
};

class ValueReader {
 public:
  ValueReader(const SettingsSource& source, std::vector<Error>& faults, std::vector<Error>& warnings)
      : source_(source), faults_(faults), warnings_(warnings) {}

  void fault(TomlPlace place, std::string cause, std::string hint = {});
  void fault(TomlPlace place, Error error);  // an error of another room, at this place
  void warn(TomlPlace place, std::string cause, std::string hint = {});

  // Each says whether it wrote `out`; it made a fault where it did not.
  bool boolean(const TomlNode& node, bool& out);
  bool text(const TomlNode& node, std::string& out);                       // not empty, no NUL
  bool text_or_list(const TomlNode& node, std::vector<std::string>& out);  // one text or a list of them
  bool duration(const TomlNode& node, std::int64_t& out, std::int64_t least, std::int64_t most);
  bool path(const TomlNode& node, std::string& out);  // absolute
  bool path_or_list(const TomlNode& node, std::vector<std::string>& out);
  // text, { env = "NAME" }, { file = "path" }, or, in a revision, { sealed = "…" }.
  bool secret(const TomlNode& node, Secret& out);
  // The bytes of a file without one trailing newline.
  bool secret_file(TomlPlace place, const std::string& path, Secret& out);
  // A claim's name: text, or a JSON Pointer where it starts with "/".
  bool claim_name(TomlPlace place, std::string_view claim);
  // A table whose names are all among `known`.
  bool table(const TomlNode& node, const std::vector<std::string_view>& known, std::string_view what);

  template <class T, std::size_t N>
  bool choice(const TomlNode& node, const Choice<T> (&choices)[N], T& out) {
    std::vector<std::string_view> words;
    for (const Choice<T>& c : choices) words.push_back(c.word);
    const std::size_t index = choice_index(node, words);
    if (index >= N) return false;
    out = choices[index].value;
    return true;
  }
  // The index in `words`; words.size() where it is none of them.
  std::size_t choice_index(const TomlNode& node, const std::vector<std::string_view>& words);

  const SettingsSource& source() const { return source_; }

 private:
  bool open_sealed(const TomlNode& node, const TomlNode& sealed, Secret& out);
  bool expect(const TomlNode& node, TomlType type, std::string_view expected, std::string_view hint = {});
  std::string absolute(std::string_view path) const;

  const SettingsSource& source_;
  std::vector<Error>& faults_;
  std::vector<Error>& warnings_;
};

// "did you mean …", or the nearest name where none is close.
std::string nearest_hint(std::string_view wanted, const std::vector<std::string_view>& known);

}  // namespace sallyport
