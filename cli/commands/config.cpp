#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "admin/settings_draft.h"
#include "cli/command.h"
#include "cli/commands/convert.h"
#include "cli/commands/remote.h"
#include "cli/key_files.h"
#include "cli/output.h"
#include "cli/source_check.h"
#include "codec/base64url.h"
#include "config/file_bytes.h"
#include "config/load.h"
#include "config/toml_tree.h"
#include "crypto/random.h"
#include "jose/key_set.h"
#include "store/store.h"
#include "users/password_hash.h"

namespace sallyport::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ConfigOptions {
  std::string config, file, comment;
  ServerPlace server;
  bool json = false;
};

void print(const Json& value) { std::puts(value.dump(2, ' ', false, Json::error_handler_t::replace).c_str()); }

// "path:12:3" in parts, so that an editor can jump there.
Json to_json(const Error& error) {
  Json out{{"place", error.place}, {"cause", error.cause}, {"hint", error.hint}};
  const std::size_t column = error.place.rfind(':');
  const std::size_t line = column == std::string::npos || column == 0 ? column : error.place.rfind(':', column - 1);
  if (line == std::string::npos) return out;
  const auto number = [](std::string_view digits) {
    return !digits.empty() && digits.size() < 9 && digits.find_first_not_of("0123456789") == std::string_view::npos
               ? std::stoi(std::string(digits))
               : 0;
  };
  const std::string_view place = error.place;
  out["file"] = place.substr(0, line);
  out["line"] = number(place.substr(line + 1, column - line - 1));
  out["column"] = number(place.substr(column + 1));
  return out;
}
Json to_json(const std::vector<Error>& errors) {
  Json out = Json::array();
  for (const Error& error : errors) out.push_back(to_json(error));
  return out;
}

// Everything that `config check` found.
struct Checked {
  std::optional<LoadedSettings> loaded;
  std::vector<Error> faults, warnings, advice;
  bool environment = false;  // the faults are not the settings' own
};

void take(Checked& out, Result<LoadedSettings, LoadFailure> loaded) {
  if (!loaded) {
    out.faults = loaded.error().faults;
    return;
  }
  out.loaded = std::move(*loaded);
  out.warnings = out.loaded->warnings;
  out.advice = out.loaded->advice;
}

// Settings with the store's current revision. A store that is not there yet is read as empty.
Checked load_with_store(const std::string& path, std::unique_ptr<Store>& store) {
  Checked out;
  const auto alone = load_file_only(path);
  if (!alone || alone->store.url.empty()) {
    take(out, load_settings(path, std::nullopt));
    return out;
  }
  auto opened = open_store(alone->store.url, StoreAccess::read);
  if (opened) store = std::move(*opened);
  auto revision =
      store ? store->current_settings() : Result<std::optional<SettingsRevision>>(unexpected(opened.error()));
  if (!revision) {
    take(out, load_settings(path, std::nullopt));
    Error error = revision.error();
    if (error.place.empty()) error.place = path;
    error.cause = "the store cannot be read: " + error.cause;
    out.environment = out.faults.empty();
    out.faults.push_back(std::move(error));
    return out;
  }
  std::optional<StoredSettings> stored;
  if (*revision) stored = StoredSettings{(*revision)->toml, (*revision)->number};
  take(out, load_settings(path, stored));
  return out;
}

std::string place_of(const LoadedSettings& loaded, std::string_view name) {
  for (const ShownValue& value : loaded.values)
    if (value.name == name) return value.place;
  return {};
}

void check_key_files(Checked& checked) {
  const JwtSettings& jwt = checked.loaded->settings.jwt;
  for (const std::string& path : jwt.public_key_files) {
    const std::string place = place_of(*checked.loaded, "jwt.public_key_file");
    auto file = read_file_bytes(path, kMaxSettingsBytes);
    if (!file) {
      file.error().place = place;
      checked.faults.push_back(file.error());
      continue;
    }
    KeyOptions options;
    options.label = path;
    auto keys = parse_key_document(file->bytes, KeyDocumentPolicy::trusted_file, options);
    if (!keys) {
      Error error = keys.error();
      error.cause = path + ": " + (error.place.empty() ? "" : error.place + ": ") + error.cause;
      error.place = place;
      checked.faults.push_back(std::move(error));
      continue;
    }
    for (const KeyPtr& key : keys->keys)
      if (!(key->algorithms() & jwt.allowed_algorithms))
        checked.warnings.push_back(invalid(
            fmt::format("{}: allowed_algorithms names none that this key ({}) can verify", path, name(key->kind())),
            "add one that it can, or take the key out", place));
  }
}

