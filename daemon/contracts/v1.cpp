// Our own contract: the fields of `sallyport decide --batch` but its clock, and the
// decision in full.

#include <fmt/format.h>

#include "daemon/contracts/contracts.h"
#include "daemon/contracts/fields.h"

namespace sallyport::daemon {
namespace {

using namespace std::string_view_literals;

constexpr Contract kSelf = Contract::v1;
constexpr std::size_t kMaxBatch = 1000;

// What one attempt asks. A name that is not known would read as "absent": it is an error.
struct Asked {
  std::optional<JsonValue> id;
  ConnectAttempt attempt;
  bool explain = false;
  std::optional<JsonValue> topics;
  std::string_view action;
  std::string fault;
};

Asked read_attempt(const JsonValue& object, bool with_topics) {
  Asked out;
  out.attempt.peer.transport = Transport::http;
  if (!object.is_object()) {
    out.fault = "an attempt is a JSON object";
    return out;
  }
  const auto text = [&](const JsonValue& value, std::string_view name, std::optional<std::string_view>& field) {
    if (value.is_null()) return;
    if (value.is_string())
      field = value.text();
    else
      out.fault = fmt::format("{} is no text", name);
  };
  std::optional<std::string_view> peer, action;
  for (JsonValue::Cursor c = object.begin(); c.valid(); c.advance()) {
    const std::string_view name = c.name();
    if (name == "id") {
      if (!c.value().is_null() && !c.value().is_string() && !c.value().integer())
        out.fault = "id is neither a text nor a whole number";
      else
        out.id = c.value();
    } else if (name == "username")
      text(c.value(), name, out.attempt.username);
    else if (name == "clientid")
      text(c.value(), name, out.attempt.client_id);
    else if (name == "password")
      text(c.value(), name, out.attempt.password);
    else if (name == "peer")
      text(c.value(), name, peer);
    else if (name == "explain" && !with_topics) {
      const std::optional<bool> on = c.value().boolean();
      if (!on)
        out.fault = "explain is neither true nor false";
      else
        out.explain = *on;
    } else if (with_topics && name == "action")
      text(c.value(), name, action);
    else if (with_topics && name == "topics")
      out.topics = c.value();
    else
      out.fault = "a name that is not known";
    if (!out.fault.empty()) return out;
  }
  if (peer) out.attempt.peer.address = *peer;
  out.action = action.value_or("");
  return out;
}

void append_decision(std::string& out, const Asked& asked, const Ruling& ruling, Desk& desk) {
  const Decision& d = ruling.decision;
  out.reserve(out.size() + 256);
  out += '{';
  if (asked.id) {
    out += "\"id\":";
    if (asked.id->is_string())
      append_json_string(out, asked.id->text());
    else
      out += asked.id->text();
    out += ',';
  }
  // Words of our own need no escape; what stands between them is appended with its length known.
  out.append("\"verdict\":\""sv).append(name(d.verdict));
  out.append("\",\"reason\":\""sv).append(name(d.reason));
  out.append("\",\"class\":\""sv).append(name(entry(d.reason).cls));
  out.append("\",\"authenticator\":\""sv).append(name(d.authenticator));
  out.append("\",\"principal\":"sv);
  if (d.principal.empty())
    out.append("null"sv);
  else
    append_json_string(out, d.principal);
  out.append(d.principal_verified ? ",\"principal_verified\":true"sv : ",\"principal_verified\":false"sv);
  out.append(d.is_superuser ? ",\"is_superuser\":true,\"expires_at\":"sv : ",\"is_superuser\":false,\"expires_at\":"sv);
  if (d.expires_at)
    out.append(std::to_string(*d.expires_at));
  else
    out.append("null"sv);
  if (asked.explain) {
    out += ",\"explanation\":[";
    bool first = true;
    for (const std::string& line : desk.explain()) {
      if (!first) out += ',';
      first = false;
      append_json_string(out, line);
    }
    out += ']';
  }
  out += '}';
}

void decide_one(const JsonValue& root, const Asker& asker, Desk& desk, http::Response& out) {
  const Asked asked = read_attempt(root, false);
  if (!asked.fault.empty()) return refuse(kSelf, 400, asked.fault, out);
  if (asked.explain && !asker.may_explain) return refuse(kSelf, 403, "this caller may not ask for explanations", out);
  const Ruling ruling = desk.connect(kSelf, asked.attempt, nullptr);
  out.content_type = content_type(kSelf);
  append_decision(out.body, asked, ruling, desk);
}

void decide_batch(const JsonValue& root, const Asker& asker, Desk& desk, http::Response& out) {
  const std::optional<JsonValue> list = root.is_array() ? root : root.find("attempts");
  if (!list || !list->is_array()) return refuse(kSelf, 400, "a batch is a list of attempts", out);
  if (list->size() > kMaxBatch) return refuse(kSelf, 413, "a batch has at most 1000 attempts", out);
  std::string body = "{\"decisions\":[";
  for (JsonValue::Cursor c = list->begin(); c.valid(); c.advance()) {
    if (body.back() != '[') body += ',';
    const Asked asked = read_attempt(c.value(), false);
    if (!asked.fault.empty()) return refuse(kSelf, 400, asked.fault, out);
    if (asked.explain && !asker.may_explain) return refuse(kSelf, 403, "this caller may not ask for explanations", out);
    append_decision(body, asked, desk.connect(kSelf, asked.attempt, nullptr), desk);
  }
  out.content_type = content_type(kSelf);
  out.body = std::move(body) + "]}";
}

// What a client with these credentials may do with these topics.
void check_topics(const JsonValue& root, Desk& desk, http::Response& out) {
  const Asked asked = read_attempt(root, true);
  if (!asked.fault.empty()) return refuse(kSelf, 400, asked.fault, out);
  if (asked.action != "publish" && asked.action != "subscribe")
    return refuse(kSelf, 400, "action is neither publish nor subscribe", out);
  if (!asked.topics || !asked.topics->is_array()) return refuse(kSelf, 400, "topics is no list", out);
  const Ruling ruling = desk.connect(kSelf, asked.attempt, nullptr);
  std::optional<Admission> admission;
  if (ruling.decision.verdict == Verdict::allow) admission = desk.last_admission(asked.attempt.client_id.value_or(""));
  std::string body;
  append_decision(body, asked, ruling, desk);
  body.back() = ',';
  body += "\"topics\":[";
  for (JsonValue::Cursor c = asked.topics->begin(); c.valid(); c.advance()) {
    if (!c.value().is_string()) return refuse(kSelf, 400, "a topic is no text", out);
    TopicRequest request;
    request.action = asked.action == "publish" ? TopicAction::publish : TopicAction::subscribe;
    request.topic = c.value().text();
    request.peer_address = asked.attempt.peer.address;
    if (body.back() != '[') body += ',';
    body += "{\"topic\":";
    append_json_string(body, request.topic);
    body += fmt::format(",\"allowed\":{}}}", admission && desk.topic(*admission, request) == Verdict::allow);
  }
  out.content_type = content_type(kSelf);
  out.body = std::move(body) + "]}";
}

}  // namespace

void answer_v1(std::string_view endpoint, http::Request& request, const Asker& asker, Desk& desk, http::Response& out) {
  if (endpoint != "decide" && endpoint != "decide/batch" && endpoint != "topics/check")
    return refuse(kSelf, 404, "no such question", out);
  if (request.method != "POST") {
    refuse(kSelf, 405, "a question is a POST", out);
    out.headers += "allow: POST\r\n";
    return;
  }
  const std::optional<JsonValue> root = read_json(request, desk);
  if (!root) return refuse(kSelf, 400, "no strict JSON", out);
  if (endpoint == "decide") return decide_one(*root, asker, desk, out);
  if (endpoint == "decide/batch") return decide_batch(*root, asker, desk, out);
  check_topics(*root, desk, out);
}

}  // namespace sallyport::daemon
