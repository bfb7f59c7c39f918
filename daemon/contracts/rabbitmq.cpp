// RabbitMQ's rabbitmq_auth_backend_http, 3.10 to 4.3, with its MQTT plugin. The token
// comes with /user alone; what follows is answered from the admission. The order of
// fields differs between versions and means nothing.

#include <algorithm>
#include <string>

#include "daemon/contracts/contracts.h"
#include "daemon/contracts/fields.h"

namespace sallyport::daemon {
namespace {

constexpr Contract kSelf = Contract::rabbitmq;

// The client that a question is about. Nothing where it may not be answered: AMQP and management know no client id,
// so that everybody under one user name would be one.
std::optional<ClientName> client_of(const Fields& fields, const Desk& desk) {
  const std::optional<std::string_view> username = fields.find("username");
  if (!username) return std::nullopt;
  std::optional<std::string_view> client_id = fields.find("client_id");
  if (!client_id) client_id = fields.find("variable_map.client_id");
  if (!client_id || client_id->empty()) {
    if (!desk.options().without_client_id) return std::nullopt;
    return ClientName{{}, *username, {}};  // AMQP tells the vhost in some questions only
  }
  return ClientName{fields.find("vhost").value_or("/"), *username, *client_id};
}

Verdict ask_user(const Fields& fields, Desk& desk) {
  const std::optional<ClientName> client = client_of(fields, desk);
  if (!client) return Verdict::deny;
  ConnectAttempt attempt;
  attempt.username = fields.find("username");
  attempt.password = fields.find("password");
  attempt.client_id = fields.find_shown("client_id");
  attempt.peer.transport = Transport::http;
  const Ruling ruling = desk.connect(kSelf, attempt, &*client);
  // The broker would let it in under the empty name.
  if (ruling.verdict == Verdict::allow && client->username.empty() && !ruling.decision.principal_verified)
    return Verdict::deny;
  return ruling.verdict;
}

// A queue is a client's own by its name alone.
bool is_own_queue(std::string_view queue, std::string_view client_id) {
  const auto eat = [&](std::string_view prefix) {
    if (!queue.starts_with(prefix)) return false;
    queue.remove_prefix(prefix.size());
    return true;
  };
  if (eat("mqtt-will-")) return queue == client_id;
  if (!eat("mqtt-subscription-")) return false;
  if (!queue.ends_with("qos0") && !queue.ends_with("qos1")) return false;
  queue.remove_suffix(4);
  return queue == client_id;
}

Verdict ask_resource(const Fields& fields, const ClientName& client, const Admission& admission, const Desk& desk) {
  const std::string_view resource = fields.find("resource").value_or(""), title = fields.find("name").value_or(""),
                         permission = fields.find("permission").value_or("");
  const bool known = permission == "configure" || permission == "read" || permission == "write";
  bool allowed = false;
  if (!known) return Verdict::deny;
  if (client.client_id.empty()) {
    // AMQP: queues have any name, and rights are about topics.
    allowed = admission.is_superuser ||
              (resource == "exchange" && title == desk.options().rabbitmq_exchange && permission != "configure");
  } else if (resource == "queue") {
    allowed = is_own_queue(title, client.client_id);
  } else if (resource == "exchange") {
    allowed =
        (title == desk.options().rabbitmq_exchange && permission != "configure") ||
        // A delayed will goes to its own queue through the default exchange; MQTT clients have no other way to it.
        (title == "amq.default" && permission == "write");
  }
  return allowed ? Verdict::allow : Verdict::deny;
}

// MQTT's topic before the plugin made an AMQP routing key of it: "a.*.#" was "a/+/#". A "." in a topic cannot be told
// from a level's end, on the broker's side either.
std::string topic_of(std::string_view routing_key) {
  std::string topic(routing_key);
  for (char& c : topic) c = c == '.' ? '/' : c == '*' ? '+' : c;
  return topic;
}

Verdict ask_topic(const Fields& fields, const Admission& admission, Desk& desk) {
  const std::string_view permission = fields.find("permission").value_or("");
  if (fields.find("resource").value_or("") != "topic" ||
      fields.find("name").value_or("") != desk.options().rabbitmq_exchange)
    return Verdict::deny;
  if (permission != "read" && permission != "write") return Verdict::deny;
  const std::string topic = topic_of(fields.find("routing_key").value_or(""));
  TopicRequest asked;
  asked.action = permission == "write" ? TopicAction::publish : TopicAction::subscribe;
  asked.topic = topic;
  // "$share/g/t" is a plain filter to this broker, and would be granted as one.
  if (topic.starts_with("$share/")) return Verdict::deny;
  return desk.topic(admission, asked);
}

}  // namespace

void answer_rabbitmq(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  if (endpoint != "user" && endpoint != "vhost" && endpoint != "resource" && endpoint != "topic")
    return refuse(kSelf, 404, "no such question", out);
  const std::optional<Fields> fields = Fields::read(request, desk);
  if (!fields) return refuse(kSelf, 400, "no form", out);
  if (endpoint == "user") return say(kSelf, Question::connect, ask_user(*fields, desk), out);

  const std::optional<ClientName> client = client_of(*fields, desk);
  const std::optional<Admission> admission = client ? desk.admitted(kSelf, *client) : std::nullopt;
  Verdict verdict = Verdict::deny;
  if (admission) {
    if (endpoint == "vhost")
      verdict = Verdict::allow;  // the vhost is part of the admission's name
    else if (endpoint == "resource")
      verdict = ask_resource(*fields, *client, *admission, desk);
    else
      verdict = ask_topic(*fields, *admission, desk);
  }
  say(kSelf, Question::topic, verdict, out);
}

}  // namespace sallyport::daemon
