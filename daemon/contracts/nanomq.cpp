// NanoMQ's http_auth: the status is all that it reads. super_req carries the password
// again, and acl_req joins the filters of one SUBSCRIBE with commas.

#include "daemon/contracts/contracts.h"
#include "daemon/contracts/fields.h"

namespace sallyport::daemon {
namespace {

constexpr Contract kSelf = Contract::nanomq;

ClientName client_of(const Fields& fields) {
  return {fields.find("mountpoint").value_or(""), fields.find("username").value_or(""),
          fields.find("clientid").value_or("")};
}

Ruling connect(const Fields& fields, const ClientName& client, Desk& desk) {
  ConnectAttempt attempt;
  attempt.username = fields.find_shown("username");
  attempt.password = fields.find_shown("password");
  attempt.client_id = fields.find_shown("clientid");
  attempt.peer = {fields.find("ipaddr").value_or(""), Transport::http};
  return desk.connect(kSelf, attempt, &client);
}

bool all_allowed(Desk& desk, const Admission& admission, TopicRequest asked, std::string_view topics) {
  // A publish has one topic, whatever commas stand in it.
  if (asked.action == TopicAction::publish) {
    asked.topic = topics;
    return desk.topic(admission, asked) == Verdict::allow;
  }
  while (true) {
    const std::size_t comma = topics.find(',');
    asked.topic = topics.substr(0, comma);
    if (desk.topic(admission, asked) != Verdict::allow) return false;
    if (comma == std::string_view::npos) return true;
    topics.remove_prefix(comma + 1);
  }
}

}  // namespace

void answer_nanomq(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  if (endpoint != "auth" && endpoint != "super" && endpoint != "acl")
    return refuse(kSelf, 404, "no such question", out);
  const std::optional<Fields> fields = Fields::read(request, desk);
  if (!fields) return refuse(kSelf, 400, "no form", out);
  const ClientName client = client_of(*fields);
  if (endpoint == "auth") return say(kSelf, Question::connect, connect(*fields, client, desk).verdict, out);
  if (endpoint == "super") {
    // A fresh decision where the password is there; and a yes here is a yes to every topic.
    const bool fresh = fields->find_shown("password").has_value();
    const std::optional<Admission> admission = desk.admitted(kSelf, client);
    const bool super = fresh ? [&] {
      const Ruling ruling = connect(*fields, client, desk);
      return ruling.verdict == Verdict::allow && ruling.decision.is_superuser;
    }() : admission && admission->is_superuser;
    return say(kSelf, Question::topic, super ? Verdict::allow : Verdict::deny, out);
  }
  const std::optional<Admission> admission = desk.admitted(kSelf, client);
  const std::string_view access = fields->find("access").value_or("");
  TopicRequest asked;
  asked.action = access == "2" ? TopicAction::publish : TopicAction::subscribe;
  asked.peer_address = fields->find("ipaddr").value_or("");
  const bool allowed = admission && (access == "1" || access == "2") &&
                       all_allowed(desk, *admission, asked, fields->find("topic").value_or(""));
  say(kSelf, Question::topic, allowed ? Verdict::allow : Verdict::deny, out);
}

}  // namespace sallyport::daemon
