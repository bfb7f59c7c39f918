// Desk: what a contract may ask while it answers one request. The daemon's is
// EngineDesk (engine and admissions); tests have one that says what it is told to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/connect_attempt.h"
#include "auth/decision.h"
#include "codec/json.h"
#include "daemon/contract.h"
#include "daemon/http/form.h"
#include "daemon/topic_rights.h"

namespace sallyport::daemon {

// What settings say to contracts.
struct ContractOptions {
  bool without_client_id = false;
  std::string rabbitmq_exchange = "amq.topic";
  UnixSeconds cache_max_age = 0;
  bool emqx_acl = false;
};

struct Ruling {
  Verdict verdict = Verdict::deny;     // what is to be said: in observe mode, ignore
  Decision decision;                   // as the engine made it; its views end with the next ruling
  std::optional<UnixSeconds> ends_at;  // exp and leeway
};

class Desk {
 public:
  virtual ~Desk() = default;
  virtual UnixSeconds now() const = 0;
  // The chain decides. An allow is remembered for `client` (where one is given) before this returns, since the next
  // question can come a millisecond later.
  virtual Ruling connect(Contract contract, const ConnectAttempt& attempt, const ClientName* client) = 0;
  // The last ruling, an allow, as an admission of the client with this id.
  virtual Admission last_admission(std::string_view client_id) = 0;
  // What the client of the last ruling, an allow, may do with topics; nothing where no list says the same.
  virtual std::optional<ListedRights> last_rights(std::string_view client_id) = 0;
  // What he may do with a topic, by the settings in force now.
  virtual Verdict topic(const Admission& admission, const TopicRequest& request) = 0;
  // Who was admitted and still may be here; nothing for everybody else.
  virtual std::optional<Admission> admitted(Contract contract, const ClientName& client) = 0;
  // The steps of the last ruling, in words.
  virtual std::vector<std::string> explain() = 0;
  // Whether tokens come in the user name ([jwt] from).
  virtual bool token_is_username() = 0;
  virtual const ContractOptions& options() const = 0;

  // Room that contracts work in.
  JsonTape tape;
  http::Form form;
};

}  // namespace sallyport::daemon
