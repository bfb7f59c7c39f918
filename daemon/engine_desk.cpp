#include "daemon/engine_desk.h"

#include "auth/token_rules.h"
#include "engine/explain.h"

namespace sallyport::daemon {

Ruling EngineDesk::connect(Contract contract, const ConnectAttempt& attempt, const ClientName* client) {
  last_ = {};
  last_.decision = decider_.decide(attempt);
  const GateSnapshot& snapshot = decider_.decided_with();
  last_.verdict = snapshot.mode == GateMode::observe ? Verdict::ignore : last_.decision.verdict;
  const SessionPolicy& session = snapshot.session;
  if (last_.decision.expires_at && session.end_at_exp)
    last_.ends_at =
        add_saturating(*last_.decision.expires_at, last_.decision.authority ? last_.decision.authority->leeway : 0);
  else if (!last_.decision.expires_at && last_.decision.token_shown && session.max_session)
    last_.ends_at = add_saturating(now(), *session.max_session);
  if (last_.decision.verdict == Verdict::unavailable && last_.decision.wants_refresh) waits_for_keys_ = true;
  // A refusal touches no admission: anybody can fail in anybody's name.
  if (client && last_.verdict == Verdict::allow)
    admissions_.admit(contract, *client, last_admission(client->client_id));
  return last_;
}

Admission EngineDesk::last_admission(std::string_view client_id) {
  Admission out;
  out.rights = std::make_shared<const SharedRights>(TopicRights(last_.decision, client_id));
  out.is_superuser = last_.decision.is_superuser;
  out.authenticator = last_.decision.authenticator;
  out.ends_at = last_.ends_at;
  return out;
}

std::optional<Admission> EngineDesk::admitted(Contract contract, const ClientName& client) {
  std::optional<Admission> found = admissions_.find(contract, client, now());
  if (!found || found->authenticator != Authenticator::password) return found;
  decider_.mode();
  const GateSnapshot& snapshot = decider_.decided_with();
  // A user who was disabled or deleted since then is nobody; while the users cannot be read, he is who he was.
  if (!snapshot.users) return found;
  const auto user = snapshot.users->find(client.username);
  if (!user || !user->enabled) return std::nullopt;
  return found;
}

Verdict EngineDesk::topic(const Admission& admission, const TopicRequest& request) {
  const Verdict verdict = judge_topic(admission, request, decider_.current().topics);
  if (verdict == Verdict::deny) engine_.metrics().topic_denials.fetch_add(1, std::memory_order_relaxed);
  return verdict;
}

std::vector<std::string> EngineDesk::explain() { return explain_steps(decider_.trace(), {.now = now()}); }

bool EngineDesk::token_is_username() {
  decider_.mode();
  return decider_.decided_with().jwt.from == TokenSource::username;
}

std::uint64_t EngineDesk::snapshot_generation() {
  decider_.mode();
  return decider_.decided_with().generation;
}

}  // namespace sallyport::daemon
