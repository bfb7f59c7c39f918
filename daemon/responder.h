// Responder: from a request to a response, for one worker thread. No socket: what reads
// and writes is http/connection.h.
#pragma once

#include <string>

#include "daemon/callers.h"
#include "daemon/contracts/contracts.h"
#include "daemon/engine_desk.h"
#include "daemon/house.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"
#include "daemon/route.h"

namespace sallyport::daemon {

class Responder {
 public:
  explicit Responder(House& house);

  // Once the head is there, before any of the body is read: whether he may ask this at all. False: `out` is the answer,
  // and the connection ends with it.
  bool receive(const http::Request& request, const PeerFacts& peer, http::Response& out) noexcept;
  // The whole request of the last receive(). to_ask_again: what it needs is being fetched; to_send: the answer is in
  // `out` and must not leave yet; until ready(held). With `final`, it is answered whatever is there. The request stays
  // as it was.
  using Wait = EngineDesk::Wait;
  Wait answer(const http::Request& request, const PeerFacts& peer, bool final, Held& held,
              http::Response& out) noexcept;
  bool ready(const Held& held) noexcept;
  // It waited as long as it may.
  void gave_up(const Held& held) noexcept;

  HttpMetrics& metrics() noexcept { return house_.metrics; }
  bool draining() const noexcept { return house_.draining.load(std::memory_order_relaxed); }
  std::optional<Contract> counted_as() const noexcept {
    return route_.kind == Route::Kind::contract ? std::optional(route_.contract) : std::nullopt;
  }
  // An answer to what could not be read, or took too long.
  void answer_fault(int status, http::Response& out) noexcept;

 private:
  void answer_contract(http::Request& request, http::Response& out);
  void answer_ready(bool with_causes, http::Response& out);
  bool identify(const http::Request& request, const PeerFacts& peer);

  House& house_;
  EngineDesk desk_;
  SnapshotBox<HouseRules>::Reader rules_;
  Route route_;
  Grant grant_;
  std::string scratch_;  // body and query of the request at hand, decoded in place and wiped
};

}  // namespace sallyport::daemon
