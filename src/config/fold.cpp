#include "config/fold.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport {
namespace {

bool is_section(std::string_view name) {
  const auto sections = schema_sections();
  return std::any_of(sections.begin(), sections.end(), [&](const SectionDoc& s) { return s.name == name; });
}

std::vector<std::string_view> top_level_names() {
  std::vector<std::string_view> names;
  for (const SectionDoc& section : schema_sections()) names.push_back(section.name);
  for (const Setting& setting : schema_settings())
    if (setting.section().empty()) names.push_back(setting.name);
  return names;
}

std::vector<std::string_view> names_in(std::string_view section) {
  std::vector<std::string_view> names;
  for (const Setting& setting : schema_settings())
    if (setting.section() == section) names.push_back(setting.key());
  return names;
}

// A name that is right and stands in the wrong section.
std::string elsewhere_hint(std::string_view key) {
  for (const Setting& setting : schema_settings())
    if (setting.key() == key && !setting.section().empty())
      return fmt::format("\"{}\" belongs under [{}]", key, setting.section());
  return {};
}

void check_section(const TomlMember& section, ValueReader& reader) {
  if (section.value.type != TomlType::table)
    return reader.fault(section.place,
                        fmt::format("expected the section [{}], found {}", section.key, name(section.value.type)),
                        fmt::format("write [{}] on a line of its own, its settings below", section.key));
  for (const TomlMember& member : section.value.members) {
    if (find_setting(section.key + "." + member.key)) continue;
    const auto known = names_in(section.key);
    std::string hint = elsewhere_hint(member.key);
    if (hint.empty()) hint = nearest_hint(member.key, known);
    reader.fault(member.place, fmt::format("unknown name \"{}\" in [{}]", member.key, section.key), hint);
  }
}

void check_groups(const SettingsLayer& layer, ValueReader& reader) {
  for (const Setting& setting : schema_settings()) {
    const TomlNode* node = setting.group.empty() ? nullptr : find_value(layer.root, setting);
    if (!node) continue;
    for (const Setting& earlier : schema_settings()) {
      if (&earlier == &setting) break;
      if (earlier.group != setting.group || !find_value(layer.root, earlier)) continue;
      reader.fault(node->place, fmt::format("{} and {} contradict each other", earlier.key(), setting.key()),
                   "keep one of them");
      break;
    }
  }
}

}  // namespace

const TomlNode* find_value(const TomlNode& root, const Setting& setting) {
  if (setting.section().empty()) return root.find(setting.name);
  const TomlNode* section = root.find(setting.section());
  return section && section->type == TomlType::table ? section->find(setting.key()) : nullptr;
}

void check_names(const SettingsLayer& layer, std::vector<Error>& faults) {
  std::vector<Error> none;
  ValueReader reader(layer.source, faults, none);
  for (const TomlMember& member : layer.root.members) {
    if (is_section(member.key)) {
      check_section(member, reader);
    } else if (!find_setting(member.key) || member.key.find('.') != std::string::npos) {
      const bool table = member.value.type == TomlType::table;
      std::string hint = table ? std::string() : elsewhere_hint(member.key);
      if (hint.empty()) hint = nearest_hint(member.key, top_level_names());
      reader.fault(member.place, fmt::format("unknown {} \"{}\"", table ? "section" : "name", member.key), hint);
    }
  }
  check_groups(layer, reader);
}

std::vector<FoldedValue> fold(const SettingsLayer& file, const SettingsLayer* stored) {
  const auto pinned = [&file](const Setting& setting) {
    if (find_value(file.root, setting)) return true;
    if (setting.group.empty()) return false;
    const auto settings = schema_settings();
    return std::any_of(settings.begin(), settings.end(), [&](const Setting& other) {
      return other.group == setting.group && find_value(file.root, other);
    });
  };
  std::vector<FoldedValue> values;
  for (const Setting& setting : schema_settings()) {
    FoldedValue value;
    value.setting = &setting;
    if (pinned(setting)) {
      value.node = find_value(file.root, setting);
      if (value.node) value.layer = &file;
    } else if (stored && !setting.file_only) {
      value.node = find_value(stored->root, setting);
      if (value.node) value.layer = stored;
    }
    values.push_back(value);
  }
  return values;
}

}  // namespace sallyport
