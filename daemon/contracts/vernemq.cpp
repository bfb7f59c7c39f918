// VerneMQ's webhooks, all at one path and told apart by their header. A `result` that
// the broker does not know crashes the call; a modifier that it does not know, or a
// client_id without its mountpoint, fails the whole reply: few are sent.

#include <fmt/format.h>

#include <algorithm>

#include "daemon/contracts/contracts.h"
#include "daemon/contracts/fields.h"

namespace sallyport::daemon {
namespace {

constexpr Contract kSelf = Contract::vernemq;
// The broker's timers take 2^32 ms.
constexpr UnixSeconds kLongest = 4'294'967;
constexpr int kV3Denied = 128, kV5Denied = 135;  // SUBACK: failure; not authorized

ClientName client_of(const Fields& fields) {
  return {fields.find("mountpoint").value_or(""), fields.find("username").value_or(""),
          fields.find("client_id").value_or("")};
}

void on_register(const Fields& fields, Desk& desk, http::Response& out) {
  const ClientName client = client_of(fields);
  ConnectAttempt attempt;
  attempt.username = fields.find("username");
  attempt.password = fields.find("password");
  attempt.client_id = fields.find_shown("client_id");
  attempt.peer = {fields.find("addr").value_or(""), Transport::http};
  const Ruling ruling = desk.connect(kSelf, attempt, &client);
  say(kSelf, Question::connect, ruling.verdict, out);
  if (ruling.verdict != Verdict::allow || !ruling.ends_at) return;
  // No max-age here: a lifetime in seconds that is remembered runs anew from each time it is used.
  const UnixSeconds left = std::clamp<UnixSeconds>(*ruling.ends_at - desk.now(), 1, kLongest);
  out.body = fmt::format(R"({{"result":"ok","modifiers":{{"max_connection_lifetime":{}}}}})", left);
}

// How long the broker may remember this: never beyond the token, nor beyond what was promised for revocation.
void allow_cache(const Admission& admission, const Desk& desk, http::Response& out) {
  UnixSeconds age = desk.options().cache_max_age;
  if (admission.ends_at) age = std::min(age, *admission.ends_at - desk.now());
  if (age > 0) out.headers += fmt::format("cache-control: max-age={}\r\n", age);
}

std::optional<std::uint8_t> qos_of(const JsonValue& value) {
  const std::optional<std::int64_t> qos = value.integer();
  if (!qos || *qos < 0 || *qos > 2) return std::nullopt;
  return static_cast<std::uint8_t>(*qos);
}

void on_publish(const Fields& fields, Desk& desk, http::Response& out) {
  const std::optional<Admission> admission = desk.admitted(kSelf, client_of(fields));
  TopicRequest asked;
  asked.action = TopicAction::publish;
  asked.topic = fields.find("topic").value_or("");
  if (const auto qos = fields.object()->find("qos")) asked.qos = qos_of(*qos);
  if (const auto retain = fields.object()->find("retain")) asked.retain = retain->boolean();
  const Verdict verdict = admission ? desk.topic(*admission, asked) : Verdict::deny;
  say(kSelf, Question::topic, verdict, out);
  if (verdict == Verdict::allow) allow_cache(*admission, desk, out);
}

void on_subscribe(const Fields& fields, bool v5, Desk& desk, http::Response& out) {
  const std::optional<Admission> admission = desk.admitted(kSelf, client_of(fields));
  const std::optional<JsonValue> topics = fields.object()->find("topics");
  if (!admission || !topics || !topics->is_array() || topics->size() == 0)
    return say(kSelf, Question::topic, Verdict::deny, out);
  std::string list;
  bool any_denied = false;
  std::size_t left_to_others = 0;
  for (JsonValue::Cursor c = topics->begin(); c.valid(); c.advance()) {
    const JsonValue pair = c.value();
    const std::optional<JsonValue> filter = pair.at_pointer("/0"), qos = pair.at_pointer("/1");
    if (!filter || !filter->is_string() || !qos) return say(kSelf, Question::topic, Verdict::deny, out);
    TopicRequest asked;
    asked.action = TopicAction::subscribe;
    asked.topic = filter->text();
    // In MQTT 5 it is an object of options, or a number.
    asked.qos = qos->is_object() ? qos_of(qos->find("qos").value_or(JsonValue())) : qos_of(*qos);
    const Verdict verdict = asked.qos ? desk.topic(*admission, asked) : Verdict::deny;
    const bool allowed = verdict == Verdict::allow;
    left_to_others += verdict == Verdict::ignore;
    any_denied = any_denied || !allowed;
    list += list.empty() ? "{\"topic\":" : ",{\"topic\":";
    append_json_string(list, filter->text());
    list += fmt::format(",\"qos\":{}}}", allowed ? static_cast<int>(*asked.qos) : v5 ? kV5Denied : kV3Denied);
  }
  // The next plugin is asked about the whole packet or not at all.
  if (left_to_others == topics->size()) return say(kSelf, Question::topic, Verdict::ignore, out);
  say(kSelf, Question::topic, Verdict::allow, out);
  if (any_denied && v5)
    out.body = fmt::format(R"({{"result":"ok","modifiers":{{"topics":[{}]}}}})", list);
  else if (any_denied)
    out.body = fmt::format(R"({{"result":"ok","topics":[{}]}})", list);
  else
    allow_cache(*admission, desk, out);
}

// MQTT 5 enhanced authentication: the chain knows which methods it speaks.
void on_auth(const Fields& fields, Desk& desk, http::Response& out) {
  const std::optional<JsonValue> properties = fields.object()->find("properties");
  ConnectAttempt attempt;
  attempt.username = fields.find("username");
  attempt.client_id = fields.find_shown("client_id");
  attempt.peer.transport = Transport::http;
  if (properties) {
    if (const auto method = properties->find("p_authentication_method")) attempt.auth_method = method->string();
    if (const auto data = properties->find("p_authentication_data")) attempt.auth_data = data->string();
  }
  const Ruling ruling = desk.connect(kSelf, attempt, nullptr);
  say(kSelf, Question::connect, ruling.verdict, out);
}

}  // namespace

void answer_vernemq(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  if (!endpoint.empty()) return refuse(kSelf, 404, "no such question", out);
  if (request.method != "POST") return refuse(kSelf, 405, "a hook is a POST", out);
  const std::string_view hook = request.header("vernemq-hook").value_or("");
  const std::optional<Fields> fields = Fields::read(request, desk);
  if (!fields || !fields->object()) return refuse(kSelf, 400, "no JSON object", out);
  if (hook == "auth_on_register" || hook == "auth_on_register_m5") return on_register(*fields, desk, out);
  if (hook == "auth_on_publish" || hook == "auth_on_publish_m5") return on_publish(*fields, desk, out);
  if (hook == "auth_on_subscribe") return on_subscribe(*fields, false, desk, out);
  if (hook == "auth_on_subscribe_m5") return on_subscribe(*fields, true, desk, out);
  if (hook == "on_auth_m5") return on_auth(*fields, desk, out);
  refuse(kSelf, 404, "no such hook", out);
}

}  // namespace sallyport::daemon
