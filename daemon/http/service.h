// Service: what a worker's connections ask. One object a worker, on its thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "daemon/callers.h"
#include "daemon/held.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"
#include "daemon/http_metrics.h"

namespace sallyport::http {

class Service {
 public:
  virtual ~Service() = default;
  // Once the head is there, before any of the body is read: whether he may ask this at all. False: `out` is the answer,
  // and the connection ends with it.
  virtual bool receive(const Request& request, const daemon::PeerFacts& peer, Response& out) noexcept = 0;
  // The most bytes that the body of the last receive() may have.
  virtual std::size_t most_body() const noexcept { return kMaxBodyBytes; }
  // The whole request of the last receive(). to_ask_again: what it needs is being fetched; to_send: the answer is in
  // `out` and must not leave yet; until ready(held). With `final`, it is answered whatever is there. The request stays
  // as it was.
  virtual daemon::Wait answer(const Request& request, const daemon::PeerFacts& peer, bool final, daemon::Held& held,
                              Response& out) noexcept = 0;
  virtual bool ready(const daemon::Held&) noexcept { return true; }
  // It waited as long as it may.
  virtual void gave_up(const daemon::Held&) noexcept {}

  virtual daemon::HttpMetrics& metrics() noexcept = 0;
  virtual bool draining() const noexcept = 0;
  virtual std::optional<daemon::Contract> counted_as() const noexcept { return std::nullopt; }
  // An answer to what could not be read, or took too long.
  virtual void answer_fault(int status, Response& out) noexcept = 0;
};

using ServiceMaker = std::function<std::unique_ptr<Service>()>;

}  // namespace sallyport::http
