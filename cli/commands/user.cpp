// sallyport user add|list|show|set-password|enable|disable|delete
#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/commands/remote.h"
#include "cli/commands/user_common.h"
#include "cli/output.h"
#include "codec/utf8.h"

namespace sallyport::cli {
namespace {

constexpr const char* kConfig = "--config /etc/sallyport/sallyport.toml";

std::string example(std::string_view command) { return fmt::format("Example:\n  sallyport user {}", command); }

// "user anna: added"; with --json the user as he is now, and the generated password.
void say_done(Store& store, const UserOptions& options, std::string_view what, const Secret* generated = nullptr) {
  if (options.json) {
    const std::optional<UserRecord> user = must(store.find_user(options.name), true);
    Json out = user ? to_json(*user) : Json{{"username", options.name}};
    out["result"] = what;
    if (generated) out["password"] = std::string(generated->view());
    print(out);
    return;
  }
  fmt::print("user {}: {}\n", printable(options.name), what);
  if (generated) fmt::print("password: {}\n  hint: it is shown this once; only its hash is kept\n", generated->view());
}

void check_name(const UserOptions& options) {
  if (options.name.empty()) fail(invalid("the user name is empty"), kUsage, options.json);
  if (!is_utf8(options.name)) fail(invalid("the user name is not UTF-8, which MQTT demands"), kUsage, options.json);
}

void add(const UserOptions& options) {
  check_name(options);
  if (options.server.given()) return remote_add_user(options);
  const auto store = open_configured_store(options.config, StoreAccess::write, options.json);
  // Told before a password is asked for.
  if (must(store->find_user(options.name), options.json))
    fail({ErrorKind::kConflict, fmt::format("there is a user {} already", printable(options.name)),
          "sallyport user set-password gives it another password", ""},
         options.json);
  const Secret password = obtain_password(options);
  UserRecord user{options.name, must(hash_password(password.view(), options.profile()), options.json),
                  !options.disabled, options.superuser, 0};
  must(store->put_users({user}, WriteMode::create_only), options.json);
  say_done(*store, options, "added", options.generate ? &password : nullptr);
}

void set_password(const UserOptions& options) {
  if (options.server.given()) return remote_set_password(options);
  const auto store = open_configured_store(options.config, StoreAccess::write, options.json);
  const auto before = must(store->find_user(options.name), options.json);
  if (!before)
    fail({ErrorKind::kNotFound, fmt::format("there is no user {}", printable(options.name)),
          "sallyport user add makes one", ""},
         options.json);
  const Secret password = obtain_password(options);
  must(store->set_hash(options.name, must(hash_password(password.view(), options.profile()), options.json), 0),
       options.json);
  say_done(*store, options, "password set", options.generate ? &password : nullptr);
}

void set_enabled(const UserOptions& options, bool enabled) {
  if (options.server.given()) return remote_set_enabled(options, enabled);
  const auto store = open_configured_store(options.config, StoreAccess::write, options.json);
  if (Result<void> done = store->set_enabled(options.name, enabled); !done) {
    Error error = done.error();
    error.cause = printable(error.cause);
    fail(error, options.json);
  }
  say_done(*store, options, enabled ? "enabled" : "disabled");
}

void remove(const UserOptions& options) {
  if (options.server.given()) return remote_delete_user(options);
  const auto store = open_configured_store(options.config, StoreAccess::write, options.json);
  if (Result<void> done = store->delete_user(options.name); !done) {
    Error error = done.error();
    error.cause = printable(error.cause);
    fail(error, options.json);
  }
  say_done(*store, options, "deleted");
}

void list(const UserOptions& options) {
  if (options.server.given()) return remote_list_users(options);
  const auto store = open_configured_store(options.config, StoreAccess::read, options.json);
  // One more than is shown tells whether there is more.
  std::vector<UserRecord> users =
      must(store->list_users({options.after, options.search, options.limit + 1}), options.json);
  const bool more = users.size() > options.limit;
  if (more) users.pop_back();
  if (options.json) {
    Json out{{"users", Json::array()}, {"total", must(store->count_users(), true)}, {"next", nullptr}};
    for (const UserRecord& user : users) out["users"].push_back(to_json(user));
    if (more) out["next"] = users.back().username;
    print(out);
    return;
  }
  std::vector<std::vector<std::string>> rows{{"NAME", "ENABLED", "SUPERUSER", "HASH"}};
  for (const UserRecord& user : users)
    rows.push_back(
        {printable(user.username), user.enabled ? "yes" : "no", user.is_superuser ? "yes" : "no", hash_words(user)});
  if (users.empty())
    std::fprintf(stderr, "no users\n");
  else
    std::fputs(table(rows).c_str(), stdout);
  if (more) std::fprintf(stderr, "there are more\n  hint: --after '%s'\n", printable(users.back().username).c_str());
}

void show(const UserOptions& options) {
  if (options.server.given()) return remote_show_user(options);
  const auto store = open_configured_store(options.config, StoreAccess::read, options.json);
  const auto user = must(store->find_user(options.name), options.json);
  if (!user)
    fail({ErrorKind::kNotFound, fmt::format("there is no user {}", printable(options.name)),
          "see the names with: sallyport user list", ""},
         options.json);
  if (options.json) return print(to_json(*user));
  fmt::print("name:      {}\nenabled:   {}\nsuperuser: {}\nhash:      {}\nversion:   {}\n", printable(user->username),
             user->enabled ? "yes" : "no", user->is_superuser ? "yes" : "no", hash_words(*user), user->version);
}

}  // namespace

void add_user_commands(CLI::App& app) {
  auto options = std::make_shared<UserOptions>();
  CLI::App* user = app.add_subcommand("user", "the users of default authentication");
  user->require_subcommand(1);
  user->footer(example(fmt::format("add {} pump-7 --generate", kConfig)));
  const auto command = [&](const char* name, const char* about, const std::string& shown) {
    CLI::App* made = user->add_subcommand(name, about);
    add_common_options(made, *options);
    made->footer(example(fmt::format("{} {} {}", name, kConfig, shown)));
    return made;
  };
  const auto named = [&](const char* name, const char* about, const std::string& shown) {
    CLI::App* made = command(name, about, shown);
    made->add_option("name", options->name, "the user name, byte for byte as clients send it")->required();
    return made;
  };

  CLI::App* adds = named("add", "add a user; the store is made where there is none", "pump-7 --generate");
  add_password_options(adds, *options);
  adds->add_flag("--superuser", options->superuser, "may publish and subscribe everything");
  adds->add_flag("--disabled", options->disabled, "is refused until: user enable");
  adds->callback([options] { add(*options); });

  CLI::App* lists = command("list", "list users by name", "--search pump");
  lists->add_option("--search", options->search, "only names with this text in them");
  lists->add_option("--after", options->after, "only names after this one");
  lists->add_option("--limit", options->limit, "at most so many (1000)")->check(CLI::Range(1, 1'000'000));
  lists->callback([options] { list(*options); });

  named("show", "show a user; hashes are never shown", "pump-7")->callback([options] { show(*options); });

  CLI::App* sets = named("set-password", "give a user another password", "pump-7 --password-stdin < password.txt");
  add_password_options(sets, *options);
  sets->callback([options] { set_password(*options); });

  named("enable", "let a disabled user in again", "pump-7")->callback([options] { set_enabled(*options, true); });
  named("disable", "refuse a user from now on", "pump-7")->callback([options] { set_enabled(*options, false); });
  named("delete", "delete a user", "pump-7")->callback([options] { remove(*options); });
  add_user_import_command(user);
  add_user_export_commands(user);
}

}  // namespace sallyport::cli
