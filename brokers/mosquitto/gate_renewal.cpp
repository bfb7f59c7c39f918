// Gate: sessions that come by AUTH, and that are renewed without another CONNECT: by
// AUTH (MQTT 5 enhanced authentication), or by a publish to $CONTROL/sallyport/v1/renew.
#include <fmt/format.h>

#include <algorithm>

#include "auth/subscription.h"
#include "brokers/mosquitto/client_facts.h"
#include "brokers/mosquitto/gate.h"
#include "brokers/mosquitto/reply_codes.h"
#include "engine/fast_doubt.h"

namespace sallyport::mosquitto {
namespace {

std::string_view view(const char* text) noexcept { return text ? std::string_view(text) : std::string_view(); }

constexpr std::size_t kMostNoticesATick = 500;

}  // namespace

std::vector<Gate*>& Gate::gates() {
  static std::vector<Gate*> all;
  return all;
}

// The event does not say whether this is a CONNECT. A client whom we know by id, pointer and the name that we gave it
// has sent AUTH.
int Gate::auth_start(const mosquitto_evt_extended_auth& event) {
  if (!event.client || !on_broker_thread()) return kCloseUnanswered;
  log().drain();
  follow_mode();
  const std::string_view id = view(mosquitto_client_id(event.client));
  Session* const held = sessions_.find(id, event.client);
  if (held && is_ours(*held) && held->username == view(mosquitto_client_username(event.client)) &&
      held->auth_method == view(event.auth_method)) {
    const ConnectAttempt shown = attempt_of(event);
    const Decision decision = judge_renewal(*held, id, event.client, *shown.auth_data);
    if (decision.verdict == Verdict::allow) go_on(*held, id, event.client, decision);
    return renewal_reply(decision.verdict);
  }
  sessions_.pointer_taken(id, event.client);
  sessions_.drop(id, event.client);
  ConnectAttempt attempt = attempt_of(event);
  const std::string certificate = certificate_thumbprint_of(event.client);
  attempt.certificate_thumbprint = certificate;
  const Decision decision = decider_.decide(attempt);
  const bool observed = decider_.decided_with().mode == GateMode::observe;
  const int reply = observed                             ? int{MOSQ_ERR_PLUGIN_DEFER}
                    : decision.verdict == Verdict::allow ? admit(event.client, id, attempt, decision)
                                                         : auth_reply(decision.verdict, decision.reason);
  publish_counts();
  return reply;
}

// We never ask a client to go on, so none has reason to send this. Up to 2.1.2 an AUTH without a reason code from a
// connected client comes here, too, and whatever is answered, the broker frees the client's id while its table still
// holds it. So the client is out before the broker can do so.
int Gate::auth_continue(const mosquitto_evt_extended_auth& event) {
  if (!event.client || !on_broker_thread()) return MOSQ_ERR_AUTH;
  log().drain();
  const std::string id(view(mosquitto_client_id(event.client)));
  const Session* const held = sessions_.find(id, event.client);
  if (!held || !is_ours(*held)) return MOSQ_ERR_PLUGIN_DEFER;  // a method of another plugin, in more than one step
  if (held == sessions_.latest(id)) {
    note_end(*held, id, Reason::unsupported_method);
    mosquitto_kick_client_by_clientid(id.c_str(), true);
  }
  return MOSQ_ERR_AUTH;
}

int Gate::control(const mosquitto_evt_control& event) {
  if (!event.client || !on_broker_thread()) return MOSQ_ERR_SUCCESS;
  const std::string_view id = view(mosquitto_client_id(event.client));
  Session* const held = sessions_.find(id, event.client);
  if (!held)
    for (Gate* other : gates())
      if (other->sessions_.find(id, event.client)) return other->control(event);
  // Of others nothing is renewed here, and while the gate observes nobody is answered.
  if (!held || !is_ours(*held) || has_ended(*held)) return MOSQ_ERR_SUCCESS;
  log().drain();
  const std::string_view token(static_cast<const char*>(event.payload), event.payload ? event.payloadlen : 0);
  const Decision decision = judge_renewal(*held, id, event.client, token);
  if (decision.verdict == Verdict::allow) go_on(*held, id, event.client, decision);
  answer_renewal(id, decision.verdict, *held);
  // A good token of somebody else: one connection is one client.
  return decision.reason == Reason::identity_changed ? kCloseUnanswered : int{MOSQ_ERR_SUCCESS};
}

Decision Gate::judge_renewal(const Session& session, std::string_view id, const ::mosquitto* client,
                             std::string_view token) {
  const bool renewable = session.authenticator == Authenticator::jwt;
  if (!renewable || has_ended(session)) {
    Decision d;
    d.reason = renewable ? Reason::session_ended : Reason::not_renewable;
    d.authenticator = session.authenticator;
    host_->engine().metrics().refused_renewals.fetch_add(1, std::memory_order_relaxed);
    host_->engine().metrics().count_decision(d.verdict, d.authenticator, d.reason);
    return d;
  }
  ConnectAttempt attempt;
  attempt.client_id = id;
  if (!session.connect_username.empty()) attempt.username = session.connect_username;
  if (!session.auth_method.empty()) attempt.auth_method = session.auth_method;
  attempt.auth_data = token;
  attempt.peer = {session.address, transport_of(client)};
  const std::string certificate = certificate_thumbprint_of(client);
  attempt.certificate_thumbprint = certificate;
  return decider_.renew(attempt, session.holder);
}

// Rights and end become the new token's, at once and together.
void Gate::go_on(Session& session, std::string_view id, const ::mosquitto* client, const Decision& decision) {
  session.rights = TopicRights(decision, id);
  session.is_superuser = decision.is_superuser;
  session.expires_at = decision.expires_at;
  session.by_fast_engine = session.by_fast_engine || fast_engine_may_have_judged(decision);
  session.ends_at.reset();
  if (session.marks.token != decision.marks.token) host_->engine().token_gone(session.marks, id);
  session.marks = decision.marks;
  // What the timers hold of the old end is of another ticket from here on.
  session.ticket = next_ticket_++;
  set_end(session, decision);
  // What an earlier connection subscribed to is not known here.
  if (!mosquitto_client_clean_session(client)) session.more_subscriptions = true;
  lose_subscriptions(session, std::string(id));
  watch_over(id, client, session);
}

void Gate::keep_subscription(Session& session, const mosquitto_evt_acl_check& event) {
  const std::string_view filter = view(event.topic);
  const auto same = [&](const Session::Subscription& s) { return s.filter == filter; };
  std::erase_if(session.subscriptions, same);
  std::erase_if(session.lost, same);
  if (event.access != MOSQ_ACL_SUBSCRIBE) return;
  if (session.subscriptions.size() < Session::kMaxSubscriptions)
    session.subscriptions.push_back({std::string(filter), event.qos});
  else
    session.more_subscriptions = true;
}

// Whether a message comes by a lost subscription alone. 2.0 asks about the topic and does not say by which subscription
// it goes out, so each of them must be known.
bool Gate::is_lost(const Session& session, std::string_view topic) const {
  if (session.more_subscriptions) return false;
  const auto by = [&](const Session::Subscription& s) { return brings(s.filter, topic); };
  if (std::none_of(session.lost.begin(), session.lost.end(), by) ||
      std::any_of(session.subscriptions.begin(), session.subscriptions.end(), by))
    return false;
  host_->engine().metrics().topic_denials.fetch_add(1, std::memory_order_relaxed);
  return true;
}

// What the new token does not cover is taken away where the broker lets us, and brings nothing where it does not.
// Beside that, each message is judged by the new rights.
void Gate::lose_subscriptions(Session& session, const std::string& id) {
  const std::shared_ptr<const TopicPolicy>& policy = decider_.decided_with().topics;
  std::size_t lost = 0;
  std::erase_if(session.subscriptions, [&](const Session::Subscription& held) {
    TopicRequest request;
    request.action = TopicAction::subscribe;
    request.topic = held.filter;
    request.qos = held.qos;
    request.peer_address = session.address;
    if (session.rights.check(request, policy) != TopicVerdict::deny) return false;
    ++lost;
    const bool forgotten = &session == sessions_.latest(id) && delete_subscription(id.c_str(), held.filter.c_str());
    if (!forgotten && session.lost.size() < Session::kMaxSubscriptions) session.lost.push_back(held);
    return true;
  });
  if (lost == 0) return;
  host_->engine().metrics().lost_subscriptions.fetch_add(lost, std::memory_order_relaxed);
  host_->engine().log(LogLevel::notice, fmt::format("client \"{}\" renewed with a token that does not cover {} of its "
                                                    "subscriptions: they are served no more",
                                                    loggable(id), lost));
}

// To the client that has the id now; the broker queues it and sends it from its loop.
bool Gate::tell(const std::string& id, std::string_view topic, const std::string& payload) {
  return mosquitto_broker_publish_copy(id.c_str(), std::string(topic).c_str(), static_cast<int>(payload.size()),
                                       payload.data(), 0, false, nullptr) == MOSQ_ERR_SUCCESS;
}

// The client learns whether it stays, and until when; the reason is for the operator.
void Gate::answer_renewal(std::string_view id, Verdict verdict, const Session& session) {
  const std::string ends = session.ends_at ? fmt::format("{}", *session.ends_at) : "null";
  std::string payload;
  switch (verdict) {
    case Verdict::allow:
      payload = fmt::format(R"({{"result":"renewed","ends_at":{}}})", ends);
      break;
    case Verdict::deny:
    case Verdict::ignore:
      payload = fmt::format(R"({{"result":"refused","ends_at":{}}})", ends);
      break;
    case Verdict::unavailable:
      payload = fmt::format(R"({{"result":"try_again","ends_at":{}}})", ends);
      break;
  }
  tell(std::string(id), kRenewResponseTopic, payload);
}

void Gate::tell_of_ends(UnixSeconds now) {
  for (std::size_t i = 0; i < kMostNoticesATick; ++i) {
    const std::optional<EndTimer::Entry> due = notices_.take_due(now);
    if (!due) return;
    const Session* session = sessions_.find(due->id, due->client);
    if (!session || session->ticket != due->ticket || !is_ours(*session) || session != sessions_.latest(due->id))
      continue;
    if (session->ends_at && *session->ends_at > now &&
        tell(due->id, kNoticeTopic,
             fmt::format(R"({{"ends_at":{},"seconds_left":{}}})", *session->ends_at, *session->ends_at - now)))
      host_->engine().metrics().notices.fetch_add(1, std::memory_order_relaxed);
  }
}

ClientNote Gate::note_of(const Session& session, std::string_view id, Reason reason) {
  ClientNote note;
  note.reason = reason;
  note.authenticator = session.authenticator;
  note.client_id = id;
  note.username = session.username;
  if (session.principal_verified) note.principal = session.principal;
  note.address = session.address;
  return note;
}

void Gate::note_end(const Session& session, std::string_view id, Reason reason) {
  ClientNote note = note_of(session, id, reason);
  note.step = StepKind::session_over;
  note.number = session.ends_at.value_or(0);
  note.expires_at = session.expires_at;
  note.ended = reason == Reason::ended_by_operator;
  host_->engine().metrics().ended_sessions.fetch_add(1, std::memory_order_relaxed);
  host_->engine().note(note);
}

}  // namespace sallyport::mosquitto
