#include <cstdio>

#include "cli/command.h"
#include "postgres/postgres_store.h"

// Broken pipes end us quietly; everything else is said with its exit code.
int main(int argc, char** argv) {
  using namespace sallyport::cli;
  sallyport::postgres::register_postgres_store();
  CLI::App app{"sallyport: the gate for MQTT. It decides, for every client that connects, whether it may come in."};
  app.name("sallyport");
  app.set_version_flag("--version", std::string("sallyport ") + SALLYPORT_VERSION);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 yes, 1 refused, 2 usage, 3 environment.");
  try {
    // BEGIN commands
    add_user_commands(app);
    add_config_commands(app);
    add_reasons_command(app);
    add_decide_command(app);
    add_jws_commands(app);
    add_token_commands(app);
    add_key_commands(app);
    add_revoke_commands(app);
    add_block_commands(app);
    add_session_commands(app);
    add_running_commands(app);
    add_keys_commands(app);
    add_store_commands(app);
    // END commands
    app.parse(argc, argv);
  } catch (const ExitWith& exit) {
    std::fflush(stdout);
    return exit.code;
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kYes : kUsage;
  }
  return kYes;
}
