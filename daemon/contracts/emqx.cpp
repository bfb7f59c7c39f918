// EMQX 5 and 6: HTTP authenticator and authorizer. The body is the operator's to
// template; docs/brokers/emqx.md has the one that we ask for, which sends what every
// rule may need. Whatever goes wrong is a 200 that denies: any other status makes EMQX
// ask its next source, and may end in "allow".

#include <fmt/format.h>

#include <algorithm>

#include "daemon/contracts/contracts.h"
#include "daemon/contracts/fields.h"
#include "daemon/contracts/rights.h"

namespace sallyport::daemon {
namespace {

constexpr Contract kSelf = Contract::emqx;

// EMQX refuses an expire_at that could be milliseconds.
constexpr UnixSeconds kLongest = 3650LL * 86'400;

ClientName client_of(const Fields& fields) {
  return {fields.find("tenant").value_or(""), fields.find("username").value_or(""),
          fields.find("clientid").value_or("")};
}

void authenticate(const Fields& fields, Desk& desk, http::Response& out) {
  const ClientName client = client_of(fields);
  ConnectAttempt attempt;
  // EMQX renders what is absent as an empty text.
  attempt.username = fields.find_shown("username");
  attempt.password = fields.find_shown("password");
  attempt.client_id = fields.find_shown("clientid");
  attempt.peer = {fields.find("peerhost").value_or(""), Transport::http};
  const Ruling ruling = desk.connect(kSelf, attempt, &client);
  say(kSelf, Question::connect, ruling.verdict, out);
  if (ruling.verdict != Verdict::allow) return;
  // RMQTT speaks this contract and reads `superuser`.
  const bool super = ruling.decision.is_superuser;
  out.body = fmt::format(R"({{"result":"allow","is_superuser":{},"superuser":{})", super, super);
  append_attributes(out.body, "client_attrs", ruling.decision.attributes);
  if (desk.options().emqx_acl && !super)
    if (const auto rights = desk.last_rights(client.client_id)) append_emqx_acl(out.body, *rights);
  if (ruling.ends_at) out.body += fmt::format(R"(,"expire_at":{})", std::min(*ruling.ends_at, desk.now() + kLongest));
  out.body += '}';
}

std::optional<TopicAction> action_of(const Fields& fields) {
  const std::string_view action = fields.find("action").value_or(""), access = fields.find("access").value_or("");
  if (action == "publish" || (action.empty() && access == "2")) return TopicAction::publish;
  if (action == "subscribe" || (action.empty() && access == "1")) return TopicAction::subscribe;
  return std::nullopt;
}

void authorize(const Fields& fields, Desk& desk, http::Response& out) {
  const ClientName client = client_of(fields);
  const std::optional<TopicAction> action = action_of(fields);
  const std::optional<Admission> admission = desk.admitted(kSelf, client);
  Verdict verdict = Verdict::deny;
  if (admission && action) {
    TopicRequest asked;
    asked.action = *action;
    asked.topic = fields.find("topic").value_or("");
    asked.peer_address = fields.find("peerhost").value_or("");
    const std::string_view qos = fields.find("qos").value_or(""), retain = fields.find("retain").value_or("");
    if (qos.size() == 1 && qos[0] >= '0' && qos[0] <= '2') asked.qos = static_cast<std::uint8_t>(qos[0] - '0');
    if (retain == "true" || retain == "1") asked.retain = true;
    if (retain == "false" || retain == "0") asked.retain = false;
    verdict = desk.topic(*admission, asked);
  }
  say(kSelf, Question::topic, verdict, out);
}

}  // namespace

void answer_emqx(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  const std::optional<Fields> fields = Fields::read(request, desk);
  if (!fields) return refuse(kSelf, 400, "neither JSON nor a form", out);
  if (endpoint == "authenticate") return authenticate(*fields, desk, out);
  if (endpoint == "authorize") return authorize(*fields, desk, out);
  refuse(kSelf, 404, "no such question", out);
}

}  // namespace sallyport::daemon
