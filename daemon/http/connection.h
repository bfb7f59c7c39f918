// Connection: one caller's connection, from accept to close. Everything happens on its
// worker's thread. It reads only when all that it wrote is gone, so that a caller who
// sends and does not read stops himself; each phase has a time, each buffer a cap.
#pragma once

#include <atomic>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "daemon/callers.h"
#include "daemon/held.h"
#include "daemon/http/chunked.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"
#include "daemon/http/service.h"

namespace sallyport::http {

using Socket = boost::asio::generic::stream_protocol::socket;
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// What the connections of one worker share.
struct Neighbours;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class Phase : std::uint8_t { handshake, fresh, idle, head, body, held, writing, streaming, lingering, closed };

  Connection(Socket socket, TlsContext tls, daemon::PeerFacts peer, Neighbours& neighbours);
  ~Connection();
  void start();
  // Called a few times a second, with the worker's clock.
  void tick(std::int64_t now_ms);
  // Ends it if nobody waits for an answer.
  void close_if_idle();
  void close();
  // A held request is asked again, or its answer sent: what it waits for is there, or its time is over.
  void retry(std::int64_t now_ms);
  Phase phase() const noexcept { return phase_; }
  std::int64_t since_ms() const noexcept { return since_ms_; }

 private:
  void enter(Phase phase);
  void handshake();
  void read();
  void on_read(std::size_t n);
  void work();
  enum class Step : std::uint8_t { more, answered, held, ending };
  Step advance();
  Step answer_now(bool final, bool received);
  Step hold();
  Step send_answer();
  Step end_with(int status);
  bool make_room(std::size_t wanted);
  void finish(const Response& response, bool keep_alive);
  void write();
  void linger();
  void stream_on(std::int64_t now_ms);
  void watch_stream();
  void discard();

  Socket socket_;
  TlsContext tls_context_;  // outlives the stream, also when a reload replaces it
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  daemon::PeerFacts peer_;
  Neighbours& neighbours_;

  Phase phase_ = Phase::fresh;
  std::int64_t since_ms_ = 0;  // when the phase began
  std::int64_t deadline_ms_ = 0;
  std::int64_t held_since_ms_ = 0;
  daemon::Held held_;
  bool answer_waits_ = false;  // the answer is there, and what it promises is not

  std::vector<char> buffer_;  // bytes of requests: [begin_, end_)
  std::size_t begin_ = 0, end_ = 0;
  std::size_t most_body_ = kMaxBodyBytes;
  std::size_t reserved_ = 0;  // of the budget that all connections share
  std::size_t scanned_ = 0, head_size_ = 0;
  Request request_;
  std::optional<ChunkedBody> chunked_;
  bool head_done_ = false, continue_sent_ = false, close_after_write_ = false, interim_ = false, writing_ = false;

  std::string out_;
  Response response_;
  std::shared_ptr<Stream> stream_;
  bool watching_ = false;
  std::size_t discarded_ = 0;
};

// The times of the phases, in ms.
struct Limits {
  std::int64_t handshake = 10'000, fresh = 30'000, idle = 300'000, head = 10'000, body = 20'000, write = 20'000,
               linger = 2'000, held = 2'000, held_for_store = 500;
  std::size_t max_body = kMaxBodyBytes;     // of any request; the service may allow one less
  std::size_t max_held = 256;               // requests of one worker
  std::size_t budget = 256u * 1024 * 1024;  // bytes of bodies, of all connections together
};

struct Neighbours {
  Service& service;
  const Limits& limits;
  std::atomic<std::size_t>& budget_used;
  std::int64_t now_ms = 0;  // the worker's clock, as of its last event
  std::size_t held() const noexcept { return held_ones.size(); }
  std::unordered_set<Connection*> held_ones;
  // Takes a connection out of the worker's list.
  virtual void gone(Connection& connection) = 0;
  virtual std::int64_t read_clock() = 0;
  virtual void hold_began() = 0;  // another is among held_ones
  Neighbours(Service& s, const Limits& l, std::atomic<std::size_t>& b) : service(s), limits(l), budget_used(b) {}
  virtual ~Neighbours() = default;
};

}  // namespace sallyport::http
