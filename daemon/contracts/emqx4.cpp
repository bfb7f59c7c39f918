// EMQX 4.4's emqx_auth_http: three forms, answered by status.

#include "daemon/contracts/contracts.h"
#include "daemon/contracts/fields.h"

namespace sallyport::daemon {
namespace {

constexpr Contract kSelf = Contract::emqx4;

std::optional<std::string_view> first_of(const Fields& fields, std::string_view a, std::string_view b) {
  const auto value = fields.find(a);
  return value ? value : fields.find(b);
}

ClientName client_of(const Fields& fields) {
  return {fields.find("mountpoint").value_or(""), fields.find("username").value_or(""),
          fields.find("clientid").value_or("")};
}

}  // namespace

void answer_emqx4(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  if (endpoint != "auth" && endpoint != "super" && endpoint != "acl")
    return refuse(kSelf, 404, "no such question", out);
  const std::optional<Fields> fields = Fields::read(request, desk);
  if (!fields) return refuse(kSelf, 400, "no form", out);
  const ClientName client = client_of(*fields);
  if (endpoint == "auth") {
    ConnectAttempt attempt;
    attempt.username = fields->find_shown("username");
    attempt.password = fields->find_shown("password");
    attempt.client_id = fields->find_shown("clientid");
    attempt.peer = {first_of(*fields, "ipaddress", "ipaddr").value_or(""), Transport::http};
    return say(kSelf, Question::connect, desk.connect(kSelf, attempt, &client).verdict, out);
  }
  const std::optional<Admission> admission = desk.admitted(kSelf, client);
  Verdict verdict = Verdict::deny;
  if (admission && endpoint == "super") {
    verdict = admission->is_superuser ? Verdict::allow : Verdict::deny;
  } else if (admission) {
    const std::string_view access = fields->find("access").value_or("");
    TopicRequest asked;
    asked.action = access == "2" ? TopicAction::publish : TopicAction::subscribe;
    asked.topic = fields->find("topic").value_or("");
    asked.peer_address = first_of(*fields, "ipaddr", "ipaddress").value_or("");
    if (access == "1" || access == "2") verdict = desk.topic(*admission, asked);
  }
  say(kSelf, Question::topic, verdict, out);
}

}  // namespace sallyport::daemon
