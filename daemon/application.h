// Application: the daemon from start to stop. The main thread waits for signals,
// follows certificates and callers, and feeds the watchdog; everything else is the
// engine's watcher's and the workers'.
#pragma once

#include <memory>
#include <string>

#include "control/server.h"
#include "daemon/api/console_front.h"
#include "daemon/house.h"
#include "daemon/http/server.h"
#include "daemon/log.h"
#include "engine/compile.h"
#include "engine/engine.h"
#include "postgres/listener.h"

namespace sallyport::daemon {

class Application {
 public:
  explicit Application(std::string config_path) : config_path_(std::move(config_path)) {}
  // Exit code: 0 stopped in order, 3 could not start. All signals that it waits for are blocked before this.
  int run();

 private:
  bool start();
  void share_admissions(const std::string& url);
  // What this process answers: on its control socket, and to its own console.
  control::HandlerTable own_handlers();
  void open_control_socket();
  void warn_of_loose_ends();
  void wait_for_signals();
  void follow_files();
  void reload_http(bool asked);
  void drain();
  void say(LogLevel level, const std::string& line) const { log_.write(level, line); }
  void say(LogLevel level, const Error& error) const;
  void watch(const HttpSettings& settings);

  std::string config_path_;
  Log log_;
  HttpSettings settings_;
  std::vector<BrokerSetting> brokers_;
  std::vector<WatchedFile> watched_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<House> house_;
  std::unique_ptr<postgres::Listener> admission_listener_;  // tells the house's table
  std::unique_ptr<control::Server> control_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<ConsoleFront> console_;
};

}  // namespace sallyport::daemon
