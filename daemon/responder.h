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
#include "daemon/http/service.h"
#include "daemon/route.h"

namespace sallyport::daemon {

class Responder final : public http::Service {
 public:
  explicit Responder(House& house);

  bool receive(const http::Request& request, const PeerFacts& peer, http::Response& out) noexcept override;
  using Wait = EngineDesk::Wait;
  Wait answer(const http::Request& request, const PeerFacts& peer, bool final, Held& held,
              http::Response& out) noexcept override;
  bool ready(const Held& held) noexcept override;
  void gave_up(const Held& held) noexcept override;

  HttpMetrics& metrics() noexcept override { return house_.metrics; }
  bool draining() const noexcept override { return house_.draining.load(std::memory_order_relaxed); }
  std::optional<Contract> counted_as() const noexcept override {
    return route_.kind == Route::Kind::contract ? std::optional(route_.contract) : std::nullopt;
  }
  void answer_fault(int status, http::Response& out) noexcept override;

 private:
  void answer_contract(http::Request& request, http::Response& out);
  void answer_ready(bool with_causes, http::Response& out);
  bool identify(const http::Request& request, const PeerFacts& peer);

  House& house_;
  EngineDesk desk_;
  SnapshotBox<HouseRules>::Reader rules_;
  Route route_;
  Grant grant_;
  std::string certificate_;  // thumbprint of the MQTT client's, by the word of a caller who may say so
  // The request at hand, once more: contracts decode in place, and a held request is read again.
  http::Request copy_;
  std::string scratch_;  // its body and query; wiped
};

}  // namespace sallyport::daemon
