#include "daemon/http/connection.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/secret.h"
#include "daemon/http/head_parser.h"
#include "daemon/http/tls.h"

namespace sallyport::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kFirstBuffer = 2048;
constexpr std::size_t kFlushAt = 64 * 1024;       // of answers to pipelined requests
constexpr std::size_t kMostDiscarded = 8u << 20;  // behind an answer that ends the connection
// A chunked body on the wire: every byte may come as a chunk of its own, "1 CR LF x CR LF".
std::size_t max_wire_bytes(std::size_t body) { return kMaxHeadBytes + 6 * body + 8192; }

}  // namespace

Connection::Connection(Socket socket, TlsContext tls, daemon::PeerFacts peer, Neighbours& neighbours)
    : socket_(std::move(socket)), tls_context_(std::move(tls)), peer_(std::move(peer)), neighbours_(neighbours) {
  if (tls_context_) tls_.emplace(socket_, *tls_context_);
}

Connection::~Connection() {
  wipe(buffer_.data(), end_);
  neighbours_.budget_used.fetch_sub(reserved_, std::memory_order_relaxed);
}

void Connection::enter(Phase phase) {
  phase_ = phase;
  since_ms_ = neighbours_.now_ms;
  const Limits& limits = neighbours_.limits;
  std::int64_t span = 0;
  switch (phase) {
    case Phase::handshake:
      span = limits.handshake;
      break;
    case Phase::fresh:
      span = limits.fresh;
      break;
    case Phase::idle:
      span = limits.idle;
      break;
    case Phase::head:
      span = limits.head;
      break;
    case Phase::body:
      span = limits.body;
      break;
    case Phase::held:
      span = limits.held + 60'000;
      break;  // retry() ends it
    case Phase::writing:
      span = limits.write;
      break;
    case Phase::streaming:
      break;  // for as long as it goes on
    case Phase::lingering:
      span = limits.linger;
      break;
    case Phase::closed:
      span = 0;
      break;
  }
  deadline_ms_ = since_ms_ + span;
}

void Connection::start() {
  neighbours_.now_ms = neighbours_.read_clock();
  if (tls_) return handshake();
  enter(Phase::fresh);
  read();
}

void Connection::handshake() {
  enter(Phase::handshake);
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](const error_code& error) {
    if (self->phase_ == Phase::closed) return;
    self->neighbours_.now_ms = self->neighbours_.read_clock();
    if (error) {
      self->neighbours_.service.metrics().tls_failures.fetch_add(1, std::memory_order_relaxed);
      return self->close();
    }
    read_peer_certificate(self->tls_->native_handle(), self->peer_);
    self->enter(Phase::fresh);
    self->read();
  });
}

void Connection::read() {
  if (phase_ == Phase::closed) return;
  if (end_ == buffer_.size() && !make_room(std::max(kFirstBuffer, buffer_.size()))) return close();
  const auto into = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
  auto done = [self = shared_from_this()](const error_code& error, std::size_t n) {
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();  // also a polite end: nobody waits for anything
    self->neighbours_.now_ms = self->neighbours_.read_clock();
    self->on_read(n);
  };
  if (tls_)
    tls_->async_read_some(into, std::move(done));
  else
    socket_.async_read_some(into, std::move(done));
}

// Room for `wanted` more bytes behind end_. Moves what is there to the front; grows within the caps.
bool Connection::make_room(std::size_t wanted) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    wipe(buffer_.data() + (end_ - begin_), begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ >= wanted || (buffer_.size() > end_ && !head_done_)) return true;
  const std::size_t size = std::min(std::max(end_ + wanted, buffer_.size() * 2), max_wire_bytes(most_body_));
  if (size <= buffer_.size()) return buffer_.size() > end_;
  // What goes beyond a head's size is counted: many callers with large bodies must not fill the memory together.
  if (size > kMaxHeadBytes) {
    const std::size_t more = size - std::max(kMaxHeadBytes, buffer_.size());
    if (neighbours_.budget_used.fetch_add(more, std::memory_order_relaxed) + more > neighbours_.limits.budget) {
      neighbours_.budget_used.fetch_sub(more, std::memory_order_relaxed);
      return false;
    }
    reserved_ += more;
  }
  std::vector<char> larger(size);
  if (end_) std::memcpy(larger.data(), buffer_.data(), end_);
  wipe(buffer_.data(), end_);
  buffer_.swap(larger);
  return true;
}

