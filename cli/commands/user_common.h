// What the user commands share: the store of a settings file, asking for a password, showing a user.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/secret.h"
#include "cli/command.h"
#include "cli/server.h"
#include "store/store.h"
#include "users/password_hash.h"

namespace sallyport::cli {

using Json = nlohmann::ordered_json;

struct UserOptions {
  std::string config, name, search, after;
  ServerPlace server;
  std::size_t limit = 1000;
  bool json = false;
  bool password_stdin = false, generate = false, strong = false, superuser = false, disabled = false;

  HashProfile profile() const { return strong ? HashProfile::strong : HashProfile::device; }
};

void add_common_options(CLI::App* command, UserOptions& options);
void add_password_options(CLI::App* command, UserOptions& options);

// The store that the settings file names; leaves with the error where it cannot be opened.
std::unique_ptr<Store> open_configured_store(const std::string& config, StoreAccess access, bool json);
// The value, or leaves with the error.
template <class T>
T must(Result<T> result, bool json) {
  if (!result) fail(result.error(), json);
  return std::move(*result);
}
inline void must(Result<void> result, bool json) {
  if (!result) fail(result.error(), json);
}

// From --generate, --password-stdin or the terminal; warns where it is weak.
Secret obtain_password(const UserOptions& options);

void print(const Json& value);
Json to_json(const UserRecord& user);
std::string hash_words(const UserRecord& user);  // "argon2, 2048 KiB, 2 passes"; never the hash

void add_user_import_command(CLI::App* user);   // user_import.cpp
void add_user_export_commands(CLI::App* user);  // user_export.cpp: export, template

}  // namespace sallyport::cli
