#include "control/server.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/start_thread.h"
#include "control/message.h"

namespace sallyport::control {
namespace {
using SteadyTime = std::chrono::steady_clock::time_point;

int milliseconds_until(SteadyTime when) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(when - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 60'000));
}
}  // namespace

struct Server::Connection {
  Descriptor fd;
  SteadyTime deadline;
  std::string in;
  std::string out;
  std::size_t sent = 0;
  bool replying() const { return !out.empty(); }
};

Result<std::unique_ptr<Server>> Server::start(ServerOptions options) {
  auto socket = listen_on(options.path);
  if (!socket) return unexpected(socket.error());
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) {
    socket->unlink();
    return unexpected(Error{ErrorKind::kUnavailable, "no eventfd for the control socket", "", ""});
  }
  std::unique_ptr<Server> server(new Server(std::move(options), std::move(*socket), std::move(wake)));
  Result<std::thread> started = start_thread([s = server.get()] { s->run(); });
  if (!started) return unexpected(started.error());
  server->thread_ = std::move(*started);
  return server;
}

Server::Server(ServerOptions options, BoundSocket socket, Descriptor wake)
    : options_(std::move(options)), socket_(std::move(socket)), wake_(std::move(wake)) {}

Server::~Server() {
  stopping_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  socket_.unlink();
}

std::string Server::answer(std::string_view line) noexcept {
  try {
    const auto request = parse_request(line);
    if (!request) return reply_line(request);
    const std::string verb = (*request)["verb"].get<std::string>();
    const auto handler = options_.handlers.find(verb);
    if (handler == options_.handlers.end()) {
      std::string known;
      for (const auto& [name, _] : options_.handlers) known += (known.empty() ? "" : ", ") + name;
      return reply_line(unexpected(
          Error{ErrorKind::kInvalid, "no such verb: \"" + verb.substr(0, 64) + "\"", "one of: " + known, ""}));
    }
    return reply_line(handler->second(*request));
  } catch (const std::exception&) {
    // A library's words may quote what it was given: they stay here.
    return "{\"ok\":false,\"error\":{\"kind\":\"internal\",\"cause\":\"the question met an error of the gate's "
           "own\"}}\n";
  }
}

void Server::accept_all(std::map<int, Connection>& connections) {
  while (connections.size() < options_.max_connections) {
    Descriptor fd(::accept4(socket_.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) {
      // Out of descriptors: the listener stays readable, so a short wait keeps this thread from spinning.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) ::poll(nullptr, 0, 100);
      return;
    }
    Connection connection;
    connection.deadline = std::chrono::steady_clock::now() + options_.request_time;
    if (!peer_is_owner(fd.get()))
      connection.out = reply_line(unexpected(Error{ErrorKind::kDenied, "only the broker's user and root may ask",
                                                   "run the command as the broker's user", ""}));
    const int key = fd.get();
    connection.fd = std::move(fd);
    connections.emplace(key, std::move(connection));
  }
}

bool Server::receive(Connection& connection) {
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::recv(connection.fd.get(), buffer, sizeof buffer, 0);
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (n == 0 && connection.in.empty()) return false;
    const std::size_t looked_at = connection.in.size();
    connection.in.append(buffer, static_cast<std::size_t>(n));
    const std::size_t end = connection.in.find('\n', looked_at);
    const bool complete = n == 0 || end != std::string::npos;
    if (!complete && connection.in.size() <= kMaxRequestBytes) continue;
    const std::string_view line = std::string_view(connection.in).substr(0, end);
    connection.out = answer(line);
    connection.deadline = std::chrono::steady_clock::now() + options_.reply_time;
    return true;
  }
}

bool Server::send(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    const ssize_t n = ::send(connection.fd.get(), connection.out.data() + connection.sent,
                             connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    connection.sent += static_cast<std::size_t>(n);
  }
  ::shutdown(connection.fd.get(), SHUT_WR);
  return false;
}

void Server::run() noexcept try {
  pthread_setname_np(pthread_self(), "sp-control");
  std::map<int, Connection> connections;
  std::vector<pollfd> polled;
  while (!stopping_.load(std::memory_order_acquire)) {
    polled.clear();
    polled.push_back({wake_.get(), POLLIN, 0});
    // A full house lets the rest wait in the backlog.
    polled.push_back({connections.size() < options_.max_connections ? socket_.fd.get() : -1, POLLIN, 0});
    int timeout = -1;
    for (const auto& [fd, connection] : connections) {
      polled.push_back({fd, static_cast<short>(connection.replying() ? POLLOUT : POLLIN), 0});
      const int left = milliseconds_until(connection.deadline);
      timeout = timeout < 0 ? left : std::min(timeout, left);
    }
    if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    for (std::size_t i = 2; i < polled.size(); ++i) {
      const auto it = connections.find(polled[i].fd);
      bool keep = it->second.deadline > now;
      if (keep && polled[i].revents) {
        if (!it->second.replying()) keep = receive(it->second);
        if (keep && it->second.replying()) keep = send(it->second);
      }
      if (!keep) connections.erase(it);
      if (stopping_.load(std::memory_order_acquire)) return;
    }
    if (polled[1].revents) accept_all(connections);
  }
} catch (const std::exception&) {
  // Out of memory: the gate goes on without its control socket.
}

}  // namespace sallyport::control
