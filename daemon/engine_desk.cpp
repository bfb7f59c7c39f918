#include "daemon/engine_desk.h"

#include "auth/token_rules.h"
#include "daemon/ending/client_key.h"
#include "daemon/standing.h"
#include "engine/explain.h"

namespace sallyport::daemon {

Ruling EngineDesk::connect(Contract contract, const ConnectAttempt& asked, const ClientName* client) {
  last_ = {};
  ConnectAttempt attempt = asked;
  attempt.certificate_thumbprint = certificate_;
  last_.decision = decider_.decide(attempt);
  const GateSnapshot& snapshot = decider_.decided_with();
  last_.verdict = snapshot.mode == GateMode::observe ? Verdict::ignore : last_.decision.verdict;
  const SessionPolicy& session = snapshot.session;
  if (last_.decision.expires_at && session.end_at_exp)
    last_.ends_at =
        add_saturating(*last_.decision.expires_at, last_.decision.authority ? last_.decision.authority->leeway : 0);
  else if (!last_.decision.expires_at && last_.decision.token_shown && session.max_session)
    last_.ends_at = add_saturating(now(), *session.max_session);
  if (last_.decision.wants_user && attempt.username) engine_.fetch_user(*attempt.username);
  const bool fetches = last_.decision.wants_refresh || (last_.decision.wants_user && !engine_.store_away());
  if (last_.decision.verdict == Verdict::unavailable && fetches && !final_) {
    held_->for_snapshot = true;
    wait_ = Wait::to_ask_again;
  }
  // A refusal touches no admission: anybody can fail in anybody's name.
  if (client && last_.verdict == Verdict::allow) {
    const std::string key = Admissions::key_of(contract, *client);
    Admission admission = last_admission(client->client_id);
    if (shared_ && held_) {
      held_->ticket = shared_->offer(key, admission);
      if (!final_ && !shared_->settled(held_->ticket) && wait_ == Wait::none) wait_ = Wait::to_send;
    }
    make_client_key(client_key_, contract, *client);
    admissions_.admit(key, std::move(admission), client_key_);
    if (endings_) endings_->admitted(contract, *client, last_.ends_at);
  }
  return last_;
}

void EngineDesk::begin(Held& held, bool final) noexcept {
  held_ = &held;
  final_ = final;
  wait_ = Wait::none;
  held.for_snapshot = false;
  held.ticket = 0;
}

Admission EngineDesk::last_admission(std::string_view client_id) {
  Admission out;
  out.rights = std::make_shared<const SharedRights>(TopicRights(last_.decision, client_id));
  out.is_superuser = last_.decision.is_superuser;
  out.authenticator = last_.decision.authenticator;
  out.ends_at = last_.ends_at;
  if (shared_) out.at_ms = shared_->now_ms();
  const Decision& d = last_.decision;
  if (d.marks.of_token)
    out.names = {std::string(d.jti),    std::string(d.principal), std::string(d.key_id),
                 std::string(d.issuer), d.marks.issued_at,        true};
  out.key = d.marks.key;
  return out;
}

std::optional<ListedRights> EngineDesk::last_rights(std::string_view client_id) {
  return TopicRights(last_.decision, client_id).list(decider_.decided_with().topics);
}

std::optional<Admission> EngineDesk::admitted(Contract contract, const ClientName& client) {
  const std::string key = Admissions::key_of(contract, client);
  std::optional<Admission> found = admissions_.find(key, now());
  if (!found && shared_ && !final_ && !(held_->lookup && held_->lookup->key == key)) {
    // Another node may have let him in: nobody is denied before the store was asked.
    held_->lookup = shared_->ask(key);
    if (held_->lookup) wait_ = Wait::to_ask_again;
  }
  if (!found) return found;
  decider_.mode();
  const GateSnapshot& snapshot = decider_.decided_with();
  // From another node, which may be gone: this one sees to his end from here on.
  if (held_ && held_->lookup && held_->lookup->key == key) {
    make_client_key(client_key_, contract, client);
    admissions_.set_client(key, client_key_);
    if (endings_) endings_->admitted(contract, client, found->ends_at);
  }
  if (out_because(*found, client, snapshot, now())) return std::nullopt;
  if (found->authenticator == Authenticator::password && snapshot.must_fetch(client.username) && !final_ &&
      !engine_.store_away()) {
    // A change of his would be here: he is who he was, unless the store, which is asked, says otherwise.
    engine_.fetch_user(client.username);
    held_->for_snapshot = true;
    wait_ = Wait::to_ask_again;
    return std::nullopt;
  }
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
