#include "admin/settings_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "admin/setting_values.h"
#include "config/file_bytes.h"
#include "engine/compile.h"

namespace sallyport {
namespace {

using nlohmann::json;
constexpr const char* kLabel = "draft";

bool stands_in(const TomlNode& node, const std::string& label, const std::string& place) {
  return place_text(label, node.place) == place ||
         std::any_of(node.items.begin(), node.items.end(),
                     [&](const TomlNode& item) { return stands_in(item, label, place); }) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [&](const TomlMember& member) { return stands_in(member.value, label, place); });
}

// "draft:12:3": the setting that stands in line 12. What the settings file says has its field too.
std::string field_of(const std::string& place, const RevisionText& text, const SettingsLayer& file) {
  const std::string prefix = std::string(kLabel) + ":";
  if (place.starts_with(prefix)) {
    const auto it =
        text.setting_at_line.find(static_cast<unsigned>(std::strtoul(place.c_str() + prefix.size(), nullptr, 10)));
    return it == text.setting_at_line.end() ? "" : it->second;
  }
  if (find_setting(place)) return place;
  for (const Setting& setting : schema_settings())
    if (const TomlNode* node = find_value(file.root, setting); node && stands_in(*node, file.source.label, place))
      return std::string(setting.name);
  return {};
}

FieldProblem to_problem(const Error& error, const RevisionText& text, const SettingsLayer& file) {
  FieldProblem out{field_of(error.place, text, file), error.cause, error.hint, 0};
  // What the settings file says cannot be mended here: say where it stands.
  if (error.place.starts_with(file.source.label)) out.cause = error.place + ": " + error.cause;
  return out;
}

void move_into(const std::vector<Error>& errors, const RevisionText& text, const SettingsLayer& file,
               std::vector<FieldProblem>& out) {
  for (const Error& error : errors) out.push_back(to_problem(error, text, file));
}

}  // namespace

namespace {

const TomlNode* value_at(const StoredValues& values, std::string_view name) {
  const auto it = values.find(name);
  return it == values.end() ? nullptr : &it->second;
}

// A header that is kept is sealed as it was; one that is given anew is not.
bool keeps_a_header(const TomlNode* before, const TomlNode* after) {
  if (!before || !after) return false;
  return std::any_of(after->members.begin(), after->members.end(), [&](const TomlMember& header) {
    const TomlNode* was = before->find(header.key);
    return was && header.value.find("sealed") && to_toml(*was) == to_toml(header.value);
  });
}

// `before` and `after` give the values of one issuer by name.
template <class Before, class After>
bool sends_kept_headers_elsewhere(Before&& before, After&& after) {
  if (!keeps_a_header(before("jwks_headers"), after("jwks_headers"))) return false;
  for (const std::string_view way :
       {"jwks_url", "issuer_discovery", "issuer", "jwks_proxy", "jwks_ca_file", "jwks_allow_http"}) {
    if (way == "issuer" && !after("issuer_discovery")) continue;
    const TomlNode *was = before(way), *is = after(way);
    if (!was != !is || (was && to_toml(*was) != to_toml(*is))) return true;
  }
  return false;
}

// Whoever may turn an address but not read a secret must not have it sent to himself.
void refuse_headers_for_another_address(const StoredValues& before, const StoredValues& after,
                                        std::vector<FieldProblem>& problems) {
  const auto of = [](const StoredValues& values) {
    return [&values](std::string_view name) { return value_at(values, "jwt." + std::string(name)); };
  };
  const auto refuse = [&](const char* field) {
    problems.push_back({field, "the headers that are kept were given for another address",
                        "give them anew, or take them away, where the way of the fetch changes", 0});
  };
  if (sends_kept_headers_elsewhere(of(before), of(after))) refuse("jwt.jwks_headers");
  const TomlNode *were = value_at(before, "jwt.issuers"), *are = value_at(after, "jwt.issuers");
  if (!were || !are) return;
  for (const TomlNode& one : are->items)
    for (const TomlNode& other : were->items) {
      const TomlNode *name = one.find("name"), *old = other.find("name");
      if (!name || !old || name->text != old->text) continue;
      if (sends_kept_headers_elsewhere([&](std::string_view n) { return other.find(n); },
                                       [&](std::string_view n) { return one.find(n); }))
        return refuse("jwt.issuers");
    }
}

}  // namespace

