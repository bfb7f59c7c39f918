// ConsoleService: the console's side of HTTP for one worker: whose host, who asks, may
// he, is it he himself who asks (CSRF); then an operation or a page. Everything that it
// answers carries the headers that keep other pages out.
#pragma once

#include "daemon/api/console_house.h"
#include "daemon/api/router.h"
#include "daemon/http/service.h"

namespace sallyport::daemon {

class ConsoleService final : public http::Service {
 public:
  explicit ConsoleService(ConsoleHouse& house) : house_(house), desk_(house) {}

  bool receive(const http::Request& request, const PeerFacts& peer, http::Response& out) noexcept override;
  std::size_t most_body() const noexcept override {
    return match_.operation ? match_.operation->most_body : http::kMaxBodyBytes;
  }
  Wait answer(const http::Request& request, const PeerFacts& peer, bool final, Held& held,
              http::Response& out) noexcept override;
  HttpMetrics& metrics() noexcept override { return house_.metrics; }
  bool draining() const noexcept override { return house_.draining.load(std::memory_order_relaxed); }
  void answer_fault(int status, http::Response& out) noexcept override;

 private:
  // Nothing: he may.
  std::optional<Problem> refuse(const http::Request& request, const PeerFacts& peer);
  std::optional<Problem> refuse_forgery(const http::Request& request, std::string_view host) const;
  Outcome handle(const http::Request& request, const PeerFacts& peer);
  void log_activity(const Call& call, const Outcome& outcome);
  void write(const Reply& reply, http::Response& out) const;
  void write(const Problem& problem, http::Response& out) const;

  ConsoleHouse& house_;
  ApiDesk desk_;
  Match match_;
  Caller caller_;
  bool is_api_ = false;
  std::optional<Problem> refused_;
};

}  // namespace sallyport::daemon
