// sallyport config show|import --server
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "cli/commands/remote.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "config/file_bytes.h"
#include "config/fold.h"

namespace sallyport::cli {
namespace {

using nlohmann::json;

json value_of(const TomlNode& node) {
  switch (node.type) {
    case TomlType::text:
    case TomlType::time:
      return node.text;
    case TomlType::integer:
      return node.integer;
    case TomlType::fraction:
      return std::strtod(node.text.c_str(), nullptr);
    case TomlType::boolean:
      return node.boolean;
    case TomlType::list: {
      json out = json::array();
      for (const TomlNode& item : node.items) out.push_back(value_of(item));
      return out;
    }
    case TomlType::table: {
      json out = json::object();
      for (const TomlMember& member : node.members) out[member.key] = value_of(member.value);
      return out;
    }
  }
  return nullptr;
}

// What the file says, by name; leaves where it says something that is no setting.
json changes_in(const std::string& file, bool as_json) {
  auto bytes = read_file_bytes(file, kMaxSettingsBytes);
  if (!bytes) fail(bytes.error(), as_json);
  auto root = parse_toml(bytes->bytes, file);
  wipe(bytes->bytes);
  if (!root) fail(root.error(), kRefused, as_json);
  const SettingsLayer layer{{file, "", false, false, nullptr}, std::move(*root)};
  std::vector<Error> faults;
  check_names(layer, faults);
  if (!faults.empty()) fail(faults.front(), kRefused, as_json);
  json out = json::object();
  for (const Setting& setting : schema_settings())
    if (const TomlNode* node = find_value(layer.root, setting)) out[std::string(setting.name)] = value_of(*node);
  return out;
}

}  // namespace

void remote_show_settings(const ServerPlace& place, bool as_json) {
  ServerClient server(place, as_json);
  const json settings = server.get("/settings").body;
  if (as_json) return print_reply(settings);
  std::vector<std::vector<std::string>> rows{{"NAME", "VALUE", "FROM"}};
  if (const json& all = member(settings, "settings"); all.is_array())
    for (const json& one : all) {
      std::string value = text(one, "text");
      if (value.size() > 60) value = value.substr(0, 57) + "...";
      rows.push_back({text(one, "name"), value, text(one, "place").empty() ? text(one, "origin") : text(one, "place")});
    }
  std::fputs(table(rows).c_str(), stdout);
}

// The file becomes the whole revision, as with a store: what the last one had and the file has not is taken out.
void remote_import_settings(const ServerPlace& place, const std::string& file, const std::string& why, bool as_json) {
  json changes = changes_in(file, as_json);
  ServerClient server(place, as_json);
  const ServerAnswer law = server.get("/settings");
  if (const json& all = member(law.body, "settings"); all.is_array())
    for (const json& one : all)
      if (text(one, "origin") == "store" && !changes.contains(text(one, "name"))) changes[text(one, "name")] = nullptr;
  const json checked = server.send("POST", "/settings/check", {{"changes", changes}}).body;
  const json made = server
                        .send("POST", "/settings/revisions",
                              {{"changes", changes}, {"why", why.empty() ? "import of " + file : why}}, law.etag)
                        .body;
  if (as_json) {
    json out = made;
    out["revision"] = number(made, "number");
    out["warnings"] = member(checked, "warnings");
    out["advice"] = member(checked, "advice");
    return print_reply(out);
  }
  if (const json& warnings = member(checked, "warnings"); warnings.is_array())
    for (const json& one : warnings)
      std::fprintf(stderr, "warning: %s%s\n", text(one, "field").empty() ? "" : (text(one, "field") + ": ").c_str(),
                   text(one, "cause").c_str());
  fmt::print("made revision {}; it is law within a second\n", number(made, "number"));
}

}  // namespace sallyport::cli