bool SettingsState::pins(const Setting& setting) const {
  if (find_value(file.root, setting)) return true;
  if (setting.group.empty()) return false;
  const auto all = schema_settings();
  return std::any_of(all.begin(), all.end(), [&](const Setting& other) {
    return other.group == setting.group && find_value(file.root, other);
  });
}

const TomlNode* SettingsState::stored_value(const Setting& setting) const {
  return stored ? find_value(stored->root, setting) : nullptr;
}

Result<SettingsState, Problem> read_settings_state(const std::string& config_path,
                                                   const std::optional<SettingsRevision>& current) {
  SettingsState out;
  out.config_path = config_path;
  auto file = read_file_bytes(config_path, kMaxSettingsBytes);
  if (!file) return unexpected(problem_of(file.error()));
  const std::string folder = std::filesystem::path(config_path).parent_path().string();
  auto root = parse_toml(file->bytes, config_path);
  wipe(file->bytes);
  if (!root)
    return unexpected(problem(503, "unavailable", "the settings file cannot be read: " + root.error().cause,
                              root.error().hint.empty() ? "mend it and reload" : root.error().hint));
  out.file = {{config_path, folder, true, false, nullptr}, std::move(*root)};
  if (current) {
    auto stored = parse_toml(current->toml, "revision");
    if (!stored) return unexpected(problem_of(stored.error()));
    out.stored = SettingsLayer{{"revision", folder, false, false, nullptr}, std::move(*stored)};
    out.revision = current->number;
  }
  return out;
}

StoredValues values_of(const TomlNode& root) {
  StoredValues out;
  for (const Setting& setting : schema_settings())
    if (const TomlNode* node = find_value(root, setting)) out[std::string(setting.name)] = *node;
  return out;
}

RevisionText to_revision_text(const StoredValues& values) {
  RevisionText out;
  unsigned line = 1;
  const auto write_all_of = [&](std::string_view section) {
    bool begun = section.empty();
    for (const Setting& setting : schema_settings()) {
      const auto it = setting.section() == section ? values.find(setting.name) : values.end();
      if (it == values.end()) continue;
      if (!begun) {
        out.toml += fmt::format("[{}]\n", section);
        ++line;
        begun = true;
      }
      out.toml += fmt::format("{} = {}\n", setting.key(), to_toml(it->second));
      out.setting_at_line[line++] = setting.name;
    }
  };
  write_all_of({});
  for (const SectionDoc& section : schema_sections()) write_all_of(section.name);
  return out;
}

std::string to_masked_text(const StoredValues& values) {
  StoredValues masked;
  for (const auto& [name, node] : values) {
    const Setting* setting = find_setting(name);
    TomlNode shown = node;
    if (setting && setting->secret) {
      const std::string text = to_shown_toml(node, true);
      auto parsed = parse_toml("x = " + (text == "(set)" ? std::string("\"(set)\"") : text), "mask");
      if (!parsed) continue;
      shown = parsed->members.at(0).value;
    }
    masked[name] = std::move(shown);
  }
  return to_revision_text(masked).toml;
}

std::vector<Difference> differences(const StoredValues& before, const StoredValues& after) {
  std::vector<Difference> out;
  for (const Setting& setting : schema_settings()) {
    const auto a = before.find(setting.name), b = after.find(setting.name);
    const bool was = a != before.end(), is = b != after.end();
    if (!was && !is) continue;
    if (was && is && to_toml(a->second) == to_toml(b->second)) continue;
    Difference one{std::string(setting.name), std::nullopt, std::nullopt};
    if (was) one.before = to_shown_toml(a->second, setting.secret);
    if (is) one.after = to_shown_toml(b->second, setting.secret);
    out.push_back(std::move(one));
  }
  return out;
}

