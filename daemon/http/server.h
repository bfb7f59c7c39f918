// Server: listeners, and one thread a worker, each with its own connections and its own
// Service.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/http/listener.h"
#include "daemon/http/service.h"

namespace boost::asio::ssl {
class context;
}

namespace sallyport::http {

struct ServerOptions {
  std::size_t workers = 1;
  std::size_t max_connections = 20'000;
  std::size_t max_body = kMaxBodyBytes;
  std::shared_ptr<boost::asio::ssl::context> tls;  // nothing: plain
};

class Server {
 public:
  // `metrics` outlives it.
  Server(const ServiceMaker& make, daemon::HttpMetrics& metrics, std::vector<Listener> listeners,
         ServerOptions options);
  ~Server();  // as stop()

  Result<void> start();  // fails where the machine gives no thread
  // New connections get this one.
  void set_tls(std::shared_ptr<boost::asio::ssl::context> tls);
  // Something has come that held requests may wait for. Any thread.
  void wake();
  // Whether every worker has lately been at its clock. Any thread.
  bool alive() const;
  // Takes no more connections, and closes those that wait for nothing. Any thread.
  void close_doors();
  std::size_t connections() const;
  // Ends what is left, and joins the threads.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::http
