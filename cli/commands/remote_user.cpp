// sallyport user … --server
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "cli/commands/remote.h"
#include "cli/output.h"
#include "cli/reply.h"

namespace sallyport::cli {
namespace {

using nlohmann::json;
constexpr auto kAskAgain = std::chrono::milliseconds(100);

std::string path_of(const UserOptions& options) { return "/users/" + encoded(options.name); }

// Another one's hash settings are another one's: the daemon has its own.
void check(const UserOptions& options) {
  if (options.strong)
    fail(invalid("--strong is not for --server", "the daemon hashes by its own settings"), kUsage, options.json);
  if (options.name.empty()) fail(invalid("the user name is empty"), kUsage, options.json);
}

json password_of(const UserOptions& options) {
  if (options.generate) return nullptr;  // the daemon makes one, and says it once
  return std::string(obtain_password(options).view());
}

void say_done(const UserOptions& options, json user, std::string_view what) {
  if (options.json) {
    user["result"] = what;
    return print_reply(user);
  }
  fmt::print("user {}: {}\n", printable(options.name), what);
  if (member(user, "password").is_string())
    fmt::print("password: {}\n  hint: it is shown this once; only its hash is kept\n", text(user, "password"));
}

json wait_for_import(ServerClient& server, json state) {
  const std::string path = "/user-imports/" + encoded(text(state, "id"));
  Progress progress("rows read:");
  while (text(state, "state") == "running") {
    std::this_thread::sleep_for(kAskAgain);
    state = server.get(path).body;
    progress.advance(static_cast<std::size_t>(number(state, "read")));
  }
  return state;
}

void print_faults(const json& state) {
  const json& problems = member(state, "problems");
  if (!problems.is_array()) return;
  std::size_t shown = 0;
  for (const json& one : problems) {
    if (++shown > 20) break;
    std::fprintf(stderr, "row %lld%s: %s%s\n", static_cast<long long>(number(one, "row")),
                 text(one, "field").empty() ? "" : (", column " + text(one, "field")).c_str(),
                 text(one, "cause").c_str(),
                 text(one, "hint").empty() ? "" : ("\n  hint: " + text(one, "hint")).c_str());
  }
  if (number(state, "failed") > 20)
    std::fprintf(stderr, "and %lld more bad rows\n", static_cast<long long>(number(state, "failed") - 20));
}

}  // namespace

void remote_add_user(const UserOptions& options) {
  check(options);
  ServerClient server(options.server, options.json);
  json body{{"username", options.name},
            {"password", password_of(options)},
            {"enabled", !options.disabled},
            {"is_superuser", options.superuser}};
  say_done(options, server.send("POST", "/users", body).body, "added");
}

void remote_set_password(const UserOptions& options) {
  check(options);
  ServerClient server(options.server, options.json);
  const ServerAnswer user = server.get(path_of(options));
  say_done(options,
           server.send("PUT", path_of(options) + "/password", {{"password", password_of(options)}}, user.etag).body,
           "password set");
}

void remote_set_enabled(const UserOptions& options, bool enabled) {
  check(options);
  ServerClient server(options.server, options.json);
  const ServerAnswer user = server.get(path_of(options));
  say_done(options, server.send("PATCH", path_of(options), {{"enabled", enabled}}, user.etag).body,
           enabled ? "enabled" : "disabled");
}

void remote_delete_user(const UserOptions& options) {
  check(options);
  ServerClient server(options.server, options.json);
  const ServerAnswer user = server.get(path_of(options));
  server.send("DELETE", path_of(options), nullptr, user.etag);
  say_done(options, {{"username", options.name}}, "deleted");
}

void remote_list_users(const UserOptions& options) {
  ServerClient server(options.server, options.json);
  Query query;
  if (!options.search.empty()) query.emplace_back("search", options.search);
  const ServerClient::Listed found = server.list("/users", query, options.limit, options.after);
  if (options.json)
    return print_reply({{"users", found.items}, {"total", member(found.last, "total")}, {"next", found.next}});
  std::vector<std::vector<std::string>> rows{{"NAME", "ENABLED", "SUPERUSER", "HASH"}};
  for (const json& user : found.items)
    rows.push_back({text(user, "username"), yes(user, "enabled") ? "yes" : "no",
                    yes(user, "is_superuser") ? "yes" : "no",
                    text(user, "hash") + (yes(user, "weak_hash") ? " (weak)" : "")});
  if (found.items.empty())
    std::fprintf(stderr, "no users\n");
  else
    std::fputs(table(rows).c_str(), stdout);
  if (found.next.is_string())
    std::fprintf(stderr, "there are more\n  hint: --after '%s'\n", printable(found.next.get<std::string>()).c_str());
}

void remote_show_user(const UserOptions& options) {
  check(options);
  ServerClient server(options.server, options.json);
  const json user = server.get(path_of(options)).body;
  if (options.json) return print_reply(user);
  fmt::print("name:      {}\nenabled:   {}\nsuperuser: {}\nhash:      {}{}\n", text(user, "username"),
             yes(user, "enabled") ? "yes" : "no", yes(user, "is_superuser") ? "yes" : "no", text(user, "hash"),
             yes(user, "weak_hash") ? " (weak)" : "");
}

// The daemon takes good rows beside bad ones; here a bad row stops all unless --skip-bad is given, as with a store.
void remote_import_users(const UserOptions& options, RemoteImport order) {
  ServerClient server(options.server, options.json);
  const auto run = [&](bool dry) {
    Query query{{"dry_run", dry ? "true" : "false"},
                {"existing", order.replace ? "replace" : "refuse"},
                {"file_name", order.file_name},
                {"format", order.format},
                {"hash", order.hash},
                {"salt_encoding", order.salt_encoding}};
    if (!order.salt_position.empty()) query.emplace_back("salt_position", order.salt_position);
    if (order.iterations) query.emplace_back("iterations", std::to_string(order.iterations));
    return wait_for_import(server, server.upload("/user-imports", query, order.bytes, "application/octet-stream").body);
  };
  json state = order.skip_bad && !order.dry_run ? json() : run(true);
  const bool stopped =
      state.is_object() && (text(state, "state") != "done" || (number(state, "failed") > 0 && !order.skip_bad));
  if (!stopped && !order.dry_run) state = run(false);
  wipe(order.bytes);
  const bool good = !stopped && text(state, "state") == "done";
  const std::int64_t imported = good && !order.dry_run ? number(state, "good") : 0;
  if (options.json) {
    state["imported"] = imported;
    if (!good) state["error"] = text(state, "cause").empty() ? "bad rows; nothing was written" : text(state, "cause");
    print_reply(state);
  } else {
    print_faults(state);
    if (!text(state, "cause").empty())
      std::fprintf(stderr, "sallyport: %s%s\n", text(state, "cause").c_str(),
                   text(state, "hint").empty() ? "" : ("\n  hint: " + text(state, "hint")).c_str());
    else if (!good)
      std::fprintf(stderr,
                   "sallyport: %lld of %lld rows bad; nothing was written\n  hint: mend them, or leave them out with "
                   "--skip-bad\n",
                   static_cast<long long>(number(state, "failed")), static_cast<long long>(number(state, "read")));
    if (good)
      fmt::print("{} {} user{}{}\n", order.dry_run ? "would import" : "imported", number(state, "good"),
                 number(state, "good") == 1 ? "" : "s",
                 number(state, "failed") > 0 ? fmt::format(", skipped {} bad rows", number(state, "failed")) : "");
  }
  if (!good) throw ExitWith{kRefused};
}

}  // namespace sallyport::cli
