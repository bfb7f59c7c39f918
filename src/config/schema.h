// The schema: every setting once, with its type, default, words and typed setter. The
// loader, `config default`, docs/configuration.md and the suggestions for misspelt
// names are all made from this table, so a setting that is not here does not exist.
//
// A new setting is a field in settings.h, a row here, and a test of both values. A list
// of tables ([[topic_rules]]) is one row whose setter reads each table with
// ValueReader::table(); it counts as one name for pinning.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "config/value_reader.h"

namespace sallyport {

struct SectionDoc {
  std::string_view name;  // "jwt"
  std::string_view doc;
};

struct Setting {
  std::string_view name;      // "jwt.leeway"
  std::string_view type;      // in words: "duration"
  std::string_view fallback;  // as TOML text; empty: not set
  std::string_view doc;       // sentences, one a line
  std::string_view example;   // as TOML text
  void (*set)(Settings& settings, const TomlNode& value, ValueReader& reader);
  bool secret = false;          // shown as "(set)"
  bool file_only = false;       // needed before the store can be read: a revision cannot set it
  std::string_view group = {};  // names of one group contradict each other and are pinned together
  // What holds where nothing is set, for those whose default hangs on others.
  std::string (*derived)(const Settings& settings) = nullptr;

  std::string_view section() const {
    return name.substr(0, name.find('.') == std::string_view::npos ? 0 : name.find('.'));
  }
  std::string_view key() const {
    return name.find('.') == std::string_view::npos ? name : name.substr(name.find('.') + 1);
  }
};

std::span<const SectionDoc> schema_sections();
std::span<const Setting> schema_settings();
const Setting* find_setting(std::string_view name);

}  // namespace sallyport
