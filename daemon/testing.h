// For tests of this room: a desk that says what it is told to, and remembers what it was asked.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "auth/gate_snapshot.h"
#include "daemon/contracts/contracts.h"
#include "daemon/http/head_parser.h"

namespace sallyport::daemon::testing {

inline constexpr UnixSeconds kNow = 1'800'000'000;

class FakeDesk final : public Desk {
 public:
  // What connect() says.
  Ruling ruling;
  ContractOptions said;
  bool username_tokens = false;

  // What it was asked last; "(absent)" for nothing.
  std::string username, password, client_id, address, auth_method;
  Transport transport{};
  int asked = 0;
  std::map<std::tuple<Contract, std::string, std::string, std::string>, Admission> admissions;

  UnixSeconds now() const override { return kNow; }
  Ruling connect(Contract contract, const ConnectAttempt& attempt, const ClientName* client) override {
    const auto text = [](const std::optional<std::string_view>& v) {
      return v ? std::string(*v) : std::string("(absent)");
    };
    username = text(attempt.username);
    password = text(attempt.password);
    client_id = text(attempt.client_id);
    auth_method = text(attempt.auth_method);
    address = attempt.peer.address;
    transport = attempt.peer.transport;
    ++asked;
    if (client && ruling.verdict == Verdict::allow)
      admissions[key(contract, *client)] = last_admission(client->client_id);
    return ruling;
  }
  Admission last_admission(std::string_view id) override {
    Decision decision = ruling.decision;
    decision.token_rules = rules;
    Admission out;
    out.rights = std::make_shared<const SharedRights>(TopicRights(decision, id));
    out.is_superuser = ruling.decision.is_superuser;
    out.ends_at = ruling.ends_at;
    return out;
  }
  std::optional<ListedRights> last_rights(std::string_view id) override {
    Decision decision = ruling.decision;
    decision.token_rules = rules;
    return TopicRights(decision, id).list(policy);
  }
  Verdict topic(const Admission& admission, const TopicRequest& request) override {
    return judge_topic(admission, request, policy);
  }
  std::optional<Admission> admitted(Contract contract, const ClientName& client) override {
    const auto it = admissions.find(key(contract, client));
    if (it == admissions.end() || (it->second.ends_at && *it->second.ends_at <= kNow)) return std::nullopt;
    return it->second;
  }
  std::vector<std::string> explain() override { return {"jwt: a step"}; }
  bool token_is_username() override { return username_tokens; }
  const ContractOptions& options() const override { return said; }

  void says(Verdict verdict, Reason reason = Reason::token_ok) {
    ruling.verdict = ruling.decision.verdict = verdict;
    ruling.decision.reason = reason;
  }
  // Rules of topics that everybody who is let in from now on has.
  std::shared_ptr<const TopicRules> rules;
  std::shared_ptr<const TopicPolicy> policy = GateSnapshot::no_topic_policy();
  void may(TopicActions actions, std::string_view filter) {
    TopicRules::Builder builder;
    TopicRule rule;
    rule.actions = actions;
    builder.begin_rule(rule);
    (void)builder.add_filter(filter, false);
    builder.close();
    rules = builder.build();
  }

 private:
  static std::tuple<Contract, std::string, std::string, std::string> key(Contract c, const ClientName& n) {
    return {c, std::string(n.tenant), std::string(n.username), std::string(n.client_id)};
  }
};

// A request out of text, and its answer by one contract.
struct Asked {
  std::string head, body;
  http::Request request;
  http::Response response;

  Asked(std::string method, std::string target, std::string b, std::string headers = {}) : body(std::move(b)) {
    head = method + " " + target + " HTTP/1.1\r\nhost: x\r\n" + headers + "\r\n";
    std::size_t scanned = 0;
    if (http::parse_head(head.data(), head.size(), scanned, request).state != http::HeadResult::State::done)
      std::abort();
    request.body_data = body.data();
    request.body_size = body.size();
  }
  // The request views its own texts, which a move would leave behind.
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;
  std::string said() const { return std::to_string(response.status) + " " + response.body; }
};

}  // namespace sallyport::daemon::testing