void Connection::on_read(std::size_t n) {
  end_ += n;
  if (phase_ == Phase::fresh || phase_ == Phase::idle) enter(Phase::head);
  work();
}

void Connection::work() {
  Step step = Step::more;
  try {
    do step = advance();
    while (step == Step::answered && out_.size() < kFlushAt && begin_ != end_);
  } catch (const std::bad_alloc&) {
    return close();
  }
  if (step == Step::held && out_.empty()) return;
  if (!out_.empty()) return write();
  if (step == Step::more) read();
}

// Takes one request out of the buffer, as far as it is there.
Connection::Step Connection::advance() {
  if (phase_ == Phase::held) return Step::held;
  char* const at = buffer_.data() + begin_;
  const std::size_t there = end_ - begin_;
  bool received = false;  // by the service, and nobody else's since
  if (!head_done_) {
    if (there == 0) return Step::more;
    const HeadResult head = parse_head(at, there, scanned_, request_, neighbours_.limits.max_body);
    if (head.state == HeadResult::State::bad) return end_with(head.status);
    if (head.state == HeadResult::State::more) return Step::more;
    head_size_ = head.size;
    head_done_ = true;
    response_.clear();
    if (!neighbours_.service.receive(request_, peer_, response_)) {
      finish(response_, false);
      return Step::ending;
    }
    received = true;
    most_body_ = neighbours_.service.most_body();
    if (request_.content_length > most_body_) return end_with(413);
    chunked_.reset();
    if (request_.framing == Framing::chunked) chunked_.emplace();
    if (request_.framing != Framing::none) enter(Phase::body);
  }
  std::size_t wire = 0;
  const std::size_t body_there = there - head_size_;
  bool whole = true;
  switch (request_.framing) {
    case Framing::none:
      break;
    case Framing::length:
      wire = request_.content_length;
      request_.body_size = wire;
      whole = body_there >= wire;
      break;
    case Framing::chunked:
      chunked_->feed(at + head_size_, body_there, most_body_);
      if (chunked_->state == ChunkedBody::State::bad) return end_with(400);
      if (chunked_->state == ChunkedBody::State::too_long) return end_with(413);
      whole = chunked_->state == ChunkedBody::State::done;
      wire = chunked_->consumed;
      request_.body_size = chunked_->decoded;
      break;
  }
  if (!whole) {
    if (request_.expects_continue && !continue_sent_ && body_there == 0) {
      out_ += "HTTP/1.1 100 Continue\r\n\r\n";
      continue_sent_ = interim_ = true;
    }
    const std::size_t missing = request_.framing == Framing::length ? wire - body_there : 4096;
    const char* const before = buffer_.data() + begin_;
    if (!make_room(missing)) return end_with(503);
    // The views of the head have moved with the bytes.
    if (buffer_.data() + begin_ != before) {
      std::size_t scanned = 0;
      const std::size_t body_size = request_.body_size;
      if (parse_head(buffer_.data() + begin_, head_size_, scanned, request_, most_body_).state !=
          HeadResult::State::done)
        return end_with(400);
      request_.body_size = body_size;
      if (!neighbours_.service.receive(request_, peer_, response_)) return end_with(400);
    }
    return Step::more;
  }
  request_.body_data = at + head_size_;
  head_size_ += wire;  // from here on: of the whole request
  return answer_now(false, received);
}