namespace {

// Under [store] key_file; nothing where there is none, or it cannot be read.
Result<std::shared_ptr<const Sealer>> sealer_of(const SettingsState& state) {
  const TomlNode* node = find_value(state.file.root, *find_setting("store.key_file"));
  if (!node) return std::shared_ptr<const Sealer>();
  return read_sealer(node->text.starts_with('/') ? node->text : state.file.source.folder + "/" + node->text);
}

}  // namespace

Result<std::size_t> seal_secrets(const SettingsState& state, StoredValues& values) {
  const Result<std::shared_ptr<const Sealer>> sealer = sealer_of(state);
  if (!sealer) return unexpected(sealer.error());
  std::size_t count = 0;
  for (auto& [name, node] : values) {
    const Setting* setting = find_setting(name);
    if (!setting || !setting->secret) continue;
    Result<std::size_t> sealed = seal_secrets(node, *setting, state.stored_value(*setting), sealer->get());
    if (!sealed) {
      sealed.error().place = name;
      return sealed;
    }
    count += *sealed;
  }
  return count;
}

Draft lay_over(const SettingsState& state, const json& changes, bool seals) {
  Draft out;
  if (state.stored) out.values = values_of(state.stored->root);
  const auto refuse = [&](std::string field, std::string cause, std::string hint) {
    out.problems.push_back({std::move(field), std::move(cause), std::move(hint), 0});
  };
  std::shared_ptr<const Sealer> sealer;
  if (seals)
    if (auto read = sealer_of(state)) sealer = std::move(*read);
  for (const auto& [name, value] : changes.items()) {
    const Setting* setting = find_setting(name);
    if (!setting) {
      std::vector<std::string_view> known;
      for (const Setting& one : schema_settings()) known.push_back(one.name);
      refuse(name.substr(0, 128), "there is no such setting", nearest_hint(name, known));
      continue;
    }
    if (setting->file_only) {
      refuse(name, "only the settings file can set it", "edit " + state.config_path + " and reload");
      continue;
    }
    if (state.pins(*setting)) {
      refuse(name, "the settings file pins it", "take it out of " + state.config_path + " to set it here");
      continue;
    }
    if (value.is_null()) {
      out.values.erase(name);
      continue;
    }
    const TomlNode* before = state.stored_value(*setting);
    Result<TomlNode> node =
        seals ? to_toml_node(value, *setting, before, sealer.get()) : to_toml_draft(value, *setting, before);
    if (!node) {
      refuse(name, node.error().cause, node.error().hint);
      continue;
    }
    // One of a group takes the others' place.
    if (!setting->group.empty())
      for (const Setting& other : schema_settings())
        if (other.group == setting->group && !changes.contains(std::string(other.name)))
          out.values.erase(std::string(other.name));
    out.values[name] = std::move(*node);
  }
  if (state.stored) refuse_headers_for_another_address(values_of(state.stored->root), out.values, out.problems);
  out.text = to_revision_text(out.values);
  return out;
}

DraftVerdict judge(const SettingsState& state, const RevisionText& text) {
  DraftVerdict out;
  Result<LoadedSettings, LoadFailure> loaded = check_revision(state.config_path, text.toml, kLabel);
  if (!loaded) {
    move_into(loaded.error().faults, text, state.file, out.problems);
    return out;
  }
  move_into(loaded->warnings, text, state.file, out.warnings);
  move_into(loaded->advice, text, state.file, out.advice);
  const Result<CompiledPolicy, std::vector<Error>> compiled = compile_policy(loaded->settings);
  if (!compiled) {
    move_into(compiled.error(), text, state.file, out.problems);
    return out;
  }
  out.loaded = std::move(*loaded);
  return out;
}

}  // namespace sallyport
