// Server: answers questions on the control socket from one thread of its own.
// Bounded on every side: bytes a request, connections, time for a slow peer.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "control/unix_socket.h"

namespace sallyport::control {

// Called on the server's thread, one at a time. What it throws is answered as an internal error.
using Handler = std::function<Result<nlohmann::json>(const nlohmann::json& request)>;
// By verb. Whoever owns a server may add verbs to the table before it starts.
using HandlerTable = std::map<std::string, Handler, std::less<>>;

struct ServerOptions {
  std::string path;  // absolute
  HandlerTable handlers;
  std::chrono::milliseconds request_time{2000};  // from connect to the end of the line
  std::chrono::milliseconds reply_time{5000};
  std::size_t max_connections = 16;
};

class Server {
 public:
  // Binds on the calling thread, so that its error can be told, then starts the thread, which has all signals blocked.
  static Result<std::unique_ptr<Server>> start(ServerOptions options);
  // Joins the thread (waiting for a handler that is at work) and takes the socket away.
  ~Server();
  const std::string& path() const noexcept { return socket_.path; }

 private:
  struct Connection;
  Server(ServerOptions options, BoundSocket socket, Descriptor wake);
  void run() noexcept;
  void accept_all(std::map<int, Connection>& connections);
  // False: the connection is done with.
  bool receive(Connection& connection);
  bool send(Connection& connection);
  std::string answer(std::string_view line) noexcept;

  ServerOptions options_;
  BoundSocket socket_;
  Descriptor wake_;  // an eventfd
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sallyport::control
