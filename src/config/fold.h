// Fold: the file's settings and the store's, laid over each other. A name in the file
// pins it (and the names of its group); one that it leaves out is the store's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"
#include "config/toml_tree.h"
#include "config/value_reader.h"

namespace sallyport {

struct SettingsLayer {
  SettingsSource source;
  TomlNode root;
};

struct FoldedValue {
  const Setting* setting = nullptr;
  const SettingsLayer* layer = nullptr;  // nothing: the default
  const TomlNode* node = nullptr;
  std::string place() const { return node ? place_text(layer->source.label, node->place) : std::string(); }
};

// Unknown sections and names, sections that are no tables, and names of one group beside each other.
void check_names(const SettingsLayer& layer, std::vector<Error>& faults);

// The value of a setting within a layer, or nothing.
const TomlNode* find_value(const TomlNode& root, const Setting& setting);

// One for each setting of the schema, in its order. `stored` may be null.
std::vector<FoldedValue> fold(const SettingsLayer& file, const SettingsLayer* stored);

}  // namespace sallyport