void check_users(Checked& checked, Store& store) {
  if (!checked.loaded->settings.password.enabled) return;
  std::size_t users = 0, weak = 0;
  const auto counted = store.for_each_user([&](const UserRecord& user) {
    ++users;
    if (is_weak_hash(user.hash)) ++weak;
    return true;
  });
  if (!counted) return;
  if (users == 0)
    checked.advice.push_back(
        invalid("the store has no users yet", "add one with: sallyport user add --config FILE NAME --generate"));
  if (weak > 0)
    checked.advice.push_back(invalid(fmt::format("{} of {} users have a weak imported password hash", weak, users),
                                     "each is replaced after its user's next right password"));
}

void print_kind(std::string& out, std::string_view kind, const std::vector<Error>& errors) {
  for (const Error& error : errors) {
    if (!kind.empty()) out += fmt::format("{}: ", kind);
    if (!error.place.empty()) out += fmt::format("{}: ", printable(error.place));
    out += printable(error.cause) + "\n";
    if (!error.hint.empty()) out += fmt::format("  hint: {}\n", printable(error.hint));
  }
}

[[noreturn]] void fail_with_faults(const std::vector<Error>& faults, const ConfigOptions& options, int code) {
  if (options.json) {
    print(Json{{"error", "the settings do not load"}, {"faults", to_json(faults)}});
  } else {
    std::string out;
    print_kind(out, "sallyport", faults);
    std::fputs(out.c_str(), stderr);
  }
  throw ExitWith{code};
}

void check(const ConfigOptions& options) {
  std::unique_ptr<Store> store;
  Checked checked = load_with_store(options.config, store);
  if (checked.loaded) {
    check_key_files(checked);
    if (store) check_users(checked, *store);
  }
  const bool sound = checked.faults.empty();
  if (options.json) {
    Json out{{"file", options.config}, {"ok", sound}, {"revision", nullptr}};
    if (checked.loaded && checked.loaded->revision) out["revision"] = *checked.loaded->revision;
    out["faults"] = to_json(checked.faults);
    out["warnings"] = to_json(checked.warnings);
    out["advice"] = to_json(checked.advice);
    print(out);
  } else {
    std::string out;
    print_kind(out, "", checked.faults);
    print_kind(out, "warning", checked.warnings);
    print_kind(out, "advice", checked.advice);
    const auto count = [](std::size_t n, std::string_view one, std::string_view many) {
      return fmt::format("{} {}", n, n == 1 ? one : many);
    };
    out += sound ? fmt::format("{}: sound", printable(options.config))
                 : fmt::format("{}: {}", printable(options.config), count(checked.faults.size(), "fault", "faults"));
    if (!checked.warnings.empty()) out += ", " + count(checked.warnings.size(), "warning", "warnings");
    if (!checked.advice.empty()) out += fmt::format(", {} of advice", count(checked.advice.size(), "piece", "pieces"));
    std::puts(out.c_str());
  }
  const bool unreadable = checked.faults.size() == 1 && checked.faults[0].kind == ErrorKind::kDenied && !checked.loaded;
  if (!sound) throw ExitWith{checked.environment || unreadable ? kEnvironment : kRefused};
}

std::string_view name(ValueOrigin origin) {
  switch (origin) {
    case ValueOrigin::file:
      return "file";
    case ValueOrigin::store:
      return "store";
    case ValueOrigin::fallback:
      return "default";
  }
  return {};
}

std::string shortened(const std::string& value) {
  constexpr std::size_t most = 72;
  if (value.empty()) return "(not set)";
  return value.size() <= most ? printable(value) : printable(value.substr(0, most)) + "...";
}

