// nginx's auth_request and Envoy's ext_authz over HTTP: the client's own request, whose
// Authorization is the client's. 200, 401 and 403 alone: nginx makes a 500 of the rest.
// RFC 6750 says what a refusal looks like.

#include <string>

#include "daemon/contracts/contracts.h"

namespace sallyport::daemon {
namespace {

constexpr Contract kSelf = Contract::proxy;

// The credentials of RFC 6750 2.1, where there is one header of this scheme.
std::optional<std::string_view> bearer_of(const http::Request& request) {
  const std::optional<std::string_view> value = request.header("authorization");
  constexpr std::string_view scheme = "bearer ";
  if (!value || value->size() <= scheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = (*value)[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != scheme[i]) return std::nullopt;
  }
  std::string_view token = value->substr(scheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  if (token.empty() || token.find_first_of(" \t,") != std::string_view::npos) return std::nullopt;
  return token;
}

}  // namespace

void answer_proxy(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  // Envoy puts the client's own path behind ours.
  if (endpoint != "check" && !endpoint.starts_with("check/")) return refuse(kSelf, 403, "no such question", out);
  const std::optional<std::string_view> token = bearer_of(request);
  if (!token) {
    say(kSelf, Question::connect, Verdict::deny, out);
    // RFC 6750 3.1: no error code where no credentials came.
    out.headers += "www-authenticate: Bearer realm=\"sallyport\"\r\n";
    return;
  }
  ConnectAttempt attempt;
  (desk.token_is_username() ? attempt.username : attempt.password) = *token;
  attempt.peer.transport = Transport::http;
  const Ruling ruling = desk.connect(kSelf, attempt, nullptr);
  say(kSelf, Question::connect, ruling.verdict, out);
  if (out.status == 401) out.headers += "www-authenticate: Bearer realm=\"sallyport\", error=\"invalid_token\"\r\n";
  if (ruling.verdict != Verdict::allow) return;
  // Always sent, so that the proxy overwrites what a client may have put there.
  const bool named = ruling.decision.principal_verified;
  out.headers +=
      "x-sallyport-principal: " + (named ? http::header_value(ruling.decision.principal) : std::string()) + "\r\n";
  out.headers += std::string("x-sallyport-superuser: ") + (ruling.decision.is_superuser ? "true" : "false") + "\r\n";
  out.headers += "x-sallyport-expires: " + (ruling.ends_at ? std::to_string(*ruling.ends_at) : std::string()) + "\r\n";
}

}  // namespace sallyport::daemon
