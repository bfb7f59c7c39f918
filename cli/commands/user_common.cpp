#include "cli/commands/user_common.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/output.h"
#include "config/load.h"
#include "users/hash_form.h"

namespace sallyport::cli {

void add_common_options(CLI::App* command, UserOptions& options) {
  add_place_options(command, options.config, options.server, "the settings file, which names the store");
  command->add_flag("--json", options.json, "one JSON value");
}

void add_password_options(CLI::App* command, UserOptions& options) {
  CLI::Option* in = command->add_flag("--password-stdin", options.password_stdin,
                                      "read the password from standard input (one newline at its end is taken off)");
  command->add_flag("--generate", options.generate, "make a random password and show it once")->excludes(in);
  command->add_flag(
      "--strong", options.strong,
      "a hash of 64 MiB, for a person's password; each wrong guess then holds a Mosquitto broker for about 70 ms");
}

std::unique_ptr<Store> open_configured_store(const std::string& config, StoreAccess access, bool json) {
  const Result<Settings, LoadFailure> settings = load_file_only(config);
  if (!settings) {
    for (std::size_t i = 1; i < settings.error().faults.size() && !json; ++i)
      std::fprintf(stderr, "sallyport: %s\n", printable(settings.error().faults[i].to_text()).c_str());
    fail(settings.error().faults.front(), json);
  }
  return must(open_store(settings->store.url, access), json);
}

Secret obtain_password(const UserOptions& options) {
  if (options.generate) {
    std::string made = generate_password();
    Secret password(made);
    wipe(made);
    return password;
  }
  constexpr std::size_t longest = 65535;
  std::string text = options.password_stdin ? read_stdin(longest, true) : prompt_password(true);
  Secret password(text);
  wipe(text);
  if (password.empty()) fail(invalid("the password is empty", "--generate makes a random one"), kUsage, options.json);
  if (password.view().find('\0') != std::string_view::npos)
    fail(invalid("the password has a NUL character in it", "brokers cannot pass it on"), kUsage, options.json);
  const std::string why = weakness(password.view());
  if (!why.empty())
    std::fprintf(stderr, "warning: the password is weak: %s\n  hint: --generate makes a random one\n", why.c_str());
  return password;
}

void print(const Json& value) { std::puts(value.dump(2, ' ', false, Json::error_handler_t::replace).c_str()); }

std::string hash_words(const UserRecord& user) {
  const Result<HashForm> form = parse_hash(user.hash);
  return form ? describe(*form) + (is_weak_hash(user.hash) ? " (weak)" : "") : "unreadable";
}

Json to_json(const UserRecord& user) {
  return {{"username", user.username},
          {"enabled", user.enabled},
          {"is_superuser", user.is_superuser},
          {"hash", hash_words(user)},
          {"version", user.version}};
}

}  // namespace sallyport::cli