void show(const ConfigOptions& options) {
  std::unique_ptr<Store> store;
  const Checked checked = load_with_store(options.config, store);
  if (!checked.loaded || !checked.faults.empty())
    fail_with_faults(checked.faults, options, checked.environment ? kEnvironment : kRefused);
  if (options.json) {
    Json values = Json::array();
    for (const ShownValue& value : checked.loaded->values)
      values.push_back(
          {{"name", value.name}, {"value", value.value}, {"origin", name(value.origin)}, {"place", value.place}});
    Json out{{"file", checked.loaded->file}, {"revision", nullptr}, {"values", std::move(values)}};
    if (checked.loaded->revision) out["revision"] = *checked.loaded->revision;
    return print(out);
  }
  std::vector<std::vector<std::string>> rows{{"NAME", "VALUE", "FROM"}};
  for (const ShownValue& value : checked.loaded->values)
    rows.push_back({value.name, shortened(value.value),
                    value.place.empty() ? std::string(name(value.origin)) : printable(value.place)});
  std::fputs(table(rows).c_str(), stdout);
}

// How many names of the new revision the file pins.
std::size_t pinned(const LoadedSettings& loaded, const TomlNode& revision) {
  std::size_t count = 0;
  for (const ShownValue& value : loaded.values) {
    const std::size_t dot = value.name.find('.');
    const TomlNode* section = revision.find(value.name.substr(0, dot));
    if (value.origin == ValueOrigin::file && section && dot != std::string::npos &&
        section->find(value.name.substr(dot + 1)))
      ++count;
  }
  return count;
}

// The text that is kept: the file's own, or, where it has secrets, one without comments and with the secrets sealed.
std::string text_to_keep(const ConfigOptions& options, const std::optional<SettingsRevision>& current,
                         std::string& bytes) {
  auto state = read_settings_state(options.config, current);
  if (!state) fail({ErrorKind::kUnavailable, state.error().cause, state.error().hint, ""}, options.json);
  auto root = parse_toml(bytes, options.file);
  if (!root) fail(root.error(), options.json);
  StoredValues values = values_of(*root);
  const Result<std::size_t> sealed = seal_secrets(*state, values);
  if (!sealed) fail(sealed.error(), options.json);
  if (*sealed == 0) return bytes;
  wipe(bytes);
  return to_revision_text(values).toml;
}

void import_file(const ConfigOptions& options) {
  const auto alone = load_file_only(options.config);
  if (!alone) fail_with_faults(alone.error().faults, options, kRefused);
  if (alone->store.url.empty())
    fail(invalid("the settings name no store",
                 "set url under [store], for example \"sqlite:///var/lib/sallyport/store.db\"", options.config),
         options.json);
  auto file = read_file_bytes(options.file, kMaxSettingsBytes);
  if (!file) fail(file.error(), options.json);
  const auto checked = check_revision(options.config, file->bytes, options.file);
  if (!checked) fail_with_faults(checked.error().faults, options, kRefused);

  auto store = open_store(alone->store.url, StoreAccess::write);
  if (!store) fail(store.error(), options.json);
  const auto current = (*store)->current_settings();
  if (!current) fail(current.error(), options.json);
  const auto root = parse_toml(file->bytes, options.file);
  const std::string text = text_to_keep(options, *current, file->bytes);
  const bool unchanged = *current && (*current)->toml == text;
  std::int64_t number = unchanged ? (*current)->number : 0;
  if (!unchanged) {
    const std::string comment = options.comment.empty() ? "import of " + options.file : options.comment;
    const auto made = (*store)->put_settings(text, author(), comment, *current ? (*current)->number : 0);
    if (!made) fail(made.error(), options.json);
    number = made->number;
  }
  // What the settings file's own lines deserve is `config check`'s to say.
  std::vector<Error> warnings = checked->warnings;
  std::erase_if(warnings, [&](const Error& w) { return !w.place.empty() && !w.place.starts_with(options.file + ":"); });
  // An address that cannot be reached now may be saved: it may be right tomorrow.
  if (!unchanged)
    for (Error& warning : source_warnings(checked->settings)) warnings.push_back(std::move(warning));
  const std::size_t held = root ? pinned(*checked, *root) : 0;
  if (options.json)
    return print(Json{{"revision", number},
                      {"changed", !unchanged},
                      {"pinned", held},
                      {"warnings", to_json(warnings)},
                      {"advice", to_json(checked->advice)}});
  std::string out;
  print_kind(out, "warning", warnings);
  std::fputs(out.c_str(), stderr);
  std::puts(unchanged ? fmt::format("revision {} has this text already", number).c_str()
                      : fmt::format("made revision {}; a running broker takes it within a second", number).c_str());
  if (held > 0)
    std::puts(fmt::format("{} of its values {} pinned by {} and without effect until it leaves them out", held,
                          held == 1 ? "is" : "are", printable(options.config))
                  .c_str());
}

