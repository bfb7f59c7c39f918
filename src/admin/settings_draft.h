// Settings as the console edits them: what is there, a draft laid over it, what the
// loader itself says of the draft, and the text of a new revision.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin/problem.h"
#include "config/fold.h"
#include "config/load.h"
#include "store/store.h"

namespace sallyport {

// The file and the store's current revision, as trees.
struct SettingsState {
  std::string config_path;
  SettingsLayer file;
  std::optional<SettingsLayer> stored;
  std::int64_t revision = 0;  // 0: none

  // The file names it, or another of its group.
  bool pins(const Setting& setting) const;
  const TomlNode* stored_value(const Setting& setting) const;
};
Result<SettingsState, Problem> read_settings_state(const std::string& config_path,
                                                   const std::optional<SettingsRevision>& current);

// Values of the store's part, by name; what a revision is made of.
using StoredValues = std::map<std::string, TomlNode, std::less<>>;
StoredValues values_of(const TomlNode& root);
// One line a setting, in the order of the reference, so that a line tells its setting.
struct RevisionText {
  std::string toml;
  std::map<unsigned, std::string> setting_at_line;
};
RevisionText to_revision_text(const StoredValues& values);
std::string to_masked_text(const StoredValues& values);

struct Difference {
  std::string name;
  std::optional<std::string> before, after;  // as TOML, secrets masked
};
std::vector<Difference> differences(const StoredValues& before, const StoredValues& after);

struct Draft {
  StoredValues values;
  RevisionText text;
  std::vector<FieldProblem> problems;  // of the changes themselves: unknown, pinned, no such value
};
// `seals`: to be kept; secrets are sealed under the file's key. Else to be judged and forgotten.
Draft lay_over(const SettingsState& state, const nlohmann::json& changes, bool seals);

// Values that are to be kept, with their secrets sealed under the file's key: how many were in the clear. An Error's
// place is the setting.
Result<std::size_t> seal_secrets(const SettingsState& state, StoredValues& values);

struct DraftVerdict {
  std::vector<FieldProblem> problems, warnings, advice;
  std::optional<LoadedSettings> loaded;  // where there are no problems
};
// As the engine would load it, key files included.
DraftVerdict judge(const SettingsState& state, const RevisionText& text);

}  // namespace sallyport
