// ConsoleFront: the console from start to stop: its store, its listeners, its workers,
// and the one-time link while there is no administrator.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "daemon/api/console_house.h"
#include "daemon/http/server.h"

namespace sallyport::daemon {

class ConsoleFront {
 public:
  // The engine outlives it, and so does whom `own` asks: what this daemon itself answers, as on its control socket.
  static Result<std::unique_ptr<ConsoleFront>> start(Engine& engine, const Settings& file_settings,
                                                     const std::string& config_path, control::HandlerTable own);
  ~ConsoleFront();

  // "http://127.0.0.1:8090/", one for each listener.
  std::vector<std::string> urls() const;
  // Now and then: what has ended is forgotten.
  void sweep() { house_->accounts.sweep(); }
  void drain();
  bool alive() const { return server_->alive(); }

 private:
  ConsoleFront() = default;
  Result<void> offer_first_link();

  std::unique_ptr<ConsoleHouse> house_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace sallyport::daemon
