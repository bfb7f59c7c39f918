#include "brokers/mosquitto/gate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "auth/token_rules.h"
#include "brokers/mosquitto/callbacks.h"
#include "brokers/mosquitto/client_facts.h"
#include "brokers/mosquitto/reply_codes.h"
#include "brokers/mosquitto/user_name.h"
#include "engine/fast_doubt.h"

namespace sallyport::mosquitto {
namespace {

// Where there is no tick to end it (2.0.11 with per_listener_settings), the time in which a SIGHUP's checks come.
constexpr std::int64_t kCheckAgainMs = 5'000;

// The name of an admitted client that has none: SIGHUP closes clients without a user name where allow_anonymous is
// false. It is nobody's, since a name that the client chose could be one that an acl_file gives rights to.
constexpr std::string_view kNamelessName = "anonymous";

// Of one tick, so that the broker answers pings between them.
constexpr std::string_view kOwnTopics = "$CONTROL/sallyport/";

constexpr std::size_t kMostEndsATick = 500;
constexpr std::size_t kMostComparedATick = 20'000;
// In which a weak hash is replaced after its password was right.
constexpr std::int64_t kRehashSeconds = 10;
constexpr std::int64_t kNoTickMs = 2'000;

std::string_view view(const char* text) noexcept { return text ? std::string_view(text) : std::string_view(); }

}  // namespace

Gate::Gate(std::shared_ptr<EngineHost> host, mosquitto_plugin_id_t* identifier)
    : host_(std::move(host)),
      identifier_(identifier),
      broker_thread_(std::this_thread::get_id()),
      generation_(broker_generation()),
      decider_(host_->engine()),
      elsewhere_(host_->engine()),
      made_ms_(host_->engine().clock().monotonic_ms()) {
  gates().push_back(this);
  sessions_.tell(&host_->board());
  host_->orders().join();
  held_against_ = decider_.current().bars;  // whoever comes in is judged by it at CONNECT
}

Gate::~Gate() {
  std::erase(gates(), this);
  host_->orders().leave();
  for (std::size_t i = 0; i < kStandings; ++i)
    host_->clients()[i].fetch_sub(static_cast<std::int64_t>(counted_[i]), std::memory_order_relaxed);
}

bool Gate::register_callbacks() {
  struct {
    int event;
    MOSQ_FUNC_generic_callback callback;
    bool needed;
  } const all[] = {
      {MOSQ_EVT_BASIC_AUTH, on_basic_auth, true},
      {MOSQ_EVT_EXT_AUTH_START, on_ext_auth_start, true},
      {MOSQ_EVT_EXT_AUTH_CONTINUE, on_ext_auth_continue, true},
      {MOSQ_EVT_RELOAD, on_reload, true},
      {MOSQ_EVT_DISCONNECT, on_left, true},
      {MOSQ_EVT_TICK, on_tick, true},
      {MOSQ_EVT_CONTROL, on_control, false},
      {kEventConnect, on_arrived, false},
      {kEventClientOffline, on_left, false},
  };
  for (const auto& one : all) {
    // Of the events only $CONTROL has a topic; 2.1 gives it to the first instance alone, which asks the others.
    const void* const topic = one.event == MOSQ_EVT_CONTROL ? kRenewTopic.data() : nullptr;
    const int rc = mosquitto_callback_register(identifier_, one.event, one.callback, topic, this);
    if (rc == MOSQ_ERR_SUCCESS || !one.needed) continue;
    // 2.0 takes a callback once: a second `plugin` line with the same file would never be asked.
    if (rc == MOSQ_ERR_ALREADY_EXISTS)
      host_->engine().log(
          LogLevel::error,
          "this plugin stands in mosquitto.conf twice and the broker would ask only the first; hint: name it "
          "once, or once under each listener with per_listener_settings true");
    else
      host_->engine().log(LogLevel::error, "the broker takes no callback for event " + std::to_string(one.event) +
                                               " (" + std::to_string(rc) + ")");
    return false;
  }
  follow_mode();
  if (decider_.mode() == GateMode::enforce && !acl_registered_) return false;
  return true;
}

// Observing must change nothing for a fleet. An ACL callback that hands everything on is a denial to a broker that has
// no acl_file, so while the gate observes there is none; from the moment that it enforces there is.
void Gate::follow_mode() {
  const bool wanted = decider_.mode() == GateMode::enforce;
  if (mode_told_ != wanted) {
    mode_told_ = wanted;
    host_->engine().log(LogLevel::notice,
                        wanted ? "the gate enforces: what it decides is what happens"
                               : "the gate observes: it decides, logs and counts, and the broker's other "
                                 "plugins and files answer (a client with a user name needs one that does)");
  }
  if (wanted) tell_no_match();
  if (wanted == acl_registered_) return;
  const int rc = wanted ? mosquitto_callback_register(identifier_, MOSQ_EVT_ACL_CHECK, on_acl_check, nullptr, this)
                        : mosquitto_callback_unregister(identifier_, MOSQ_EVT_ACL_CHECK, on_acl_check, nullptr);
  if (rc == MOSQ_ERR_SUCCESS) {
    acl_registered_ = wanted;
    return;
  }
  host_->engine().log(LogLevel::error, "the broker does not let the gate change whether it is asked about topics (" +
                                           std::to_string(rc) + ")");
  acl_registered_ = wanted;  // asked once, not at each tick
}

int Gate::basic_auth(const mosquitto_evt_basic_auth& event) {
  if (!event.client) return kCloseUnanswered;
  if (!on_broker_thread()) return basic_auth_elsewhere(event);
  log().drain();
  follow_mode();

  const std::string_view id = view(mosquitto_client_id(event.client));
  int reply = 0;
  if (checking_again_ && answers_from_state(id, event, reply)) return reply;

  sessions_.pointer_taken(id, event.client);
  ConnectAttempt attempt = attempt_of(event, true);
  const std::string certificate = certificate_thumbprint_of(event.client);
  attempt.certificate_thumbprint = certificate;
  const Decision decision = decider_.decide(attempt);
  if (decider_.decided_with().mode == GateMode::observe)
    return hand_on(id, event, decision.verdict == Verdict::allow, decision);
  switch (decision.verdict) {
    case Verdict::allow:
      return admit(event.client, id, attempt, decision);
    case Verdict::ignore:
      return hand_on(id, event, false, decision);
    case Verdict::deny:
    case Verdict::unavailable:
      break;
  }
  sessions_.drop(id, event.client);
  publish_counts();
  return basic_auth_reply(decision.verdict, generation_, mosquitto_client_protocol_version(event.client));
}

// 2.1's HTTP api asks from a thread of its own, with one stand-in for every request: decide, and touch nothing of ours.
int Gate::basic_auth_elsewhere(const mosquitto_evt_basic_auth& event) {
  const std::lock_guard lock(elsewhere_mutex_);
  const Decision decision = elsewhere_.decide(attempt_of(event, false));
  if (elsewhere_.decided_with().mode == GateMode::observe) return MOSQ_ERR_PLUGIN_DEFER;
  return basic_auth_reply(decision.verdict, generation_, 0);
}

// A SIGHUP's check of a client that is known: its token may be gone (it was the user name) or have run out, and a
// reload ends no session. Each is answered once for each SIGHUP; whoever comes again shows what he has.
bool Gate::answers_from_state(std::string_view id, const mosquitto_evt_basic_auth& event, int& reply) {
  if (host_->engine().clock().monotonic_ms() > check_ends_ms_) {
    checking_again_ = false;
    return false;
  }
  Session* session = sessions_.find(id, event.client);
  if (session && session->checked_again != reloads_ && session->username == view(event.username) &&
      session->address == view(mosquitto_client_address(event.client))) {
    session->checked_again = reloads_;
    host_->engine().metrics().rechecks.fetch_add(1, std::memory_order_relaxed);
    reply = is_ours(*session) ? int{MOSQ_ERR_SUCCESS} : int{MOSQ_ERR_PLUGIN_DEFER};
    return true;
  }
  // A session without a connection is checked, too, and kept whatever the answer is. Not "yes", as its pointer may be
  // somebody else's by now; and no hash is spent on it.
  if (!session && sessions_.check_departed_again(id, event.client, reloads_)) {
    host_->engine().metrics().rechecks.fetch_add(1, std::memory_order_relaxed);
    reply = kCloseUnanswered;
    return true;
  }
  return false;
}

int Gate::admit(::mosquitto* client, std::string_view id, const ConnectAttempt& attempt, const Decision& decision) {
  Session session;
  session.standing = Standing::admitted;
  session.checked_again = reloads_;
  session.authenticator = decision.authenticator;
  session.principal_verified = decision.principal_verified;
  session.is_superuser = decision.is_superuser;
  session.principal = decision.principal;
  session.address = attempt.peer.address;
  session.rights = TopicRights(decision, id);
  session.since = host_->engine().clock().unix_seconds();
  session.expires_at = decision.expires_at;
  if (decision.authenticator == Authenticator::jwt) session.holder = holder_of(decision);
  session.marks = decision.marks;
  if (attempt.auth_method) session.auth_method = *attempt.auth_method;
  session.by_fast_engine = fast_engine_may_have_judged(decision);

  const bool token_was_name =
      decision.token_shown && !attempt.auth_method && decider_.decided_with().jwt.from == TokenSource::username;
  if (!token_was_name) session.connect_username = attempt.username.value_or(std::string_view{});
  // Beside an authentication method nobody looked at the user name, so it does not stay.
  if (token_was_name || !attempt.username || attempt.auth_method) {
    // What follows frees the broker's user name, which attempt and decision may look into.
    session.username = session.principal.empty() ? std::string(kNamelessName) : session.principal;
    if (!is_sane_user_name(session.username) ||
        mosquitto_validate_utf8(session.username.data(), static_cast<int>(session.username.size())) !=
            MOSQ_ERR_SUCCESS) {
      host_->engine().metrics().count_decision(Verdict::deny, decision.authenticator, Reason::malformed_claim);
      host_->engine().log(LogLevel::notice,
                          "a client was refused after all: its principal has characters that no user name may have");
      sessions_.drop(id, client);
      publish_counts();
      return MOSQ_ERR_AUTH;
    }
    if (mosquitto_set_username(client, session.username.c_str()) != MOSQ_ERR_SUCCESS) {
      sessions_.drop(id, client);
      publish_counts();
      return kCloseUnanswered;
    }
  } else {
    session.username = *attempt.username;
  }
  set_end(session, decision);
  watch_over(id, client, sessions_.enter(id, client, std::move(session)));
  publish_counts();
  return MOSQ_ERR_SUCCESS;
}

int Gate::hand_on(std::string_view id, const mosquitto_evt_basic_auth& event, bool would_admit,
                  const Decision& decision) {
  Session session;
  session.standing = Standing::handed_on;
  session.checked_again = reloads_;
  session.would_admit = would_admit;
  session.username = view(event.username);
  session.address = view(mosquitto_client_address(event.client));
  session.since = host_->engine().clock().unix_seconds();
  if (would_admit) {
    session.authenticator = decision.authenticator;
    session.principal_verified = decision.principal_verified;
    session.is_superuser = decision.is_superuser;
    session.principal = decision.principal;
    session.rights = TopicRights(decision, id);
    session.expires_at = decision.expires_at;
    session.marks = decision.marks;
    set_end(session, decision);
  }
  watch_over(id, event.client, sessions_.enter(id, event.client, std::move(session)));
  publish_counts();
  return MOSQ_ERR_PLUGIN_DEFER;
}

int Gate::acl_check(const mosquitto_evt_acl_check& event) {
  if (!event.client) return MOSQ_ERR_ACL_DENIED;
  const char* name = mosquitto_client_username(event.client);
  // Whoever was admitted has a name. One who has none left in the middle of being authenticated, and his will is asked
  // for.
  if (!name) return MOSQ_ERR_ACL_DENIED;
  if (!on_broker_thread()) return MOSQ_ERR_PLUGIN_DEFER;  // the HTTP api, whose topic is the path of a URL
  log().drain();

  const char* id_text = mosquitto_client_id(event.client);
  if (!id_text) return MOSQ_ERR_PLUGIN_DEFER;
  const std::string_view id = id_text;
  Session* session = sessions_.find(id, event.client);
  const std::string_view topic = view(event.topic);
  if (topic.starts_with(kOwnTopics) && !(session && is_ours(*session))) {
    // What is said there is between the gate and one client: no will, no stranger and no rule has a part in it.
    if (event.access != MOSQ_ACL_UNSUBSCRIBE) return MOSQ_ERR_ACL_DENIED;
  }
  // Between the end and the tick that sends it away. A publish that is denied would be acknowledged on 3.1.1, and the
  // device would think it delivered; where the connection drops it sends it again. A delivery that fails is the
  // sender's failure to 2.0, so that is denied.
  const int over = event.access == MOSQ_ACL_READ ? int{MOSQ_ERR_ACL_DENIED} : kCloseUnanswered;
  if (session) {
    if (!ticked_ && is_out(*session, id)) return over;
    if (!is_ours(*session)) return MOSQ_ERR_PLUGIN_DEFER;
    return has_ended(*session) ? over : topic_rights(*session, id, event, topic);
  }
  // Up to 2.1.2 DISCONNECT comes before the will is asked for; a retained message's sender is a stand-in without an
  // address, long gone perhaps. Both are judged by what the client of this id was, where the name is that one's, too.
  const char* address = mosquitto_client_address(event.client);
  const Session* gone = sessions_.departed(id, event.client);
  if (!address) {
    const Session* here = sessions_.latest(id);
    if (here && is_ours(*here))
      gone = here;
    else if (!here && !gone)
      gone = sessions_.departed(id, nullptr);
  }
  if (gone && gone->username == name) return past_rights(*gone, event, topic);
  if (address) return count_stranger(id, event.client) ? over : int{MOSQ_ERR_PLUGIN_DEFER};
  // A retained message whose sender is not known any more is not withheld: it was judged when it was published.
  const bool retained = event.access == MOSQ_ACL_WRITE && !gone && !sessions_.latest(id);
  return retained && decider_.current().topics->no_match != NoMatch::defer ? int{MOSQ_ERR_SUCCESS}
                                                                           : int{MOSQ_ERR_PLUGIN_DEFER};
}

// Let in by the gate; or by others while it observed, with credentials that it found good, and it enforces now.
bool Gate::is_ours(const Session& session) const noexcept {
  return session.standing == Standing::admitted || (session.would_admit && acl_registered_);
}

// What an admitted client may do. A yes from here is final: an acl_file is not asked.
int Gate::topic_rights(Session& session, std::string_view id, const mosquitto_evt_acl_check& event,
                       std::string_view topic) {
  int reply = MOSQ_ERR_ACL_DENIED;
  if (topic.starts_with(kOwnTopics)) {
    // By right, whatever the rules say, and nothing else there, not even to a superuser.
    const bool held = event.access == MOSQ_ACL_UNSUBSCRIBE ||
                      (event.access == MOSQ_ACL_WRITE && is_held_by_right(TopicAction::publish, topic)) ||
                      (event.access == MOSQ_ACL_SUBSCRIBE && is_held_by_right(TopicAction::subscribe, topic)) ||
                      (event.access == MOSQ_ACL_READ && is_held_by_right(TopicAction::receive, topic));
    if (held) return MOSQ_ERR_SUCCESS;
  } else {
    const bool lost = event.access == MOSQ_ACL_READ && !session.lost.empty() && is_lost(session, topic);
    reply = lost ? int{MOSQ_ERR_ACL_DENIED} : past_rights(session, event, topic);
    const bool about_subscription = event.access == MOSQ_ACL_SUBSCRIBE || event.access == MOSQ_ACL_UNSUBSCRIBE;
    if (about_subscription && reply != MOSQ_ERR_ACL_DENIED && session.authenticator == Authenticator::jwt)
      keep_subscription(session, event);
  }
  if (reply != MOSQ_ERR_ACL_DENIED) return reply;
  ClientNote note = note_of(session, id, Reason::topic_denied);
  note.step = StepKind::topic_checked;
  note.subject = topic;
  note.number = event.access == MOSQ_ACL_WRITE ? 0 : event.access == MOSQ_ACL_SUBSCRIBE ? 1 : 2;
  // A delivery that is denied is nothing that its receiver did.
  if (event.access != MOSQ_ACL_READ) host_->engine().note(note);
  return reply;
}

// The same, where who asks may be gone already.
int Gate::past_rights(const Session& session, const mosquitto_evt_acl_check& event, std::string_view topic) {
  TopicRequest request;
  switch (event.access) {
    case MOSQ_ACL_WRITE:
      request.action = TopicAction::publish;
      request.retain = event.retain;
      break;
    case MOSQ_ACL_SUBSCRIBE:
      request.action = TopicAction::subscribe;
      break;
    case MOSQ_ACL_READ:
      request.action = TopicAction::receive;
      break;
    case MOSQ_ACL_UNSUBSCRIBE:
      return MOSQ_ERR_SUCCESS;  // to let go of something needs no right, and keeping it helps nobody
    default:
      return MOSQ_ERR_ACL_DENIED;
  }
  request.topic = topic;
  request.qos = event.qos;
  request.peer_address = session.address;
  switch (session.rights.check(request, decider_.current().topics)) {
    case TopicVerdict::allow:
      return MOSQ_ERR_SUCCESS;
    case TopicVerdict::defer:
      return MOSQ_ERR_PLUGIN_DEFER;
    case TopicVerdict::deny:
      break;
  }
  host_->engine().metrics().topic_denials.fetch_add(1, std::memory_order_relaxed);
  return MOSQ_ERR_ACL_DENIED;
}

// With "allow" an acl_file that stands in mosquitto.conf is never asked, and nothing else would say so.
void Gate::tell_no_match() {
  const NoMatch now = decider_.current().topics->no_match;
  if (told_no_match_ == now) return;
  told_no_match_ = now;
  std::string_view words;
  switch (now) {
    case NoMatch::allow:
      words =
          "what neither a token nor a topic rule speaks of is allowed ([topics] no_match = \"allow\"), and an acl_file "
          "is never asked about those whom the gate admits";
      break;
    case NoMatch::deny:
      words = "what neither a token nor a topic rule speaks of is denied ([topics] no_match = \"deny\")";
      break;
    case NoMatch::defer:
      words =
          "what neither a token nor a topic rule speaks of is left to the broker's acl_file or another plugin "
          "([topics] no_match = \"defer\"); where there is none, it is denied";
      break;
  }
  host_->engine().log(LogLevel::notice, words);
}

// A client that was never shown to the gate: the broker takes its name from its certificate or from a PSK.
bool Gate::count_stranger(std::string_view id, const ::mosquitto* client) {
  Session session;
  session.standing = Standing::not_ours;
  session.username = view(mosquitto_client_username(client));
  session.address = view(mosquitto_client_address(client));
  session.ticket = next_ticket_++;
  const bool blocked =
      bar_of(session, id, *decider_.current().bars, host_->engine().clock().unix_seconds()).has_value();
  const Session& entered = sessions_.enter(id, client, std::move(session));
  host_->board().entered(id, client, entered);
  watch_for_bars(id, client, entered);
  if (blocked) bars_left_ = watched_.size();  // it goes with the next tick
  publish_counts();
  host_->engine().metrics().not_ours.fetch_add(1, std::memory_order_relaxed);
  if (std::exchange(told_of_strangers_, true)) return blocked;
  host_->engine().log(
      LogLevel::warning,
      "the broker lets in clients by certificate or PSK, whom the gate never judges; hint: what they may do, "
      "an acl_file or another plugin must say");
  return blocked;
}

void Gate::arrived(const ::mosquitto* client) {
  const char* id = client && on_broker_thread() ? mosquitto_client_id(client) : nullptr;
  if (!id || !mosquitto_client_username(client) || sessions_.find(id, client)) return;
  // An authentication method is another plugin's business, or a refusal: this one came in without being shown to us.
  count_stranger(id, client);
}

void Gate::left(const ::mosquitto* client) {
  if (!client || !on_broker_thread()) return;
  log().drain();
  const char* id = mosquitto_client_id(client);
  if (id && leave(id, client)) publish_counts();
}

void Gate::reload() {
  log().drain();
  ++reloads_;
  checking_again_ = true;
  check_ends_ms_ = host_->engine().clock().monotonic_ms() + kCheckAgainMs;
  host_->engine().request_reload();
}

bool Gate::has_ended(const Session& session) const noexcept {
  // Asked with every message: the exact clock is for those whose end is near.
  if (!session.ends_at || host_->quick_clock().unix_seconds() + 1 < *session.ends_at) return false;
  return *session.ends_at <= host_->engine().clock().unix_seconds();
}

void Gate::set_end(Session& session, const Decision& decision) const {
  const GateSnapshot& snapshot = decider_.decided_with();
  if (decision.expires_at) {
    if (snapshot.session.end_at_exp)
      session.ends_at = add_saturating(*decision.expires_at, decision.authority ? decision.authority->leeway : 0);
  } else if (decision.authenticator == Authenticator::jwt && snapshot.session.max_session) {
    session.ends_at = add_saturating(host_->engine().clock().unix_seconds(), *snapshot.session.max_session);
  }
  if (decision.authenticator != Authenticator::password || !snapshot.users) return;
  if (const auto user = snapshot.users->find(session.principal)) session.user_version = user->version;
  session.rehash_expected = decision.wants_rehash;
}

void Gate::watch_over(std::string_view id, const ::mosquitto* client, const Session& entered) {
  host_->board().entered(id, client, entered);
  const bool ends = entered.ends_at.has_value(), of_store = entered.authenticator == Authenticator::password;
  // find() and not the reference: it is the one way to a session that may be written to.
  Session* session = sessions_.find(id, client);
  if (!session) return;
  session->ticket = next_ticket_++;
  watch_for_bars(id, client, *session);
  const std::size_t living = sessions_.count(Standing::admitted) + sessions_.count(Standing::handed_on);
  const auto in_use = [&](const EndTimer::Entry& e) {
    const Session* still = sessions_.find(e.id, e.client);
    return still && still->ticket == e.ticket;
  };
  if (ends) {
    timer_.sweep(living, in_use);
    timer_.arm(*session->ends_at, id, client, session->ticket);
    // A token that lives shorter than the notice must not be told of its end at once, or a device that renews when it
    // is told would do nothing else.
    const UnixSeconds now = host_->engine().clock().unix_seconds();
    const UnixSeconds left = *session->ends_at - now;
    if (const UnixSeconds notice = std::min(decider_.current().session.notice, left / 2); notice > 0) {
      notices_.sweep(living, in_use);
      notices_.arm(*session->ends_at - notice, id, client, session->ticket);
    }
  }
  if (!ticked_) tell_of_no_tick();
  if (!of_store) return;
  // As for the timer: those who come and go while no user changes would fill it for ever.
  if (password_sessions_.size() > 2 * living + 1024) {
    std::erase_if(password_sessions_, [&](const EndTimer::Entry& e) { return !in_use(e); });
    compare_next_ = 0;
  }
  password_sessions_.push_back({0, std::string(id), client, session->ticket});
}

// 2.0.11 with per_listener_settings true never ticks; how soon others do is known after a moment.
void Gate::tell_of_no_tick() {
  if (told_of_no_tick_ || host_->engine().clock().monotonic_ms() - made_ms_ <= kNoTickMs) return;
  told_of_no_tick_ = true;
  host_->engine().log(
      LogLevel::warning,
      "this broker does not tick (Mosquitto 2.0.11 with per_listener_settings true): a session that ends, is revoked "
      "or blocked gets nothing any more and is closed at its next publish, not by itself, and no notice is sent; "
      "hint: use a newer Mosquitto, or leave per_listener_settings out");
}

// Up to 30,000 times a second: no lock, and a clock only where some session has an end.
void Gate::tick() {
  checking_again_ = false;
  ticked_ = true;
  log().drain();
  if (const UnixSeconds next = std::min(timer_.next(), notices_.next());
      next != EndTimer::kNever && host_->quick_clock().unix_seconds() + 1 >= next) {
    const UnixSeconds now = host_->engine().clock().unix_seconds();
    end_sessions(now);
    tell_of_ends(now);
  }
  const std::uint64_t snapshot = decider_.current().generation;
  if (snapshot != followed_ || bars_left_ > 0 || compare_next_ < password_sessions_.size()) {
    followed_ = snapshot;
    follow_mode();
    follow_users();
    follow_bars();
  }
  follow_orders();
  follow_fast_engine();
}

void Gate::end_sessions(UnixSeconds now) {
  if (timer_.next() > now) return;
  for (std::size_t i = 0; i < kMostEndsATick; ++i) {
    const std::optional<EndTimer::Entry> due = timer_.take_due(now);
    if (!due) return;
    const Session* session = sessions_.find(due->id, due->client);
    if (!session || session->ticket != due->ticket || !is_ours(*session)) continue;
    note_end(*session, due->id, Reason::session_ended);
    send_away(due->id, due->client, due->ticket);
  }
}

// Whether the record that let this session in still does. Users that nobody can know now end no session.
bool Gate::still_good(Session& session, const UserDirectory& users) const {
  const auto user = users.find(session.principal);
  if (!user || !user->enabled) return false;
  if (user->version == session.user_version) return true;
  const bool rehashed = std::exchange(session.rehash_expected, false) &&
                        host_->engine().clock().unix_seconds() - session.since <= kRehashSeconds;
  if (rehashed) session.user_version = user->version;
  return rehashed;
}

// A user who is disabled, deleted or has another password is out. Only where the directory is another one, and in
// portions.
void Gate::follow_users() {
  const std::shared_ptr<const UserDirectory>& now = decider_.current().users;
  if (now != compared_with_) {
    if (!now) return;
    compared_with_ = now;
    compare_next_ = 0;
  }
  if (compare_next_ >= password_sessions_.size()) return;
  std::vector<EndTimer::Entry> out;
  for (std::size_t i = 0;
       i < kMostComparedATick && out.size() < kMostEndsATick && compare_next_ < password_sessions_.size(); ++i) {
    EndTimer::Entry& entry = password_sessions_[compare_next_];
    Session* session = sessions_.find(entry.id, entry.client);
    const bool known = session && session->ticket == entry.ticket;
    if (known && (!is_ours(*session) || still_good(*session, *compared_with_))) {
      ++compare_next_;
      continue;
    }
    std::swap(entry, password_sessions_.back());
    if (known) out.push_back(std::move(password_sessions_.back()));
    password_sessions_.pop_back();
  }
  for (const EndTimer::Entry& entry : out) {
    if (const Session* session = sessions_.find(entry.id, entry.client))
      note_end(*session, entry.id, Reason::session_ended);
    send_away(entry.id, entry.client, entry.ticket);
  }
}

// Only from a tick, and with nothing of ours held: the broker tells of the DISCONNECT and asks for the will inside.
void Gate::send_away(const std::string& id, const ::mosquitto* client, std::uint64_t ticket) {
  const auto same = [&](const Session* session) { return session && session->ticket == ticket; };
  // The broker kicks whoever has the id now. Where somebody took it over, this session is gone without an event.
  if (same(sessions_.latest(id))) mosquitto_kick_client_by_clientid(id.c_str(), true);
  if (same(sessions_.find(id, client))) leave(id, client);
  publish_counts();
}

void Gate::publish_counts() noexcept {
  for (std::size_t i = 0; i < kStandings; ++i) {
    const std::size_t now = sessions_.count(static_cast<Standing>(i));
    if (now == counted_[i]) continue;
    host_->clients()[i].fetch_add(static_cast<std::int64_t>(now) - static_cast<std::int64_t>(counted_[i]),
                                  std::memory_order_relaxed);
    counted_[i] = now;
  }
}

}  // namespace sallyport::mosquitto
