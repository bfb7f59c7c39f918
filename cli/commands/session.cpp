// sallyport session end: sessions of a running broker, or of those that ask a running
// daemon, that an operator wants gone. The number is shown first; nothing is ended without a yes.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "auth/session_query.h"
#include "cli/command.h"
#include "cli/commands/remote.h"
#include "cli/output.h"
#include "cli/running_gate.h"

namespace sallyport::cli {
namespace {

struct SessionOptions {
  std::string config;
  ServerPlace server;
  std::vector<std::string> where;
  std::size_t pace = 100;
  bool json = false, yes = false, dry_run = false;
};

std::size_t count_of(const nlohmann::json& reply) {
  const auto it = reply.find("sessions");
  return it != reply.end() && it->is_number_unsigned() ? it->get<std::size_t>() : 0;
}

bool confirmed() {
  std::FILE* tty = std::fopen("/dev/tty", "r+");
  if (!tty) return false;
  std::fprintf(tty, "end them? [y/N] ");
  std::fflush(tty);
  const int answer = std::fgetc(tty);
  std::fclose(tty);
  return answer == 'y' || answer == 'Y';
}

void end_sessions(const SessionOptions& options) {
  if (const auto query = SessionQuery::parse(options.where); !query) fail(query.error(), kUsage, options.json);
  const auto ask = [&](bool end) {
    if (options.server.given())
      return remote_end_sessions(options.server, options.where, options.pace, !end, options.json);
    return count_of(ask_running(
        options.config,
        {{"verb", end ? "session_end" : "session_count"}, {"where", options.where}, {"a_second", options.pace}},
        options.json));
  };
  const std::size_t sessions = ask(false);
  const std::size_t seconds = (sessions + options.pace - 1) / options.pace;
  if (!options.json)
    fmt::print("{} session{}{}\n", sessions, sessions == 1 ? "" : "s",
               sessions > options.pace ? fmt::format(", which takes {} s at {} a second", seconds, options.pace) : "");
  std::fflush(stdout);
  bool go = sessions > 0 && !options.dry_run;
  if (go && !options.yes) {
    if (options.json || !isatty(STDIN_FILENO))
      fail(invalid("nobody said yes, so nothing was ended", "--yes ends them, --dry-run only counts"), kUsage,
           options.json);
    go = confirmed();
  }
  const std::size_t ended = go ? ask(true) : 0;
  if (options.json)
    std::puts(nlohmann::json{{"sessions", sessions}, {"ending", ended}, {"seconds", go ? seconds : 0}}.dump(2).c_str());
  else if (go)
    fmt::print(
        "{} session{} ending; with a token that is still good a client comes back: sallyport revoke keeps it "
        "out\n",
        ended, ended == 1 ? " is" : "s are");
}

}  // namespace

void add_session_commands(CLI::App& app) {
  auto options = std::make_shared<SessionOptions>();
  CLI::App* session = app.add_subcommand("session", "the sessions of a running broker or daemon");
  session->require_subcommand(1);
  CLI::App* end = session->add_subcommand("end", "end those that all conditions fit, some a second");
  add_place_options(end, options->config, options->server,
                    "the settings file of the running broker's plugin, or of the daemon");
  end->add_option(
         "--where", options->where,
         "NAME=VALUE: client_id, username, principal (* and ? are patterns), address (a network), issuer, kid, "
         "key, jti, authenticator (password, jwt); more than one: all must fit")
      ->required()
      ->take_all();
  end->add_option("--pace", options->pace, "how many a second (100)")->check(CLI::Range(1, 100'000));
  end->add_flag("--dry-run", options->dry_run, "only count");
  end->add_flag("--yes", options->yes, "do not ask");
  end->add_flag("--json", options->json, "one JSON value");
  end->footer(
      "Example:\n  sallyport session end --config /etc/sallyport/sallyport.toml --where kid=2025-01 --pace 50 --yes");
  end->callback([options] { end_sessions(*options); });
}

}  // namespace sallyport::cli