Connection::Step Connection::answer_now(bool final, bool received) {
  Service& responder = neighbours_.service;
  const bool again = phase_ == Phase::held;
  if (!again) held_ = {};
  const auto began = std::chrono::steady_clock::now();
  // Others were answered meanwhile: the responder's route and caller are not this request's any more.
  response_.clear();
  if (!received && !responder.receive(request_, peer_, response_)) {
    neighbours_.held_ones.erase(this);
    phase_ = Phase::head;
    finish(response_, false);
    return Step::ending;
  }
  const bool may_hold = !final && (again || neighbours_.held() < neighbours_.limits.max_held);
  const daemon::Wait wait = responder.answer(request_, peer_, !may_hold, held_, response_);
  if (wait != daemon::Wait::to_ask_again)
    responder.metrics().count_time(static_cast<std::uint64_t>((std::chrono::steady_clock::now() - began).count()));
  if (wait == daemon::Wait::none) return send_answer();
  answer_waits_ = wait == daemon::Wait::to_send;
  return hold();
}

Connection::Step Connection::hold() {
  if (phase_ == Phase::held) {
    if (answer_waits_) held_since_ms_ = neighbours_.now_ms;  // it waits for something else from here on
    return Step::held;
  }
  daemon::HttpMetrics& metrics = neighbours_.service.metrics();
  (answer_waits_ ? metrics.held_answers : metrics.held_attempts).fetch_add(1, std::memory_order_relaxed);
  enter(Phase::held);
  held_since_ms_ = neighbours_.now_ms;
  neighbours_.held_ones.insert(this);
  neighbours_.hold_began();
  return Step::held;
}

Connection::Step Connection::send_answer() {
  Service& responder = neighbours_.service;
  neighbours_.held_ones.erase(this);
  answer_waits_ = false;
  phase_ = Phase::head;
  const bool keep = request_.keep_alive && !response_.close && !response_.stream && !responder.draining();
  finish(response_, keep);
  if (response_.stream && request_.method != "HEAD") {
    stream_ = std::move(response_.stream);
    close_after_write_ = false;
  }
  if (!keep) return Step::ending;
  wipe(buffer_.data() + begin_, head_size_);
  begin_ += head_size_;
  if (begin_ == end_) begin_ = end_ = 0;
  head_done_ = continue_sent_ = false;
  scanned_ = head_size_ = 0;
  return Step::answered;
}

void Connection::retry(std::int64_t now_ms) {
  neighbours_.now_ms = now_ms;
  if (phase_ != Phase::held || writing_) return;
  const Limits& limits = neighbours_.limits;
  const bool over = now_ms - held_since_ms_ >= (held_.waits_for_store() ? limits.held_for_store : limits.held);
  if (!over && !neighbours_.service.ready(held_)) return;
  if (over) neighbours_.service.gave_up(held_);
  const Step step = answer_waits_ ? send_answer() : answer_now(over, false);
  if (step == Step::held) return;
  if (step == Step::answered && begin_ != end_) return work();
  write();
}

void Connection::finish(const Response& response, bool keep_alive) {
  Service& responder = neighbours_.service;
  responder.metrics().count_response(responder.counted_as(), response.status);
  write_response(out_, response, keep_alive, head_done_ && request_.method == "HEAD");
  close_after_write_ = !keep_alive;
}

Connection::Step Connection::end_with(int status) {
  neighbours_.service.answer_fault(status, response_);
  head_done_ = false;
  finish(response_, false);
  return Step::ending;
}

