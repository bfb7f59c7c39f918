// What `revoke` and `block` share: showing entries, finding one, moments of options.
#pragma once

#include <string>
#include <vector>

#include "bars/bar.h"
#include "cli/commands/user_common.h"

namespace sallyport::cli {

struct BarOptions {
  ServerPlace server;
  std::string config, why, search, issuer, until, issued_before;
  bool json = false, pattern = false;
  std::vector<std::int64_t> ids;
  std::int64_t after = 0;
  std::size_t limit = 1000;
  // By name() of a kind; one of them is given.
  std::string jti, principal, kid, client_id, username, address;
};

void add_bar_common(CLI::App* command, BarOptions& options);
void add_bar_list_options(CLI::App* command, BarOptions& options);

// The kind and value that the options name. Exactly one of those of the class; leaves where it is not one.
BarRecord named_bar(BarClass of, const BarOptions& options);
// The moment of an option; kForever where it is empty. Leaves where it is none.
UnixSeconds moment_of(const std::string& text, const char* option, bool json);

Json to_json(const BarRecord& bar);
// "jti 4b1c, until 2026-11-24T12:00:00Z"
std::string words_of(const BarRecord& bar);
// The entry that the options name by id or by value; leaves where there is none.
std::vector<BarRecord> find_bars(Store& store, BarClass of, const BarOptions& options);

void add_bar(BarClass of, const BarOptions& options);
// `more`: further members of the JSON answer.
void list_bars(BarClass of, const BarOptions& options, const Json& more = Json::object());
// `let_go`: what is named was slowed by guessing and is not any more; then there need be no block.
void remove_bars(BarClass of, const BarOptions& options, bool let_go = false);

}  // namespace sallyport::cli
