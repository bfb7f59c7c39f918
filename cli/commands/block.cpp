// sallyport block add|list|remove
#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/commands/bar_common.h"
#include "cli/commands/remote.h"
#include "cli/output.h"
#include "cli/running_gate.h"

namespace sallyport::cli {
namespace {

constexpr BarClass kSelf = BarClass::block;

std::string member(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}
std::int64_t number(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

// The blocks of the store, and whom guessing has slowed in the process that runs, if one does.
void show_list(const BarOptions& options) {
  if (options.server.given()) return remote_list_bars(kSelf, options);
  const std::optional<nlohmann::json> running = ask_if_running(options.config, {{"verb", "slowed"}});
  const Json slowed = running && running->contains("slowed") ? Json((*running)["slowed"]) : Json();
  list_bars(kSelf, options, {{"slowed", slowed}});
  if (options.json || !slowed.is_array() || slowed.empty()) return;
  std::vector<std::vector<std::string>> rows{{"SLOWED", "VALUE", "TURNED AWAY", "LAST"}};
  for (const Json& one : slowed)
    rows.push_back({printable(member(one, "kind")), printable(member(one, "value")),
                    std::to_string(number(one, "turned_away")),
                    fmt::format("{} s ago", number(one, "last_seconds_ago"))});
  fmt::print("\n{}", table(rows));
}

// What is named is unblocked, and let go where guessing has slowed it. One of the two must be so.
void let_in(const BarOptions& options) {
  if (options.server.given()) return remote_remove_bars(kSelf, options);
  bool let_go = false;
  const bool is_name = !options.username.empty();
  if (options.ids.empty() && !options.pattern && (is_name || !options.address.empty())) {
    const auto reply = ask_if_running(
        options.config,
        {{"verb", "let_go"}, {is_name ? "username" : "address", is_name ? options.username : options.address}});
    let_go = reply && reply->value("let_go", false);
  }
  remove_bars(kSelf, options, let_go);
}

void add_fields(CLI::App* command, BarOptions& options) {
  command->add_option("--client-id", options.client_id, "the client with this id");
  command->add_option("--username", options.username, "clients with this user name, or principal");
  command->add_option("--address", options.address, "clients from this address or network: 192.0.2.7, 10.0.0.0/8");
  command->add_flag("--pattern", options.pattern, "* stands for any text, ? for one byte, \\ for the next as it is");
}

}  // namespace

void add_block_commands(CLI::App& app) {
  auto options = std::make_shared<BarOptions>();
  CLI::App* block = app.add_subcommand("block", "clients that stay out whatever they show");
  block->require_subcommand(1);
  const auto command = [&](const char* name, const char* about, const char* example) {
    CLI::App* made = block->add_subcommand(name, about);
    add_bar_common(made, *options);
    made->footer(std::string("Example:\n  sallyport block ") + example);
    return made;
  };
  CLI::App* add = command("add", "keep a client out, and end its session",
                          "add --config /etc/sallyport/sallyport.toml --client-id pump-7 --why \"floods the broker\"");
  add_fields(add, *options);
  add->add_option("--until", options->until,
                  "when it is over (RFC 3339 or seconds since 1970); left out: when it is removed");
  add->add_option("--why", options->why, "a few words for whoever asks; shown by decide, why and list");
  add->callback([options] { add_bar(kSelf, *options); });

  CLI::App* list = command("list", "who is blocked", "list --config /etc/sallyport/sallyport.toml");
  add_bar_list_options(list, *options);
  list->footer(
      "Where a broker runs with these settings, the user names and addresses that wrong passwords have slowed are "
      "shown,"
      " too.\n\nExample:\n  sallyport block list --config /etc/sallyport/sallyport.toml");
  list->callback([options] { show_list(*options); });

  CLI::App* remove = command("remove", "let a client in again, by the block's number or by what it names",
                             "remove --config /etc/sallyport/sallyport.toml --client-id pump-7");
  remove->add_option("id", options->ids, "numbers, as list shows them");
  add_fields(remove, *options);
  remove->footer(
      "A user name or an address that wrong passwords have slowed is let go as well.\n\nExample:\n  sallyport block "
      "remove --config /etc/sallyport/sallyport.toml --client-id pump-7");
  remove->callback([options] { let_in(*options); });
}

}  // namespace sallyport::cli
