#include "engine/engine.h"

#include <fmt/format.h>

#include <chrono>

#include "engine/engine_impl.h"
#include "engine/kept_claims.h"
#include "engine/key_status.h"
#include "jose/verification_key.h"

namespace sallyport {

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() {
  {
    std::lock_guard lock(impl_->wake_mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_all();
  if (impl_->watcher.joinable()) impl_->watcher.join();
  impl_->store_bell.reset();
  impl_->audit.reset();
  impl_->confirmer.stop();
  if (impl_->confirming.joinable()) impl_->confirming.join();
  if (impl_->refresher) impl_->refresher->stop();
}

Result<std::unique_ptr<Engine>, LoadFailure> Engine::open(EngineOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  ReloadOutcome outcome = impl->load(true);
  if (!outcome.applied) return unexpected(LoadFailure{std::move(outcome.faults)});
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

const DecisionRing& Engine::ring() const noexcept { return impl_->ring; }
Metrics& Engine::metrics() noexcept { return impl_->metrics; }
void Engine::log(LogLevel level, std::string_view text) { impl_->log.line(level, text); }
std::shared_ptr<const GateSnapshot> Engine::snapshot() const { return impl_->box.load(); }
const Clock& Engine::clock() const noexcept { return *impl_->clock; }
const std::string& Engine::control_socket() const noexcept { return impl_->control_socket; }

Engine::Decider::Decider(Engine& engine)
    : engine_(engine), reader_(engine.impl_->box), work_(std::make_unique<Workspace>()) {}

DecisionMemory Engine::Decider::memory() const {
  Impl& impl = *engine_.impl_;
  if (!impl.options.with_memory) return {};
  return {&impl.passwords, &impl.tokens, &impl.brake, true};
}

void Engine::token_gone(const TokenMarks& marks, std::string_view client_id) noexcept {
  impl_->sightings.gone(marks.token, client_id);
}

std::vector<SlowedEntry> Engine::slowed() const { return impl_->brake.slowed(impl_->clock->monotonic_ms()); }
bool Engine::let_go(bool is_address, std::string_view text) { return impl_->brake.let_go(is_address, text); }

// A token that comes in twice at once is told of: nobody has proved a theft, so nobody is refused.
void Engine::Impl::watch_for_theft(const ConnectAttempt& attempt, const Decision& d, const Moment& now) {
  // Mosquitto's own HTTP api is one client id to all who use it.
  if (attempt.peer.transport == Transport::unknown) return;
  if (!options.with_memory || d.verdict != Verdict::allow || !d.marks.of_token) return;
  const auto suspicion = sightings.seen(d.marks.token, attempt.client_id.value_or(std::string_view{}),
                                        attempt.peer.address, now, options.hears_of_ends);
  if (!suspicion) return;
  const auto who = [](std::string_view id, std::string_view address) {
    return "\"" + loggable(id) + "\" from " + (address.empty() ? "an unknown address" : loggable(address));
  };
  log.line(LogLevel::warning, "one token is used twice at once, by client " +
                                  who(suspicion->client_id, suspicion->address) + " and client " +
                                  who(suspicion->other_client_id, suspicion->other_address) +
                                  ": was it copied? hint: sallyport revoke add --help");
}

Decision Engine::Decider::decide(const ConnectAttempt& attempt) {
  Impl& impl = *engine_.impl_;
  const GateSnapshot& snapshot = reader_.get();
  const Moment now = impl.clock->now();
  const auto began = std::chrono::steady_clock::now();
  const Decision d = sallyport::decide(attempt, snapshot, now, *work_, memory());
  const auto spent = std::chrono::steady_clock::now() - began;
  impl.spent_ns[static_cast<std::size_t>(d.authenticator)].fetch_add(
      static_cast<std::uint64_t>(std::chrono::nanoseconds(spent).count()), std::memory_order_relaxed);
  if (d.wants_rehash && attempt.password)
    if (const auto user = snapshot.users->find(attempt.username.value_or(std::string_view{})))
      impl.rehash.offer(user->username, user->version, *attempt.password);
  impl.watch_for_theft(attempt, d, now);
  tell(attempt, d, snapshot, now);
  return d;
}

Decision Engine::Decider::renew(const ConnectAttempt& attempt, const TokenHolder& holder) {
  Impl& impl = *engine_.impl_;
  const GateSnapshot& snapshot = reader_.get();
  const Moment now = impl.clock->now();
  const Decision d = decide_renewal(attempt, holder, snapshot, now, *work_, memory());
  (d.verdict == Verdict::allow ? impl.metrics.renewals : impl.metrics.refused_renewals)
      .fetch_add(1, std::memory_order_relaxed);
  impl.watch_for_theft(attempt, d, now);
  tell(attempt, d, snapshot, now);
  return d;
}

// Counts, keeps the steps, and logs.
void Engine::Decider::tell(const ConnectAttempt& attempt, const Decision& d, const GateSnapshot& snapshot,
                           const Moment& now) {
  Impl& impl = *engine_.impl_;
  impl.metrics.count_decision(d.verdict, d.authenticator, d.reason);
  if (d.wants_refresh && d.authority && d.authority->bell) d.authority->bell->ring();
  const std::string_view username = attempt.username.value_or(std::string_view{});
  // Fingerprints cost a hash: for those who come in without questions they are left out.
  const bool detailed = d.verdict != Verdict::allow || impl.log.level() == LogLevel::debug;
  std::string print;
  claims_.clear();
  // The buffers hold what was verified last, which is this decision's token where a key verified it.
  if (const KeptDigest* digest = impl.claim_digest.load(std::memory_order_acquire); digest && d.key)
    keep_claims(work_->token.payload_tape.root(), work_->token.header_facts.typ, *digest, claims_, pointer_);
  if (detailed && d.token_shown) {
    const bool in_password = snapshot.jwt.from == TokenSource::password;
    const auto& field = attempt.auth_data ? attempt.auth_data : in_password ? attempt.password : attempt.username;
    print = fingerprint(field.value_or(std::string_view{}));
  }
  if (detailed || looks_like_token(username)) {
    const std::string shown = shown_name(username);
    impl.ring.keep(attempt, d, work_->trace, now.unix_seconds, shown, print, claims_);
    impl.log.decision(attempt, d, now, shown, print);
  } else {
    impl.ring.keep(attempt, d, work_->trace, now.unix_seconds, username, print, claims_);
  }
}

void Engine::note(const ClientNote& note) {
  const Moment now = impl_->clock->now();
  // A client that asks again and again for what it may not have says nothing new.
  if (note.reason == Reason::topic_denied && !impl_->denials.take(note.client_id, now.monotonic_ms)) return;
  ConnectAttempt attempt;
  attempt.client_id = note.client_id;
  attempt.username = note.username;
  attempt.peer.address = note.address;
  Decision d;
  d.reason = note.reason;
  d.authenticator = note.authenticator;
  d.principal = note.principal;
  d.principal_verified = true;
  d.expires_at = note.expires_at;
  Trace trace;
  trace.add({.kind = note.step,
             .who = note.authenticator,
             .passed = false,
             .reason = note.reason,
             .subject = note.subject,
             .number = note.number});
  const std::string shown = shown_name(note.username);
  impl_->ring.keep(attempt, d, trace, now.unix_seconds, shown, "");
  impl_->log.decision(attempt, d, now, shown, "",
                      note.reason == Reason::topic_denied ? note.subject : std::string_view{}, note.ended);
}

namespace {
std::string who_verifies(bool asks_for_fast) {
  const fast::EngineReport fast = fast::Engine::instance().report();
  if (!asks_for_fast || !fast.active) return "OpenSSL";
  return "OpenSSL, and the fast engine (" + std::string(fast.path) + ") for " + std::to_string(fast.tables) + " keys";
}
}  // namespace

EngineStatus Engine::status() const {
  const std::shared_ptr<const GateSnapshot> snapshot = impl_->box.load();
  EngineStatus s;
  s.version = SALLYPORT_VERSION;
  s.config_file = impl_->options.config_path;
  s.no_match = snapshot->no_match;
  s.mode = snapshot->mode;
  s.password_enabled = snapshot->password_enabled;
  s.jwt_enabled = snapshot->jwt.enabled;
  s.token_source = snapshot->jwt.from == TokenSource::password ? "password" : "username";
  s.topics_no_match = snapshot->topics->no_match;
  s.topic_rules = snapshot->topics->rules.size();
  s.users_ready = snapshot->users != nullptr;
  s.users_bounded = snapshot->absent_users != nullptr;
  if (snapshot->users) {
    s.users = snapshot->users->size();
    s.weak_hashes = snapshot->users->weak_hashes();
  }
  s.revocations = snapshot->bars->revocations();
  s.blocks = snapshot->bars->blocks();
  s.suspected_thefts = impl_->sightings.suspected();
  s.thefts = impl_->sightings.last();
  s.keys = key_labels(snapshot->jwt);
  s.key_sources = key_sources();
  const std::string digest_now = digest_file(impl_->options.config_path);

  std::lock_guard lock(impl_->law_mutex);
  const Law& law = impl_->law;
  s.revision = law.loaded.revision;
  s.loaded_at = law.loaded_at;
  s.settings = law.loaded.values;
  s.settings_file_changed = digest_now != law.loaded.file_digest;
  Health& h = s.health;
  if (!snapshot->settings_known) h.not_ready.push_back("the store could not be read yet: " + law.store_fault);
  add_key_health(s.key_sources, snapshot->jwt, impl_->clock->unix_seconds(), h);
  h.ready = h.not_ready.empty();
  if (snapshot->settings_known && !law.store_fault.empty())
    h.degraded.push_back("the store cannot be read, decisions go on from what is known: " + law.store_fault);
  if (!law.key_fault.empty())
    h.degraded.push_back("a key file changed and cannot be used, the old keys stay in force: " + law.key_fault);
  for (const Error& fault : law.faults)
    h.degraded.push_back("settings not applied, the old ones stay in force: " +
                         (fault.place.empty() ? fault.cause : fault.place + ": " + fault.cause));
  if (s.settings_file_changed && law.faults.empty())
    h.degraded.push_back("the settings file changed and was not applied; apply it with: sallyport reload");
  // Off for the life of the process; of no concern to an engine whose settings do not ask for it.
  const bool asks_for_fast = law.loaded.settings.crypto.engine == CryptoEngine::automatic;
  if (const std::string fault = fast::Engine::instance().report().fault; asks_for_fast && !fault.empty())
    h.degraded.push_back("the fast engine is off, OpenSSL verifies alone: " + fault +
                         "; please report it, and set [crypto] engine = \"openssl\"");
  s.signatures = who_verifies(asks_for_fast);
  if (!s.password_enabled && !s.jwt_enabled)
    h.degraded.push_back("every authenticator is switched off: nobody gets in");
  return s;
}

namespace {
void append_spent(std::string& page, const std::array<std::atomic<std::uint64_t>, 3>& spent_ns) {
  constexpr const char* kName = "sallyport_decision_seconds_total";
  page +=
      fmt::format("# HELP {0} Time spent deciding, by the authenticator that answered.\n# TYPE {0} counter\n", kName);
  for (std::size_t a = 0; a < spent_ns.size(); ++a)
    page += fmt::format("{}{{authenticator=\"{}\"}} {:.9f}\n", kName, name(static_cast<Authenticator>(a)),
                        static_cast<double>(spent_ns[a].load(std::memory_order_relaxed)) / 1e9);
}
}  // namespace

std::string Engine::metrics_text() const {
  const EngineStatus s = status();
  std::string page = impl_->metrics.to_prometheus();
  append_spent(page, impl_->spent_ns);
  append_gauge(page, "sallyport_ready", "1 when the gate can decide.", s.health.ready ? 1 : 0);
  append_gauge(page, "sallyport_degraded", "Number of causes that need a person.",
               static_cast<double>(s.health.degraded.size()));
  append_gauge(page, "sallyport_users", "Users of default authentication in memory.", static_cast<double>(s.users));
  append_gauge(page, "sallyport_users_bounded", "1 when the store has more users than are kept in memory.",
               s.users_bounded ? 1 : 0);
  append_counter(page, "sallyport_users_fetched_total", "Users that were fetched when they came.",
                 impl_->fetched_users.load(std::memory_order_relaxed));
  append_gauge(page, "sallyport_weak_password_hashes", "Imported weak hashes not yet replaced.",
               static_cast<double>(s.weak_hashes));
  append_gauge(page, "sallyport_revocations", "Revocations in force.", static_cast<double>(s.revocations));
  append_gauge(page, "sallyport_blocks", "Blocks in force.", static_cast<double>(s.blocks));
  append_gauge(page, "sallyport_slowed", "User names and addresses that guessing has slowed.",
               static_cast<double>(slowed().size()));
  append_counter(page, "sallyport_suspected_thefts_total", "Tokens used from two client ids or two addresses at once.",
                 s.suspected_thefts);
  append_gauge(page, "sallyport_settings_revision", "Revision of the store's settings in force; 0: none.",
               static_cast<double>(s.revision.value_or(0)));
  append_gauge(page, "sallyport_token_cache_entries", "Tokens whose signature is remembered.",
               static_cast<double>(impl_->tokens.entries()));
  append_gauge(page, "sallyport_token_cache_bytes", "Bytes that remembered tokens take.",
               static_cast<double>(impl_->tokens.bytes()));
  if (impl_->audit) {
    append_counter(page, "sallyport_audit_written_total", "Decisions that were kept on disk.", impl_->audit->written());
    append_counter(page, "sallyport_audit_dropped_total", "Decisions that could not be kept in time.",
                   impl_->audit->dropped());
  }
  const fast::EngineReport fast = fast::Engine::instance().report();
  append_gauge(page, "sallyport_fast_engine_active", "1 when the fast engine answers for keys that have tables.",
               fast.active ? 1 : 0);
  append_gauge(page, "sallyport_fast_engine_table_bytes", "Bytes that the keys' tables take.",
               static_cast<double>(fast.table_bytes));
  append_counter(page, "sallyport_fast_engine_answers_total", "Signatures that the fast engine judged.", fast.answers);
  append_counter(page, "sallyport_fast_engine_confirmed_total", "Accepts of it that OpenSSL confirmed afterwards.",
                 fast.confirmed);
  append_counter(page, "sallyport_fast_engine_unconfirmed_total", "Accepts of it that were too many to confirm.",
                 fast.unconfirmed);
  append_counter(page, "sallyport_fast_engine_mismatches_total",
                 "Its answers that OpenSSL does not share; one switches it off.", fast.mismatches);
  append_key_metrics(page, s.key_sources, impl_->clock->unix_seconds());
  return page;
}

}  // namespace sallyport
