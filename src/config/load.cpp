#include "config/load.h"

#include <fmt/format.h>

#include <filesystem>

#include "config/advice.h"
#include "config/file_bytes.h"
#include "config/fold.h"

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

// The layer's own texts may be secrets.
void wipe_texts(TomlNode& node) {
  wipe(node.text);
  for (TomlNode& item : node.items) wipe_texts(item);
  for (TomlMember& member : node.members) wipe_texts(member.value);
}

ShownValue show(const FoldedValue& value, const Settings& settings, const std::optional<StoredSettings>& stored) {
  ShownValue shown;
  shown.name = value.setting->name;
  if (!value.node) {
    shown.value = value.setting->derived ? value.setting->derived(settings) : std::string(value.setting->fallback);
    return shown;
  }
  shown.value = value.setting->secret ? "(set)" : to_toml(*value.node);
  shown.origin = value.layer->source.is_file ? ValueOrigin::file : ValueOrigin::store;
  shown.place = value.layer->source.is_file ? value.place() : fmt::format("revision {}", stored->revision);
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

}  // namespace

Result<LoadedSettings, LoadFailure> load_settings(const std::string& path,
                                                  const std::optional<StoredSettings>& stored) {
  auto opened = open_file(path);
  if (!opened) return unexpected(LoadFailure{{opened.error()}});
  LoadFailure failure;
  LoadedSettings out;
  check_names(opened->layer, failure.faults);

  std::optional<SettingsLayer> revision;
  if (stored) {
    out.revision = stored->revision;
    revision.emplace();
    revision->source = {fmt::format("revision {}", stored->revision), opened->layer.source.folder, false, false};
    auto root = parse_toml(stored->toml, revision->source.label);
    if (!root) {
      failure.faults.push_back(root.error());
      revision.reset();
    } else {
      revision->root = std::move(*root);
      check_names(*revision, failure.faults);
    }
  }

  const auto values = fold(opened->layer, revision ? &*revision : nullptr);
  set_all(values, out.settings, failure.faults, out.warnings);
  if (failure.faults.empty()) look_across(out.settings, values, failure.faults, out.warnings, out.advice);
  if (failure.faults.empty()) {
    if (opened->others_write)
      out.warnings.push_back(invalid("every user of this machine can change the settings", "chmod o-w " + path, path));
    if (revision) warn_of_ignored(*revision, out.warnings);
    for (const FoldedValue& value : values) out.values.push_back(show(value, out.settings, stored));
    out.file = opened->absolute;
    out.file_digest = opened->digest;
  }
  wipe_texts(opened->layer.root);
  if (revision) wipe_texts(revision->root);
  if (!failure.faults.empty()) return unexpected(std::move(failure));
  return out;
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

}  // namespace sallyport
