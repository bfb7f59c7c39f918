#include "daemon/http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <chrono>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/start_thread.h"
#include "daemon/http/connection.h"

namespace sallyport::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Protocol>;

constexpr auto kTick = std::chrono::milliseconds(200);
constexpr auto kRetry = std::chrono::milliseconds(20);

std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

daemon::PeerFacts facts_of(int fd, bool is_unix) {
  daemon::PeerFacts out;
  if (is_unix) {
    out.is_unix = true;
    ucred owner{};
    socklen_t size = sizeof owner;
    // Nobody's number where the kernel does not say.
    out.uid = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size) == 0 ? owner.uid : static_cast<uid_t>(-1);
    return out;
  }
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return out;
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(&storage)->sin_addr, text, sizeof text);
  else
    ::inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6*>(&storage)->sin6_addr, text, sizeof text);
  out.address = text;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return out;
}

}  // namespace

// One thread, its connections, its service.
struct Worker final : Neighbours {
  Worker(std::unique_ptr<Service> s, const Limits& l, std::atomic<std::size_t>& budget, std::size_t most)
      : Neighbours(*s, l, budget),
        own_service(std::move(s)),
        io(1),
        timer(io),
        retry_timer(io),
        most_connections(most) {}

  void run() {
    arm();
    io.run();
  }
  void arm() {
    timer.expires_after(kTick);
    timer.async_wait([this](const error_code& error) {
      if (error) return;
      last_tick_ms.store(monotonic_ms(), std::memory_order_relaxed);
      for_each([now = monotonic_ms()](Connection& c) { c.tick(now); });
      arm();
    });
  }
  void arm_retry() {
    if (retrying) return;
    retrying = true;
    retry_timer.expires_after(kRetry);
    retry_timer.async_wait([this](const error_code& error) {
      retrying = false;
      if (error) return;
      retry_held();
    });
  }
  // At the clock's tick, and at once when somebody says that something has come.
  void retry_held() {
    const std::int64_t now = monotonic_ms();
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(held());
    for (Connection* one : held_ones) all.push_back(one->shared_from_this());
    for (const auto& one : all) one->retry(now);
    if (held() > 0) arm_retry();
  }
  void wake() {
    if (waking.exchange(true)) return;
    asio::post(io, [this] {
      waking = false;
      retry_held();
    });
  }
  // Connections may leave the list while it is walked.
  template <class F>
  void for_each(F&& visit) {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections.size());
    for (const auto& [raw, owned] : connections) all.push_back(owned);
    for (const auto& one : all) visit(*one);
  }
  void adopt(Socket socket, TlsContext tls, daemon::PeerFacts peer) {
    if (connections.size() >= most_connections && !evict()) return;  // the socket closes
    auto connection = std::make_shared<Connection>(std::move(socket), std::move(tls), std::move(peer), *this);
    connections.emplace(connection.get(), connection);
    own_service->metrics().connections_opened.fetch_add(1, std::memory_order_relaxed);
    open.fetch_add(1, std::memory_order_relaxed);
    own_service->metrics().connections_open.fetch_add(1, std::memory_order_relaxed);
    connection->start();
    if (shut) connection->close_if_idle();
  }
  // The connection that has been idle longest makes room; one that never asked anything before one that did, so that
  // a stranger who opens thousands closes his own.
  bool evict() {
    Connection *longest_fresh = nullptr, *longest_idle = nullptr;
    for (const auto& [raw, owned] : connections) {
      const bool fresh = raw->phase() == Connection::Phase::fresh || raw->phase() == Connection::Phase::handshake;
      if (!fresh && raw->phase() != Connection::Phase::idle) continue;
      Connection*& longest = fresh ? longest_fresh : longest_idle;
      if (!longest || raw->since_ms() < longest->since_ms()) longest = raw;
    }
    Connection* const longest = longest_fresh ? longest_fresh : longest_idle;
    if (!longest) return false;
    own_service->metrics().connections_evicted.fetch_add(1, std::memory_order_relaxed);
    longest->close();
    return true;
  }
  void gone(Connection& connection) override {
    if (connections.erase(&connection) == 0) return;
    open.fetch_sub(1, std::memory_order_relaxed);
    own_service->metrics().connections_open.fetch_sub(1, std::memory_order_relaxed);
  }
  std::int64_t read_clock() override { return monotonic_ms(); }
  void hold_began() override { arm_retry(); }

  std::unique_ptr<Service> own_service;
  asio::io_context io;
  asio::steady_timer timer, retry_timer;
  bool retrying = false, shut = false;
  std::size_t most_connections;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections;
  std::atomic<std::size_t> open{0};
  std::atomic<bool> waking{false};
  std::atomic<std::int64_t> last_tick_ms{monotonic_ms()};
  std::thread thread;
};

struct Server::Impl {
  Impl(daemon::HttpMetrics& m, std::vector<Listener> l, ServerOptions o)
      : metrics(m), listeners(std::move(l)), options(std::move(o)), tls(options.tls) {}

  struct Door {
    explicit Door(asio::io_context& io) : acceptor(io), pause(io) {}
    Acceptor acceptor;
    asio::steady_timer pause;
    bool is_unix = false;
  };

