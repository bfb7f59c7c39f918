// One file a command under cli/commands/; each has one function that hangs its
// subcommand into the app. cli/main.cpp lists them in the order of --help.
#pragma once

#include <CLI/CLI.hpp>

#include "base/error.h"

namespace sallyport::cli {

// Exit codes of every command.
enum Exit : int { kYes = 0, kRefused = 1, kUsage = 2, kEnvironment = 3 };

// Commands run inside CLI11's callbacks and say their exit code by throwing it.
struct ExitWith {
  int code;
};

void add_user_commands(CLI::App& app);     // commands/user.cpp
void add_config_commands(CLI::App& app);   // commands/config.cpp
void add_reasons_command(CLI::App& app);   // commands/reasons.cpp
void add_decide_command(CLI::App& app);    // commands/decide.cpp
void add_jws_commands(CLI::App& app);      // commands/jws.cpp
void add_token_commands(CLI::App& app);    // commands/token.cpp
void add_key_commands(CLI::App& app);      // commands/key.cpp
void add_keys_commands(CLI::App& app);     // commands/keys.cpp: keys list, refresh, doctor
void add_store_commands(CLI::App& app);    // commands/store.cpp: migrate, export, import, check
void add_revoke_commands(CLI::App& app);   // commands/revoke.cpp
void add_block_commands(CLI::App& app);    // commands/block.cpp
void add_session_commands(CLI::App& app);  // commands/session.cpp
void add_running_commands(CLI::App& app);  // commands/running.cpp: status, reload, metrics, why

// Prints "sallyport: CAUSE\n  hint: …" to standard error (with --json: an object to standard output) and leaves
// with the code that fits the error's kind: kNotFound/kConflict/kInvalid -> 1, kDenied/kUnavailable/kInternal -> 3.
[[noreturn]] void fail(const Error& error, bool json = false);
[[noreturn]] void fail(const Error& error, int code, bool json);

}  // namespace sallyport::cli
