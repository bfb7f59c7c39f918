#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <tuple>

#include "config/advice.h"
#include "config/file_bytes.h"
#include "config/fold.h"
#include "config/seal_key.h"

namespace sallyport {
namespace {

std::string absolute_path(const std::string& path) {
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(path, ignored);
  return ignored ? path : absolute.lexically_normal().string();
}

struct OpenedFile {
  SettingsLayer layer;
  std::string absolute;
  std::string digest;
  bool others_write = false;
};

Result<OpenedFile> open_file(const std::string& path) {
  auto file = read_file_bytes(path, kMaxSettingsBytes);
  if (!file) {
    Error error = file.error();
    if (error.kind == ErrorKind::kNotFound)
      error.hint = "check the path, or make the file with: sallyport config default";
    return unexpected(std::move(error));
  }
  OpenedFile out;
  out.absolute = absolute_path(path);
  out.digest = digest_bytes(file->bytes);
  out.others_write = file->others_write;
  out.layer.source = {path, std::filesystem::path(out.absolute).parent_path().string(), true, file->others_read};
  auto root = parse_toml(file->bytes, path);
  wipe(file->bytes);
  if (!root) return unexpected(root.error());
  out.layer.root = std::move(*root);
  return out;
}

// The key of [store] key_file, with which this file's layer and the revision's open sealed secrets.
void take_seal_key(SettingsLayer& layer, std::vector<Error>& faults) {
  const TomlNode* node = find_value(layer.root, *find_setting("store.key_file"));
  if (!node || node->type != TomlType::text) return;  // told by its setter
  const std::string path = node->text.starts_with('/') ? node->text : layer.source.folder + "/" + node->text;
  auto sealer = read_sealer(path);
  if (sealer) {
    layer.source.sealer = std::move(*sealer);
    return;
  }
  sealer.error().place = place_text(layer.source.label, node->place);
  faults.push_back(sealer.error());
}

// In the order of the lines, as one reads and mends them.
void sort_by_place(std::vector<Error>& errors) {
  const auto key = [](const Error& error) {
    const std::string& place = error.place;
    const std::size_t column = place.rfind(':');
    const std::size_t line =
        column == std::string::npos || column == 0 ? std::string::npos : place.rfind(':', column - 1);
    if (line == std::string::npos) return std::tuple(place, 0ul, 0ul);
    return std::tuple(place.substr(0, line), std::strtoul(place.c_str() + line + 1, nullptr, 10),
                      std::strtoul(place.c_str() + column + 1, nullptr, 10));
  };
  std::stable_sort(errors.begin(), errors.end(), [&key](const Error& a, const Error& b) { return key(a) < key(b); });
}

// The layer's own texts may be secrets.
void wipe_texts(TomlNode& node) {
  wipe(node.text);
  for (TomlNode& item : node.items) wipe_texts(item);
  for (TomlMember& member : node.members) wipe_texts(member.value);
}

ShownValue show(const FoldedValue& value, const Settings& settings, std::optional<std::int64_t> revision) {
  ShownValue shown;
  shown.name = value.setting->name;
  if (!value.node) {
    shown.value = value.setting->derived ? value.setting->derived(settings) : std::string(value.setting->fallback);
    return shown;
  }
  shown.value = value.setting->secret ? "(set)" : to_toml(*value.node);
  shown.origin = value.layer->source.is_file ? ValueOrigin::file : ValueOrigin::store;
  shown.place = value.layer->source.is_file ? value.place() : fmt::format("revision {}", revision.value_or(0));
  return shown;
}

void set_all(const std::vector<FoldedValue>& values, Settings& settings, std::vector<Error>& faults,
             std::vector<Error>& warnings) {
  for (const FoldedValue& value : values) {
    if (!value.node) continue;
    ValueReader reader(value.layer->source, faults, warnings);
    value.setting->set(settings, *value.node, reader);
  }
}

void warn_of_ignored(const SettingsLayer& stored, std::vector<Error>& warnings) {
  std::vector<Error> none;
  ValueReader reader(stored.source, none, warnings);
  for (const Setting& setting : schema_settings())
    if (const TomlNode* node = setting.file_only ? find_value(stored.root, setting) : nullptr)
      reader.warn(node->place,
                  fmt::format("{} is needed before the store can be read, so a revision cannot set it", setting.name),
                  "set it in the file");
}

struct StoreText {
  std::string toml, label;
  std::int64_t revision = 0;
  bool check_pinned = false;
};

// The values of a revision that the file pins, read for their faults alone.
void check_pinned(const SettingsLayer& revision, const std::vector<FoldedValue>& values, std::vector<Error>& faults) {
  Settings scratch;
  std::vector<Error> unheard;
  for (const FoldedValue& value : values) {
    if (value.layer == &revision || value.setting->file_only) continue;
    if (const TomlNode* node = find_value(revision.root, *value.setting)) {
      ValueReader reader(revision.source, faults, unheard);
      value.setting->set(scratch, *node, reader);
    }
  }
}

// What the file sends along goes where the file says: a revision that names another address, another proxy or another
// authority would be handed it.
void keep_headers_home(const std::vector<FoldedValue>& values, const Settings& settings, std::vector<Error>& faults) {
  const auto value_of = [&](std::string_view name) -> const FoldedValue& {
    return *std::find_if(values.begin(), values.end(), [&](const FoldedValue& v) { return v.setting->name == name; });
  };
  const FoldedValue& headers = value_of("jwt.jwks_headers");
  if (!headers.node || !headers.layer->source.is_file) return;
  for (const std::string_view name :
       {"jwt.jwks_url", "jwt.issuer_discovery", "jwt.issuer", "jwt.jwks_proxy", "jwt.jwks_ca_file"}) {
    const FoldedValue& value = value_of(name);
    if (!value.node || value.layer->source.is_file || (name == "jwt.issuer" && !settings.jwt.jwks.discovery)) continue;
    faults.push_back(invalid(fmt::format("the settings file's jwks_headers would go where a revision's {} says", name),
                             "set both in the settings file, or take jwks_headers out of it", value.place()));
  }
}

Result<LoadedSettings, LoadFailure> load(const std::string& path, const std::optional<StoreText>& stored) {
  auto opened = open_file(path);
  if (!opened) return unexpected(LoadFailure{{opened.error()}});
  LoadFailure failure;
  LoadedSettings out;
  check_names(opened->layer, failure.faults);
  take_seal_key(opened->layer, failure.faults);

  std::optional<SettingsLayer> revision;
  if (stored) {
    out.revision = stored->revision;
    auto root = parse_toml(stored->toml, stored->label);
    if (!root) {
      failure.faults.push_back(root.error());
    } else {
      revision = SettingsLayer{{stored->label, opened->layer.source.folder, false, false, opened->layer.source.sealer},
                               std::move(*root)};
      check_names(*revision, failure.faults);
    }
  }

  const auto values = fold(opened->layer, revision ? &*revision : nullptr);
  set_all(values, out.settings, failure.faults, out.warnings);
  if (revision) keep_headers_home(values, out.settings, failure.faults);
  if (revision && stored->check_pinned) check_pinned(*revision, values, failure.faults);
  if (failure.faults.empty()) look_across(out.settings, values, failure.faults, out.warnings, out.advice);
  if (failure.faults.empty()) {
    if (opened->others_write)
      out.warnings.push_back(invalid("every user of this machine can change the settings", "chmod o-w " + path, path));
    if (revision) warn_of_ignored(*revision, out.warnings);
    for (const FoldedValue& value : values) out.values.push_back(show(value, out.settings, out.revision));
    out.file = opened->absolute;
    out.file_digest = opened->digest;
  }
  sort_by_place(failure.faults);
  wipe_texts(opened->layer.root);
  if (revision) wipe_texts(revision->root);
  if (!failure.faults.empty()) return unexpected(std::move(failure));
  return out;
}

}  // namespace

Result<LoadedSettings, LoadFailure> load_settings(const std::string& path,
                                                  const std::optional<StoredSettings>& stored) {
  if (!stored) return load(path, std::nullopt);
  return load(path, StoreText{stored->toml, fmt::format("revision {}", stored->revision), stored->revision, false});
}

Result<LoadedSettings, LoadFailure> check_revision(const std::string& path, const std::string& toml,
                                                   const std::string& label) {
  return load(path, StoreText{toml, label, 0, true});
}

Result<Settings, LoadFailure> load_file_only(const std::string& path) {
  auto opened = open_file(path);
  if (!opened) return unexpected(LoadFailure{{opened.error()}});
  LoadFailure failure;
  check_names(opened->layer, failure.faults);
  auto values = fold(opened->layer, nullptr);
  std::erase_if(values, [](const FoldedValue& value) { return !value.setting->file_only; });
  Settings settings;
  std::vector<Error> warnings;
  set_all(values, settings, failure.faults, warnings);
  wipe_texts(opened->layer.root);
  if (!failure.faults.empty()) return unexpected(std::move(failure));
  return settings;
}

Result<std::shared_ptr<const Sealer>> read_sealer(const std::string& path) {
  const Result<Secret> key = read_seal_key(path);
  if (!key) return unexpected(key.error());
  return std::make_shared<const Sealer>(key->view());
}

}  // namespace sallyport