void make_seal_key(const ConfigOptions& options) {
  std::string key = encode_hex(random_bytes(32)) + "\n";
  const Result<void> written = write_new_file(options.file, key, true);
  wipe(key);
  if (!written) fail(written.error(), options.json);
  std::puts(fmt::format("made {}; set key_file under [store] to it", printable(options.file)).c_str());
}

}  // namespace

void add_config_commands(CLI::App& app) {
  auto options = std::make_shared<ConfigOptions>();
  CLI::App* config = app.add_subcommand("config", "check, show, print and import settings");
  config->require_subcommand(1);
  config->footer("Example:\n  sallyport config check --config /etc/sallyport/sallyport.toml");

  CLI::App* checks = config->add_subcommand("check", "find every fault of a settings file; exit 1 where there is one");
  checks->add_option("--config,file", options->config, "the settings file")->required();
  checks->add_flag("--json", options->json, "one JSON object");
  checks->footer(
      "Warnings and advice leave exit 0.\n\nExample:\n  sallyport config check --config /etc/sallyport/sallyport.toml");
  checks->callback([options] { check(*options); });

  CLI::App* shows =
      config->add_subcommand("show", "each value and where it is from: the file, a revision of the store, the default");
  CLI::Option_group* shown = shows->add_option_group("where", "one of the two");
  shown->add_option("--config,file", options->config, "the settings file");
  shown->add_option("--server", options->server.url, "a daemon's console, https://HOST:PORT, asked with an API token");
  shown->require_option(1);
  add_token_options(shows, options->server);
  shows->add_flag("--json", options->json, "one JSON object");
  shows->footer(
      "Secrets are shown as \"(set)\".\n\nExample:\n  sallyport config show --config /etc/sallyport/sallyport.toml");
  shows->callback(
      [options] { options->server.given() ? remote_show_settings(options->server, options->json) : show(*options); });

  CLI::App* defaults =
      config->add_subcommand("default", "print a settings file with every setting, its words and its default");
  defaults->footer("Example:\n  sallyport config default > sallyport.toml");
  defaults->callback([] { std::fputs(default_settings_toml().c_str(), stdout); });

  CLI::App* imports =
      config->add_subcommand("import", "make a revision in the store out of a file, once it is without faults");
  add_place_options(imports, options->config, options->server, "the settings file that names the store");
  imports->add_option("file", options->file, "the file whose settings become the revision")->required();
  imports->add_option("--comment", options->comment, "why, kept with the revision");
  imports->add_flag("--json", options->json, "one JSON object");
  imports->footer(
      "Relative paths in FILE start at the folder of the settings file of --config. Secrets are kept sealed under "
      "[store] "
      "key_file.\n\nExample:\n  sallyport config "
      "import --config /etc/sallyport/sallyport.toml rules.toml --comment \"leeway for the old gateways\"");
  imports->callback([options] {
    options->server.given() ? remote_import_settings(options->server, options->file, options->comment, options->json)
                            : import_file(*options);
  });

  add_convert_command(*config);

  CLI::App* seals =
      config->add_subcommand("seal-key", "make the key file of [store] key_file, under which revisions' secrets lie");
  seals->add_option("file", options->file, "the file to make; one that is there is never overwritten")->required();
  seals->footer(
      "Plugin and daemon must be able to read it, and nobody else.\n\nExample:\n  sallyport config seal-key "
      "/etc/sallyport/store.key");
  seals->callback([options] { make_seal_key(*options); });

  CLI::App* reference = config->add_subcommand("reference", "print docs/configuration.md");
  reference->footer("Example:\n  sallyport config reference > docs/configuration.md");
  reference->callback([] { std::fputs(settings_reference_markdown().c_str(), stdout); });
}

}  // namespace sallyport::cli
