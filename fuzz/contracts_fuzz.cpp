// The requests of each broker's contract. A desk that refuses everybody: then no answer of any contract may let anybody
// in, whatever the request looks like. A desk that lets everybody in: then no answer holds what was shown as a
// password. Lines: a byte for the contract and the desk, the endpoint, a header's value; then the body or the query.
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "daemon/testing.h"
#include "input.h"
#include "promise.h"

namespace sallyport::daemon {
namespace {

using testing::FakeDesk;

void answer(Contract contract, std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  switch (contract) {
    case Contract::rabbitmq:
      return answer_rabbitmq(endpoint, request, desk, out);
    case Contract::emqx:
      return answer_emqx(endpoint, request, desk, out);
    case Contract::emqx4:
      return answer_emqx4(endpoint, request, desk, out);
    case Contract::vernemq:
      return answer_vernemq(endpoint, request, desk, out);
    case Contract::nanomq:
      return answer_nanomq(endpoint, request, desk, out);
    case Contract::tbmq:
      return answer_tbmq(endpoint, request, desk, out);
    case Contract::eventgrid:
      return answer_eventgrid(endpoint, request, desk, out);
    case Contract::iotops:
      return answer_iotops(endpoint, request, desk, out);
    case Contract::proxy:
      return answer_proxy(endpoint, request, desk, out);
    case Contract::v1:
    case Contract::metrics:
      return answer_v1(endpoint, request, {.may_explain = true}, desk, out);
  }
}

// As the broker of this contract reads an answer: does it let somebody in, or give him something?
bool says_yes(Contract contract, const http::Response& out) {
  const auto json = [&] { return nlohmann::json::parse(out.body, nullptr, false); };
  const auto is = [](const nlohmann::json& from, const char* name, const char* value) {
    return from.is_object() && from.contains(name) && from[name] == value;
  };
  switch (contract) {
    case Contract::rabbitmq:
      return out.status == 200 && out.body.starts_with("allow");
    case Contract::emqx:
      return out.status == 204 || (out.status == 200 && !is(json(), "result", "deny")) || out.status != 200;
    case Contract::emqx4:
    case Contract::nanomq:
      return out.status == 200;
    case Contract::vernemq:
      return out.status == 200 && (is(json(), "result", "ok") || is(json(), "result", "next"));
    case Contract::tbmq:
      return out.status != 200 || !is(json(), "result", "failure");
    case Contract::eventgrid:
      return out.status != 400 || !is(json(), "decision", "deny");
    case Contract::iotops:
      return out.status == 200;
    case Contract::proxy:
      return out.status != 401 && out.status != 403;
    case Contract::v1:
    case Contract::metrics:
      return out.body.find("\"verdict\":\"allow\"") != std::string::npos ||
             out.body.find("\"allowed\":true") != std::string::npos;
  }
  return true;
}

void look(Input in) {
  const std::uint8_t first = in.byte();
  const auto contract = static_cast<Contract>(first % 10);
  const bool refuses = (first / 10) % 2 == 0, get = first >= 200;
  (void)in.line();
  const std::string endpoint(in.line()), header(in.line());
  std::string body(in.rest());
  http::Request request;
  request.method = get ? "GET" : "POST";
  std::string query = get ? body : contract == Contract::iotops ? "api-version=0.5.0" : "";
  request.query_data = query.data();
  request.query_size = query.size();
  request.body_data = body.data();
  request.body_size = body.size();
  const std::array<std::string_view, 3> names{"vernemq-hook", "authorization", "content-type"};
  request.headers[0] = {names[static_cast<std::size_t>(contract == Contract::proxy)], header};
  request.header_count = 1;

  FakeDesk desk;
  desk.said.emqx_acl = first & 1;
  desk.said.without_client_id = first & 2;
  desk.username_tokens = first & 4;
  desk.says(refuses ? Verdict::deny : Verdict::allow, refuses ? Reason::bad_signature : Reason::token_ok);
  if (!refuses) {
    desk.ruling.decision.principal = "principal";
    desk.ruling.decision.principal_verified = true;
    desk.ruling.ends_at = testing::kNow + 60;
    desk.may(kMayBoth, "site/#");
  }
  http::Response out;
  answer(contract, endpoint, request, desk, out);
  promise(out.status >= 200 && out.status < 600, "an answer has a status");
  std::string wire;
  http::write_response(wire, out, true, false);
  promise(wire.ends_with("\r\n\r\n" + out.body), "an answer has one head");
  if (refuses) {
    promise(!says_yes(contract, out), "who is refused is refused in every contract's words");
    return;
  }
  // One that stands in nothing else of what was asked.
  const std::string& password = desk.password;
  if (desk.asked && password.size() > 12 && password != "(absent)" &&
      desk.username.find(password) == std::string::npos && desk.client_id.find(password) == std::string::npos &&
      std::string_view(in.rest()).find(password) == std::string_view::npos)
    promise(wire.find(password) == std::string::npos, "no answer holds a password");
}

}  // namespace
}  // namespace sallyport::daemon

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sallyport::daemon::look({data, size});
  return 0;
}
