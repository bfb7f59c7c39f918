// What the commands do where --server is given: the same questions, over the daemon's REST.
#pragma once

#include <string>

#include "cli/commands/bar_common.h"
#include "cli/commands/user_common.h"
#include "cli/server.h"

namespace sallyport::cli {

// remote_user.cpp
void remote_add_user(const UserOptions& options);
void remote_set_password(const UserOptions& options);
void remote_set_enabled(const UserOptions& options, bool enabled);
void remote_delete_user(const UserOptions& options);
void remote_list_users(const UserOptions& options);
void remote_show_user(const UserOptions& options);
struct RemoteImport {
  std::string bytes, file_name, format, hash, salt_position, salt_encoding;
  std::uint32_t iterations = 0;
  bool dry_run = false, skip_bad = false, replace = false;
};
void remote_import_users(const UserOptions& options, RemoteImport order);

// remote_bars.cpp
void remote_add_bar(BarClass of, const BarOptions& options);
void remote_list_bars(BarClass of, const BarOptions& options);
void remote_remove_bars(BarClass of, const BarOptions& options);
// The rows were found good here; how many the server took.
std::int64_t remote_import_bars(const BarOptions& options, std::string csv);

// remote_config.cpp
void remote_show_settings(const ServerPlace& server, bool json);
void remote_import_settings(const ServerPlace& server, const std::string& file, const std::string& why, bool json);

// remote_running.cpp: in the shape that a broker's control socket has
void remote_status(const ServerPlace& server, bool json);
nlohmann::json remote_decisions(const ServerPlace& server, const std::optional<std::string>& client_id, int last,
                                bool json);
nlohmann::json remote_keys(const ServerPlace& server, bool json);
void remote_refresh_keys(const ServerPlace& server, const std::optional<std::string>& source, bool json);
// How many sessions fit; ends them unless `dry_run`.
std::size_t remote_end_sessions(const ServerPlace& server, const std::vector<std::string>& where, std::size_t a_second,
                                bool dry_run, bool json);

}  // namespace sallyport::cli
