// TomlNode: a settings text as a plain tree in which every name and value knows its
// place. The TOML library is behind toml_tree.cpp and nowhere else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"

namespace sallyport {

struct TomlPlace {
  std::uint32_t line = 0, column = 0;  // from 1; columns count characters
};

enum class TomlType : std::uint8_t { text, integer, fraction, boolean, time, list, table };
std::string_view name(TomlType type);  // "text", "an integer", …

struct TomlMember;

struct TomlNode {
  TomlType type = TomlType::table;
  TomlPlace place;
  std::string text;  // text as it is; a fraction's or time's spelling
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<TomlNode> items;      // list
  std::vector<TomlMember> members;  // table, in the order of the text

  const TomlNode* find(std::string_view key) const;
};

struct TomlMember {
  std::string key;
  TomlPlace place;
  TomlNode value;
};

inline constexpr std::size_t kMaxSettingsBytes = 1024 * 1024;

// A syntax error has its place as "label:line:column". Never repeats a value: it may be a secret.
Result<TomlNode> parse_toml(std::string_view text, const std::string& label);
std::string place_text(const std::string& label, TomlPlace place);

// A value as TOML text on one line: what parse_toml reads back.
std::string to_toml(const TomlNode& node);
std::string toml_quote(std::string_view text);

}  // namespace sallyport
