// TBMQ's HTTP provider. A body that is empty, or has no result, lets the client in, and
// rights that are left out are the provider's defaults: every answer is in full.

#include "codec/json.h"
#include "daemon/contracts/contracts.h"
#include "daemon/contracts/fields.h"
#include "daemon/contracts/rights.h"

namespace sallyport::daemon {
namespace {

constexpr Contract kSelf = Contract::tbmq;

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& patterns) {
  out += name;
  bool first = true;
  for (const std::string& pattern : patterns) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, pattern);
  }
  out += ']';
}

}  // namespace

void answer_tbmq(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  const std::optional<Fields> fields = Fields::read(request, desk);
  if (!fields || endpoint != "authenticate") return refuse(kSelf, 400, "no question of this contract", out);
  ConnectAttempt attempt;
  attempt.username = fields->find_shown("username");
  attempt.password = fields->find_shown("password");
  attempt.client_id = fields->find_shown("clientId");
  attempt.peer.transport = Transport::http;
  const Ruling ruling = desk.connect(kSelf, attempt, nullptr);
  say(kSelf, Question::connect, ruling.verdict, out);
  if (ruling.verdict != Verdict::allow) return;
  // Rights that its patterns cannot say are none.
  const auto rights = desk.last_rights(attempt.client_id.value_or(""));
  const TopicPatterns patterns = (rights ? topic_patterns(*rights) : std::nullopt).value_or(TopicPatterns{});
  out.body = R"({"result":"success","clientType":"DEVICE","authRules":{)";
  append_list(out.body, "\"pub\":[", patterns.publish);
  append_list(out.body, ",\"sub\":[", patterns.subscribe);
  out.body += "}}";
}

}  // namespace sallyport::daemon