  void accept(Door& door) {
    Worker& next = *workers[turn++ % workers.size()];
    door.acceptor.async_accept(next.io, [this, &door, &next](const error_code& error, Socket socket) {
      if (error == asio::error::operation_aborted || !door.acceptor.is_open()) return;
      if (error) {
        // No descriptors left: the backlog waits, and so do we.
        metrics.accept_errors.fetch_add(1, std::memory_order_relaxed);
        door.pause.expires_after(std::chrono::milliseconds(50));
        door.pause.async_wait([this, &door](const error_code& cancelled) {
          if (!cancelled) accept(door);
        });
        return;
      }
      daemon::PeerFacts peer = facts_of(socket.native_handle(), door.is_unix);
      TlsContext context;
      if (!door.is_unix) {
        const std::lock_guard lock(tls_mutex);
        context = tls;
      }
      asio::post(next.io,
                 [&next, socket = std::move(socket), context = std::move(context), peer = std::move(peer)]() mutable {
                   next.adopt(std::move(socket), std::move(context), std::move(peer));
                 });
      accept(door);
    });
  }

  daemon::HttpMetrics& metrics;
  std::vector<Listener> listeners;
  ServerOptions options;
  std::mutex tls_mutex;
  TlsContext tls;
  Limits limits;
  std::atomic<std::size_t> budget{0};
  std::vector<std::unique_ptr<Worker>> workers;
  std::list<Door> doors;  // on the first worker's thread
  std::size_t turn = 0;   // likewise
  bool stopped = false;
};

Server::Server(const ServiceMaker& make, daemon::HttpMetrics& metrics, std::vector<Listener> listeners,
               ServerOptions options)
    : impl_(std::make_unique<Impl>(metrics, std::move(listeners), std::move(options))) {
  Impl& impl = *impl_;
  impl.limits.max_body = impl.options.max_body;
  const std::size_t workers = std::max<std::size_t>(1, impl.options.workers);
  for (std::size_t i = 0; i < workers; ++i)
    impl.workers.push_back(std::make_unique<Worker>(make(), impl.limits, impl.budget,
                                                    std::max<std::size_t>(1, impl.options.max_connections / workers)));
}

Server::~Server() { stop(); }

Result<void> Server::start() {
  Impl& impl = *impl_;
  for (Listener& listener : impl.listeners) {
    Impl::Door& door = impl.doors.emplace_back(impl.workers.front()->io);
    door.is_unix = listener.is_unix;
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(listener.fd.get(), reinterpret_cast<sockaddr*>(&storage), &size);
    // The acceptor closes its descriptor itself.
    door.acceptor.assign(Protocol(storage.ss_family, 0), ::fcntl(listener.fd.get(), F_DUPFD_CLOEXEC, 0));
    door.acceptor.non_blocking(true);
    listener.fd.close();
    impl.accept(door);
  }
  for (const auto& worker : impl.workers) {
    Result<std::thread> started = start_thread([raw = worker.get()] { raw->run(); });
    if (!started) return unexpected(started.error());
    worker->thread = std::move(*started);
  }
  return {};
}

void Server::set_tls(TlsContext tls) {
  const std::lock_guard lock(impl_->tls_mutex);
  impl_->tls = std::move(tls);
}

void Server::wake() {
  for (const auto& worker : impl_->workers) worker->wake();
}

bool Server::alive() const {
  const std::int64_t now = monotonic_ms();
  for (const auto& worker : impl_->workers)
    if (now - worker->last_tick_ms.load(std::memory_order_relaxed) > 5'000) return false;
  return true;
}

std::size_t Server::connections() const {
  std::size_t n = 0;
  for (const auto& worker : impl_->workers) n += worker->open.load(std::memory_order_relaxed);
  return n;
}

void Server::close_doors() {
  Impl& impl = *impl_;
  asio::post(impl.workers.front()->io, [&impl] {
    error_code ignored;
    for (Impl::Door& door : impl.doors) {
      door.acceptor.close(ignored);
      door.pause.cancel();
    }
  });
  for (const auto& worker : impl.workers)
    asio::post(worker->io, [raw = worker.get()] {
      raw->shut = true;
      raw->for_each([](Connection& c) { c.close_if_idle(); });
    });
}

void Server::stop() {
  Impl& impl = *impl_;
  if (std::exchange(impl.stopped, true)) return;
  close_doors();
  for (const auto& worker : impl.workers) {
    asio::post(worker->io, [raw = worker.get()] {
      raw->for_each([](Connection& c) { c.close(); });
      raw->timer.cancel();
      raw->retry_timer.cancel();
      raw->io.stop();
    });
  }
  for (const auto& worker : impl.workers)
    if (worker->thread.joinable()) worker->thread.join();
  // Handlers that never ran hold connections; these hold their worker.
  for (const auto& worker : impl.workers) worker->connections.clear();
  impl.doors.clear();
  for (Listener& listener : impl.listeners)
    if (listener.is_unix) listener.unix_socket.unlink();
}

}  // namespace sallyport::http
