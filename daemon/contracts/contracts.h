// One function a contract: from a request to a response. What they have in common:
// whatever cannot be read is refused, and no answer holds a token or a password.
#pragma once

#include <string_view>

#include "daemon/desk.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"

namespace sallyport::daemon {

// Who asks, as far as a contract must know.
struct Asker {
  bool may_explain = false;
};

// `endpoint` is what follows the contract's name in the path: "user" of "/rabbitmq/user".
void answer_rabbitmq(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_emqx(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_emqx4(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_vernemq(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_nanomq(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_tbmq(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_eventgrid(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_iotops(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_proxy(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out);
void answer_v1(std::string_view endpoint, http::Request& request, const Asker& asker, Desk& desk, http::Response& out);

}  // namespace sallyport::daemon