void Connection::write() {
  if (phase_ == Phase::closed) return;
  const Phase resume = phase_;
  const bool interim = std::exchange(interim_, false);
  if (phase_ != Phase::held) enter(Phase::writing);
  writing_ = true;
  auto done = [self = shared_from_this(), resume, interim](const error_code& error, std::size_t) {
    if (self->phase_ == Phase::closed) return;
    self->writing_ = false;
    if (error) return self->close();
    self->neighbours_.now_ms = self->neighbours_.read_clock();
    self->out_.clear();
    if (self->out_.capacity() > kFlushAt) self->out_.shrink_to_fit();
    if (self->close_after_write_) return self->linger();
    if (self->phase_ == Phase::held) return;
    if (self->stream_) {
      self->enter(Phase::streaming);
      return self->watch_stream();
    }
    if (interim) {
      self->enter(resume == Phase::writing ? Phase::body : resume);
      return self->work();
    }
    // A large request's room goes back before the next one.
    if (self->begin_ == self->end_ && self->buffer_.size() > kMaxHeadBytes) {
      std::vector<char>().swap(self->buffer_);
      self->begin_ = self->end_ = 0;
      self->neighbours_.budget_used.fetch_sub(std::exchange(self->reserved_, 0), std::memory_order_relaxed);
    }
    self->enter(self->begin_ == self->end_ ? Phase::idle : Phase::head);
    if (self->begin_ == self->end_ && self->neighbours_.service.draining()) return self->close();
    self->work();
  };
  if (tls_)
    asio::async_write(*tls_, asio::buffer(out_), std::move(done));
  else
    asio::async_write(socket_, asio::buffer(out_), std::move(done));
}

// Whoever leaves is noticed at once, and whoever speaks into what he listens to has left. What he asked with (a cookie,
// a token) is not kept meanwhile.
void Connection::watch_stream() {
  if (std::exchange(watching_, true)) return;
  wipe(buffer_.data(), end_);
  std::vector<char>(1).swap(buffer_);
  begin_ = end_ = 0;
  neighbours_.budget_used.fetch_sub(std::exchange(reserved_, 0), std::memory_order_relaxed);
  auto done = [self = shared_from_this()](const error_code&, std::size_t) { self->close(); };
  if (tls_)
    tls_->async_read_some(asio::buffer(buffer_), std::move(done));
  else
    socket_.async_read_some(asio::buffer(buffer_), std::move(done));
}

void Connection::stream_on(std::int64_t now_ms) {
  const bool on = !neighbours_.service.draining() && stream_->more(now_ms, out_);
  if (out_.empty()) {
    if (!on) close();
    return;
  }
  close_after_write_ = !on;
  write();
}

// Closing with unread bytes makes the kernel reset the connection, and the answer is lost on its way: say that we are
// done, and read what still comes for a while.
void Connection::linger() {
  if (watching_) return close();  // its one read is under way
  enter(Phase::lingering);
  error_code ignored;
  if (tls_) {
    tls_->async_shutdown([self = shared_from_this()](const error_code&) { self->close(); });
    return;
  }
  socket_.shutdown(Socket::shutdown_send, ignored);
  if (ignored) return close();
  discard();
}

void Connection::discard() {
  if (buffer_.size() < kFirstBuffer) buffer_.resize(kFirstBuffer);
  socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](const error_code& error, std::size_t n) {
    if (self->phase_ == Phase::closed) return;
    self->discarded_ += n;
    if (error || self->discarded_ > kMostDiscarded) return self->close();
    self->discard();
  });
}

void Connection::tick(std::int64_t now_ms) {
  neighbours_.now_ms = now_ms;
  if (phase_ == Phase::streaming) return stream_on(now_ms);
  if (phase_ == Phase::closed || now_ms < deadline_ms_) return;
  if (phase_ == Phase::idle || phase_ == Phase::fresh || phase_ == Phase::lingering) return close();
  neighbours_.service.metrics().timeouts.fetch_add(1, std::memory_order_relaxed);
  // A read is under way, and a write is possible beside it: a slow caller is told so, and let go.
  if ((phase_ == Phase::head || phase_ == Phase::body) && !tls_) {
    response_.clear();
    neighbours_.service.answer_fault(408, response_);
    head_done_ = false;
    out_.clear();
    finish(response_, false);
    error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.write_some(asio::buffer(out_), ignored);
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  close();
}

void Connection::close_if_idle() {
  if (phase_ == Phase::idle || phase_ == Phase::fresh || phase_ == Phase::streaming) close();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  neighbours_.held_ones.erase(this);
  phase_ = Phase::closed;
  error_code ignored;
  socket_.close(ignored);
  neighbours_.gone(*this);
}

}  // namespace sallyport::http
