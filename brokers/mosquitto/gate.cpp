#include "brokers/mosquitto/gate.h"

#include <string>
#include <utility>

#include "brokers/mosquitto/callbacks.h"
#include "brokers/mosquitto/client_facts.h"
#include "brokers/mosquitto/reply_codes.h"
#include "brokers/mosquitto/user_name.h"

namespace sallyport::mosquitto {
namespace {

// Where there is no tick to end it (2.0.11 with per_listener_settings), the time in which a SIGHUP's checks come.
constexpr std::int64_t kCheckAgainMs = 5'000;

// The name of an admitted client that has none: SIGHUP closes clients without a user name where allow_anonymous is
// false. It is nobody's, since a name that the client chose could be one that an acl_file gives rights to.
constexpr std::string_view kNamelessName = "anonymous";

std::string_view view(const char* text) noexcept { return text ? std::string_view(text) : std::string_view(); }

}  // namespace

Gate::Gate(std::shared_ptr<EngineHost> host, mosquitto_plugin_id_t* identifier)
    : host_(std::move(host)),
      identifier_(identifier),
      broker_thread_(std::this_thread::get_id()),
      generation_(broker_generation()),
      decider_(host_->engine()),
      elsewhere_(host_->engine()) {}

Gate::~Gate() {
  for (std::size_t i = 0; i < kStandings; ++i)
    host_->clients()[i].fetch_sub(static_cast<std::int64_t>(counted_[i]), std::memory_order_relaxed);
}

bool Gate::register_callbacks() {
  struct {
    int event;
    MOSQ_FUNC_generic_callback callback;
    bool needed;
  } const all[] = {
      {MOSQ_EVT_BASIC_AUTH, on_basic_auth, true}, {MOSQ_EVT_RELOAD, on_reload, true},
      {MOSQ_EVT_DISCONNECT, on_left, true},       {MOSQ_EVT_TICK, on_tick, true},
      {kEventConnect, on_arrived, false},         {kEventClientOffline, on_left, false},
  };
  for (const auto& one : all) {
    const int rc = mosquitto_callback_register(identifier_, one.event, one.callback, nullptr, this);
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
  const ConnectAttempt attempt = attempt_of(event, true);
  const Decision decision = decider_.decide(attempt);
  if (decider_.decided_with().mode == GateMode::observe)
    return hand_on(id, event, decision.verdict == Verdict::allow, decision);
  switch (decision.verdict) {
    case Verdict::allow:
      return admit(event, id, attempt, decision);
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

int Gate::admit(const mosquitto_evt_basic_auth& event, std::string_view id, const ConnectAttempt& attempt,
                const Decision& decision) {
  Session session;
  session.standing = Standing::admitted;
  session.checked_again = reloads_;
  session.authenticator = decision.authenticator;
  session.principal_verified = decision.principal_verified;
  session.is_superuser = decision.is_superuser;
  session.principal = decision.principal;
  session.address = attempt.peer.address;
  session.since = host_->engine().clock().unix_seconds();
  session.expires_at = decision.expires_at;

  const bool token_was_name = decision.token_shown && decider_.decided_with().jwt.from == TokenSource::username;
  if (token_was_name || !attempt.username) {
    // What follows frees event.username, which attempt and decision may look into.
    session.username = session.principal.empty() ? std::string(kNamelessName) : session.principal;
    if (!is_sane_user_name(session.username) ||
        mosquitto_validate_utf8(session.username.data(), static_cast<int>(session.username.size())) !=
            MOSQ_ERR_SUCCESS) {
      host_->engine().metrics().count_decision(Verdict::deny, decision.authenticator, Reason::malformed_claim);
      host_->engine().log(LogLevel::notice,
                          "a client was refused after all: its principal has characters that no user name may have");
      sessions_.drop(id, event.client);
      publish_counts();
      return MOSQ_ERR_AUTH;
    }
    if (mosquitto_set_username(event.client, session.username.c_str()) != MOSQ_ERR_SUCCESS) {
      sessions_.drop(id, event.client);
      publish_counts();
      return kCloseUnanswered;
    }
  } else {
    session.username = *attempt.username;
  }
  sessions_.enter(id, event.client, std::move(session));
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
    session.expires_at = decision.expires_at;
  }
  sessions_.enter(id, event.client, std::move(session));
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
  if (const Session* session = sessions_.find(id, event.client)) {
    return is_ours(*session) ? topic_rights(*session, event) : int{MOSQ_ERR_PLUGIN_DEFER};
  }
  // Up to 2.1.2 DISCONNECT comes before the will is asked for; a retained message's sender is a stand-in without an
  // address, long gone perhaps. Both are judged by what the client of this id was, where the name is that one's, too.
  const char* address = mosquitto_client_address(event.client);
  const Session* gone = sessions_.departed(id, event.client);
  if (!gone && !address) gone = sessions_.departed(id, nullptr);
  if (gone && gone->username == name) return topic_rights(*gone, event);
  if (address) count_stranger(id, event.client);
  return MOSQ_ERR_PLUGIN_DEFER;
}

// Let in by the gate; or by others while it observed, with credentials that it found good, and it enforces now.
bool Gate::is_ours(const Session& session) const noexcept {
  return session.standing == Standing::admitted || (session.would_admit && acl_registered_);
}

// What an admitted client may do. A yes from here is final: an acl_file is not asked.
int Gate::topic_rights(const Session&, const mosquitto_evt_acl_check&) { return MOSQ_ERR_SUCCESS; }

// A client that was never shown to the gate: the broker takes its name from its certificate or from a PSK.
void Gate::count_stranger(std::string_view id, const ::mosquitto* client) {
  Session session;
  session.standing = Standing::not_ours;
  session.username = view(mosquitto_client_username(client));
  sessions_.enter(id, client, std::move(session));
  publish_counts();
  host_->engine().metrics().not_ours.fetch_add(1, std::memory_order_relaxed);
  if (std::exchange(told_of_strangers_, true)) return;
  host_->engine().log(
      LogLevel::warning,
      "the broker lets in clients by certificate or PSK, whom the gate never judges; hint: what they may do, "
      "an acl_file or another plugin must say");
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
  if (id && sessions_.leave(id, client, reloads_)) publish_counts();
}

void Gate::reload() {
  log().drain();
  ++reloads_;
  checking_again_ = true;
  check_ends_ms_ = host_->engine().clock().monotonic_ms() + kCheckAgainMs;
  host_->engine().request_reload();
}

// Up to 30,000 times a second: no clock, no lock.
void Gate::tick() {
  checking_again_ = false;
  log().drain();
  follow_mode();
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
