#include "daemon/responder.h"

#include <cstring>

#include "base/secret.h"
#include "engine/client_certificate.h"
#include "engine/decision_log.h"

namespace sallyport::daemon {
namespace {

void plain(int status, std::string_view text, http::Response& out) {
  out.status = status;
  out.content_type = "text/plain";
  out.body = text;
}

}  // namespace

Responder::Responder(House& house)
    : house_(house), desk_(house.engine, house.admissions, house.shared.get(), &house.endings), rules_(house.rules) {
  scratch_.reserve(8 * 1024);
}

bool Responder::identify(const http::Request& request, const PeerFacts& peer) {
  const HouseRules& rules = rules_.get();
  const std::optional<Grant> grant = rules.callers->identify(request, route_.path_secret, peer, route_.contract);
  if (grant) grant_ = *grant;
  return grant.has_value();
}

bool Responder::receive(const http::Request& request, const PeerFacts& peer, http::Response& out) noexcept {
  try {
    route_ = route_of(request.path());
    grant_ = {};
    switch (route_.kind) {
      case Route::Kind::none:
        if (request.framing == http::Framing::none) return true;
        plain(404, "no such page", out);  // with a body behind it, the connection ends
        return false;
      case Route::Kind::alive:
      case Route::Kind::ready:
        return true;
      case Route::Kind::contract:
        break;
    }
    if (identify(request, peer)) {
      certificate_.clear();
      if (!grant_.certificate_header.empty())
        if (const auto value = request.header(grant_.certificate_header))
          certificate_ = client_certificate_thumbprint(*value);
      return true;
    }
    house_.metrics.unproven_callers.fetch_add(1, std::memory_order_relaxed);
    house_.tell_of_unproven(peer.address, route_.contract);
    refuse(route_.contract, 401, "who asks did not prove that he may", out);
    if (out.status == 401 && route_.contract != Contract::proxy)
      out.headers += "www-authenticate: Bearer realm=\"sallyportd\", Basic realm=\"sallyportd\"\r\n";
  } catch (const std::bad_alloc&) {
    out.clear();
    out.status = 503;
  }
  return false;
}

Responder::Wait Responder::answer(const http::Request& request, const PeerFacts& peer, bool final, Held& held,
                                  http::Response& out) noexcept {
  Wait wait = Wait::none;
  try {
    desk_.begin(held, final);
    desk_.set_options(rules_.get().options);
    desk_.set_certificate(certificate_);
    switch (route_.kind) {
      case Route::Kind::none:
        plain(404, "no such page", out);
        break;
      case Route::Kind::alive:
        plain(200, "alive\n", out);
        break;
      case Route::Kind::ready: {
        // Causes name files and hosts: they are for those who may ask for metrics, and for this machine.
        const HouseRules& rules = rules_.get();
        answer_ready(peer.is_loopback() ||
                         rules.callers->identify(request, route_.path_secret, peer, Contract::metrics).has_value(),
                     out);
        break;
      }
      case Route::Kind::contract: {
        copy_.copy_from(request);
        scratch_.assign(request.body_data ? request.body_data : "", request.body_size);
        scratch_.append(request.query_data, request.query_size);
        copy_.body_data = scratch_.data();
        copy_.query_data = scratch_.data() + request.body_size;
        answer_contract(copy_, out);
        wait = desk_.wait();
        wipe(scratch_);
        break;
      }
    }
  } catch (const std::exception&) {
    // Refuse, in the contract's words: an error of ours lets nobody in.
    out.clear();
    wipe(scratch_);
    if (route_.kind == Route::Kind::contract)
      say(route_.contract, Question::connect, Verdict::unavailable, out);
    else
      out.status = 503;
    return Wait::none;
  }
  if (wait == Wait::to_ask_again) {
    held.generation = desk_.snapshot_generation();
    out.clear();
  }
  return wait;
}

bool Responder::ready(const Held& held) noexcept {
  if (held.for_snapshot) return desk_.snapshot_generation() != held.generation;
  if (held.ticket) return house_.shared->settled(held.ticket);
  return !held.lookup || held.lookup->done.load(std::memory_order_acquire);
}

void Responder::gave_up(const Held& held) noexcept {
  if (held.for_snapshot || !house_.shared) return;
  if (held.ticket)
    house_.shared->gave_up_writing();
  else
    house_.shared->gave_up_reading();
}

void Responder::answer_contract(http::Request& request, http::Response& out) {
  const std::string_view endpoint = route_.endpoint;
  switch (route_.contract) {
    case Contract::rabbitmq:
      return answer_rabbitmq(endpoint, request, desk_, out);
    case Contract::emqx:
      return answer_emqx(endpoint, request, desk_, out);
    case Contract::emqx4:
      return answer_emqx4(endpoint, request, desk_, out);
    case Contract::vernemq:
      return answer_vernemq(endpoint, request, desk_, out);
    case Contract::nanomq:
      return answer_nanomq(endpoint, request, desk_, out);
    case Contract::tbmq:
      return answer_tbmq(endpoint, request, desk_, out);
    case Contract::eventgrid:
      return answer_eventgrid(endpoint, request, desk_, out);
    case Contract::iotops:
      return answer_iotops(endpoint, request, desk_, out);
    case Contract::proxy:
      return answer_proxy(endpoint, request, desk_, out);
    case Contract::v1:
      return answer_v1(endpoint, request, {grant_.may_explain}, desk_, out);
    case Contract::metrics:
      if (!endpoint.empty() || (request.method != "GET" && request.method != "HEAD"))
        return refuse(Contract::metrics, 404, "no such page", out);
      out.content_type = content_type(Contract::metrics);
      out.body = house_.metrics_text();
      return;
  }
}

void Responder::answer_ready(bool with_causes, http::Response& out) {
  const std::shared_ptr<const House::Readiness> state = house_.readiness();
  out.status = state->ready ? 200 : 503;
  out.content_type = "application/json";
  out.body = with_causes ? state->with_causes : state->ready ? "{\"ready\":true}" : "{\"ready\":false}";
}

void Responder::answer_fault(int status, http::Response& out) noexcept {
  route_ = {};
  try {
    out.clear();
    plain(status, http::status_text(status), out);
  } catch (const std::bad_alloc&) {
    out.clear();
    out.status = status;
  }
}

}  // namespace sallyport::daemon
