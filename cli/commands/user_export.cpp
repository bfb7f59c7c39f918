// sallyport user export|template
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands/user_common.h"
#include "codec/base64url.h"
#include "users/csv_reader.h"
#include "users/hash_form.h"

namespace sallyport::cli {
namespace {

// Passwords that an import kept plain are not handed on: their field stays empty, and they are counted.
void export_users(const UserOptions& options) {
  const auto store = open_configured_store(options.config, StoreAccess::read, options.json);
  std::size_t plain = 0;
  bool first = true;
  std::fputs(options.json ? "[" : "username,password_hash,is_superuser,enabled\n", stdout);
  const Result<void> read = store->for_each_user([&](const UserRecord& user) {
    const bool hidden = user.hash.starts_with("$plain$");
    plain += hidden ? 1 : 0;
    if (options.json) {
      Json out{{"username", user.username},
               {"password_hash", hidden ? "" : user.hash},
               {"is_superuser", user.is_superuser},
               {"enabled", user.enabled}};
      std::fputs(first ? "\n" : ",\n", stdout);
      std::fputs(out.dump(-1, ' ', false, Json::error_handler_t::replace).c_str(), stdout);
    } else {
      const std::string line = fmt::format("{},{},{},{}\n", csv_field(user.username),
                                           csv_field(hidden ? "" : user.hash), user.is_superuser, user.enabled);
      std::fputs(line.c_str(), stdout);
    }
    first = false;
    return std::ferror(stdout) == 0;
  });
  if (options.json) std::fputs("\n]\n", stdout);
  std::fflush(stdout);
  if (!read) fail(read.error(), false);
  if (std::ferror(stdout)) fail({ErrorKind::kUnavailable, "standard output cannot take the rest", "", ""}, false);
  if (plain > 0) std::fprintf(stderr, "warning: %zu users have a plain password, which is left out\n", plain);
}

}  // namespace

void add_user_export_commands(CLI::App* user) {
  auto options = std::make_shared<UserOptions>();
  CLI::App* exports = user->add_subcommand("export", "all users as CSV, or as a JSON array, as user import takes them");
  exports->add_option("--config", options->config, "the settings file, which names the store")->required();
  exports->add_flag("--json", options->json, "one JSON value");
  exports->footer(
      "Passwords are never in it; hashes are: keep the file as you keep the store.\n\nExample:\n"
      "  sallyport user export --config /etc/sallyport/sallyport.toml > users.csv");
  exports->callback([options] { export_users(*options); });

  CLI::App* shows =
      user->add_subcommand("template", "print the header of a CSV file for user import, with example rows");
  shows->footer("Example:\n  sallyport user template > users.csv");
  shows->callback([] {
    std::fputs(
        "username,password,is_superuser,enabled\n"
        "pump-7,the password of pump-7,false,true\n"
        "\"comma, and \"\"quote\"\"\",another password,,\n",
        stdout);
  });
}

}  // namespace sallyport::cli
