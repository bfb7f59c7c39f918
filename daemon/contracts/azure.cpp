// Azure: Event Grid's webhook and IoT Operations' custom authentication. Both send what
// CONNECT had, the password as base64.

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <string>

#include "base/secret.h"
#include "codec/base64url.h"
#include "daemon/contracts/contracts.h"
#include "daemon/contracts/fields.h"
#include "daemon/contracts/rights.h"

namespace sallyport::daemon {
namespace {

constexpr std::string_view kIotopsVersion = "0.5.0";

// The bytes behind a field of base64; wiped at the end.
class Bytes {
 public:
  Bytes(const Fields& fields, std::string_view name) {
    const std::optional<std::string_view> text = fields.find(name);
    if (!text) return;
    std::optional<std::string> decoded = decode_base64_lenient(*text);
    good_ = decoded.has_value();
    // Empty is as absent: MQTT cannot tell them apart everywhere.
    there_ = good_ && !decoded->empty();
    if (there_) bytes_ = std::move(*decoded);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { wipe(bytes_); }
  bool good() const { return good_; }
  std::optional<std::string_view> value() const {
    return there_ ? std::optional<std::string_view>(bytes_) : std::nullopt;
  }

 private:
  std::string bytes_;
  bool there_ = false, good_ = true;
};

std::string rfc3339(UnixSeconds seconds) {
  const std::time_t time = static_cast<std::time_t>(std::min<UnixSeconds>(seconds, 253'402'300'799));  // the year 9999
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

}  // namespace

void answer_eventgrid(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  constexpr Contract self = Contract::eventgrid;
  const std::optional<Fields> fields = Fields::read(request, desk);
  if (!fields || !fields->object() || endpoint != "authenticate") return refuse(self, 400, "no such question", out);
  const Bytes password(*fields, "password"), data(*fields, "authenticationData");
  if (!password.good() || !data.good()) return refuse(self, 400, "no base64", out);
  ConnectAttempt attempt;
  attempt.username = fields->find_shown("userName");
  attempt.password = password.value();
  attempt.client_id = fields->find_shown("clientId");
  attempt.auth_method = fields->find_shown("authenticationMethod");
  attempt.auth_data = data.value();
  attempt.peer.transport = Transport::http;
  const Ruling ruling = desk.connect(self, attempt, nullptr);
  say(self, Question::connect, ruling.verdict, out);
  if (ruling.verdict != Verdict::allow) return;
  // An allow needs a name. One that nobody verified would be anybody's, and this name carries rights there.
  const std::string_view name = ruling.decision.principal;
  if (name.empty() || !ruling.decision.principal_verified) return say(self, Question::connect, Verdict::deny, out);
  out.body = R"({"decision":"allow","clientAuthenticationName":)";
  append_json_string(out.body, name);
  append_attributes(out.body, "attributes", ruling.decision.attributes);
  if (ruling.ends_at) out.body += fmt::format(R"(,"expiration":"{}")", *ruling.ends_at);
  out.body += '}';
}

void answer_iotops(std::string_view endpoint, http::Request& request, Desk& desk, http::Response& out) {
  constexpr Contract self = Contract::iotops;
  if (!endpoint.empty()) return refuse(self, 404, "no such question", out);
  if (request.method != "POST") return refuse(self, 405, "a question is a POST", out);
  const std::string_view query(request.query_data, request.query_size);
  if (query != fmt::format("api-version={}", kIotopsVersion)) {
    refuse(self, 422, "", out);
    out.body = fmt::format(R"({{"supportedVersions":["{}"]}})", kIotopsVersion);
    return;
  }
  const std::optional<Fields> fields = Fields::read(request, desk);
  if (!fields || !fields->object()) return refuse(self, 400, "no JSON object", out);
  const Bytes password(*fields, "password");
  // AUTH packets come without what they hold: nothing can be proved by one.
  if (fields->find("type").value_or("") != "connect" || !password.good())
    return say(self, Question::connect, Verdict::deny, out);
  ConnectAttempt attempt;
  attempt.username = fields->find_shown("username");
  attempt.password = password.value();
  attempt.client_id = fields->find_shown("clientId");
  attempt.peer.transport = Transport::http;
  const Ruling ruling = desk.connect(self, attempt, nullptr);
  say(self, Question::connect, ruling.verdict, out);
  if (ruling.verdict != Verdict::allow) return;
  out.body.clear();
  append_attributes(out.body, "attributes", ruling.decision.attributes);
  if (out.body.empty()) out.body = R"(,"attributes":{})";
  if (ruling.ends_at) out.body += fmt::format(R"(,"expiry":"{}")", rfc3339(*ruling.ends_at));
  out.body[0] = '{';
  out.body += '}';
}

}  // namespace sallyport::daemon
