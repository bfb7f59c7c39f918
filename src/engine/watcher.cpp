// The one thread that follows: the store a few times a second, key files, requests to
// reload, and weak hashes to write anew. What it makes is swapped in whole.

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/start_thread.h"
#include "config/seal_key.h"
#include "engine/engine_impl.h"
#include "net/curl_jwks_fetcher.h"
#include "net/file_vault.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(200);
constexpr int kConfirmersNice = 10;
constexpr std::int64_t kSweepMs = 10'000, kPurgeMs = 600'000;

// "cause (place); hint: …" on one line.
std::string one_line(const Error& e) {
  std::string out = e.place.empty() ? e.cause : e.place + ": " + e.cause;
  if (!e.hint.empty()) out += "; hint: " + e.hint;
  return out;
}

}  // namespace

void Engine::Impl::publish(GateSnapshot policy) {
  policy.users = follower->users();
  policy.absent_users = follower->absent();
  policy.bars = follower->bars();
  // Rings made anew, as if there had been none, are rings under which nothing is remembered.
  const JwtPolicy none{};
  const bool forget = forget_tokens.exchange(false, std::memory_order_acq_rel);
  const std::shared_ptr<const GateSnapshot> before = box.load();
  seat_keys(policy.jwt, forget ? none : before->jwt, refresher_now().get(), ring_generation);
  policy.generation = ++snapshot_generation;
  box.store(std::make_shared<const GateSnapshot>(std::move(policy)));
  if (forget) forgot_tokens.store(true, std::memory_order_release);
}

ReloadOutcome Engine::Impl::load(bool first) {
  ReloadOutcome outcome;
  const auto refuse = [&](std::vector<Error> faults) {
    outcome.faults = std::move(faults);
    if (!first) {
      metrics.failed_reloads.fetch_add(1, std::memory_order_relaxed);
      for (const Error& fault : outcome.faults)
        log.line(LogLevel::error, "settings not applied, the old ones stay in force: " + one_line(fault));
    }
    std::lock_guard lock(law_mutex);
    law.faults = outcome.faults;
    return outcome;
  };

  Result<Settings, LoadFailure> file_only = load_file_only(options.config_path);
  if (!file_only) {
    // It looks at names and at what the file alone can set; whoever has to mend the file wants every fault at once.
    Result<LoadedSettings, LoadFailure> whole = load_settings(options.config_path, std::nullopt);
    return refuse(std::move((whole ? file_only.error() : whole.error()).faults));
  }
  const std::string& url = file_only->store.url;
  if (!options.accepts_postgres && !url.empty() && !url.starts_with("sqlite://"))
    return refuse({invalid("this edge takes sqlite:// stores only", "sallyportd takes the others", "store.url")});
  if (!follower || follower->url() != url) {
    const bool bounded = options.may_fetch_users && !url.starts_with("sqlite://");
    follower = std::make_unique<StoreFollower>(
        url, bounded ? static_cast<std::size_t>(file_only->store.users_in_memory) : kAllUsers);
    store_bell.reset();
    if (options.store_bell)
      store_bell = options.store_bell(url, [this] {
        store_rang.store(true, std::memory_order_release);
        wake_watcher();
      });
  }
  std::string store_fault;
  if (Result<StoreFollower::Update> polled = follower->poll(); !polled) {
    store_fault = one_line(polled.error());
    metrics.store_errors.fetch_add(1, std::memory_order_relaxed);
    log.line(LogLevel::error, "the store cannot be read: " + store_fault);
  }
  std::optional<StoredSettings> stored;
  if (follower->settings()) stored = StoredSettings{follower->settings()->toml, follower->settings()->number};
  Result<LoadedSettings, LoadFailure> loaded = load_settings(options.config_path, stored);
  if (!loaded) return refuse(std::move(loaded.error().faults));

  Result<CompiledPolicy, std::vector<Error>> compiled = compile_policy(loaded->settings);
  if (!compiled) return refuse(std::move(compiled.error()));
  // A store that was never read may hold the settings that would refuse a client: until then nobody is judged.
  compiled->policy.settings_known = follower->users() != nullptr;

  log.set(loaded->settings.log.level, loaded->settings.log.format);
  fast::Engine::instance().enable(loaded->settings.crypto.engine == CryptoEngine::automatic);
  outcome.warnings = loaded->warnings;
  for (const Error& warning : outcome.warnings) log.line(LogLevel::warning, one_line(warning));
  for (const std::string& note : compiled->notes) log.line(LogLevel::warning, note);
  if (first) control_socket = loaded->settings.control.socket;
  follow_sources(loaded->settings);
  follow_key_file(loaded->settings);
  publish(compiled->policy);
  metrics.reloads.fetch_add(1, std::memory_order_relaxed);
  outcome.applied = true;
  std::lock_guard lock(law_mutex);
  law.loaded = std::move(*loaded);
  law.watched = std::move(compiled->watched);
  law.policy = std::move(compiled->policy);
  law.loaded_at = clock->unix_seconds();
  law.faults.clear();
  law.key_fault.clear();
  law.store_fault = store_fault;
  return outcome;
}

void Engine::Impl::follow_store() {
  Result<StoreFollower::Update> update = follower->poll();
  store_away.store(!update, std::memory_order_relaxed);
  if (!update) {
    const std::string fault = one_line(update.error());
    std::unique_lock lock(law_mutex);
    if (law.store_fault == fault) return;
    law.store_fault = fault;
    lock.unlock();
    metrics.store_errors.fetch_add(1, std::memory_order_relaxed);
    log.line(LogLevel::error, "the store cannot be read, decisions go on from what is known: " + fault);
    return;
  }
  std::unique_lock lock(law_mutex);
  const bool came_back = !law.store_fault.empty();
  law.store_fault.clear();
  if (update->settings || (came_back && !law.policy.settings_known)) {
    lock.unlock();
    load(false);
    return;
  }
  if (came_back) log.line(LogLevel::notice, "the store can be read again");
  if (!update->users && !update->bars) return;
  GateSnapshot policy = law.policy;
  lock.unlock();
  publish(std::move(policy));
}

void Engine::Impl::fetch_users(std::vector<std::string> names) {
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const Result<StoreFollower::Update> update = follower->fetch(names);
  // On an error, which the next look at the store will say, those who wait are answered when their time is over.
  if (!update || !update->users) return;
  fetched_users.fetch_add(names.size(), std::memory_order_relaxed);
  std::unique_lock lock(law_mutex);
  GateSnapshot policy = law.policy;
  lock.unlock();
  publish(std::move(policy));
}

// Those that are over hit nobody any more; they are dropped from memory here, and from the store by whoever comes
// first.
void Engine::Impl::sweep_bars() {
  const std::int64_t now_ms = clock->monotonic_ms();
  if (now_ms - swept_at_ms < kSweepMs) return;
  swept_at_ms = now_ms;
  if (!follower->sweep(clock->unix_seconds())) return;
  std::unique_lock lock(law_mutex);
  GateSnapshot policy = law.policy;
  lock.unlock();
  publish(std::move(policy));
  if (now_ms - purged_at_ms < kPurgeMs) return;
  purged_at_ms = now_ms;
  Result<std::unique_ptr<Store>> store = open_store(follower->url(), StoreAccess::write);
  if (store && (*store)->purge_bars(clock->unix_seconds())) return;
  metrics.store_errors.fetch_add(1, std::memory_order_relaxed);
}

bool Engine::store_away() const noexcept { return impl_->store_away.load(std::memory_order_relaxed); }

void Engine::fetch_user(std::string_view username) {
  constexpr std::size_t most = 20'000;
  {
    const std::lock_guard lock(impl_->wake_mutex);
    if (impl_->wanted_users.size() >= most) return;
    impl_->wanted_users.emplace_back(username);
  }
  impl_->wake.notify_one();
}

void Engine::Impl::follow_key_files() {
  std::unique_lock lock(law_mutex);
  bool changed = false;
  for (WatchedFile& file : law.watched) {
    std::string identity = file_identity(file.path);
    if (identity == file.identity) continue;
    file.identity = std::move(identity);
    changed = true;
  }
  if (!changed) return;
  Result<CompiledPolicy, std::vector<Error>> compiled = compile_policy(law.loaded.settings);
  if (!compiled) {
    // A half-written key file takes no keys away.
    law.key_fault = one_line(compiled.error().front());
    lock.unlock();
    log.line(LogLevel::error, "a key file changed and cannot be used, the old keys stay in force: " +
                                  one_line(compiled.error().front()));
    return;
  }
  compiled->policy.settings_known = law.policy.settings_known;
  law.policy = compiled->policy;
  law.watched = std::move(compiled->watched);
  law.key_fault.clear();
  lock.unlock();
  publish(std::move(compiled->policy));
  log.line(LogLevel::notice, "a key file changed and was read again");
}

std::shared_ptr<JwksRefresher> Engine::Impl::refresher_now() const {
  std::lock_guard lock(law_mutex);
  return refresher;
}

void Engine::Impl::wake_watcher() {
  { std::lock_guard lock(wake_mutex); }
  wake.notify_one();
}

void Engine::Impl::follow_sources(const Settings& settings) {
  std::vector<KeySourceSettings> sources = key_sources_of(settings.jwt);
  std::shared_ptr<JwksRefresher> mine = refresher_now();
  if (!mine) {
    if (sources.empty()) return;
    JwksRefresher::Hooks hooks;
    hooks.changed = [this] {
      remote_changed.store(true, std::memory_order_release);
      wake_watcher();
    };
    hooks.log = [this](LogLevel level, std::string_view text) { log.line(level, text); };
    mine = std::make_shared<JwksRefresher>(options.fetcher ? options.fetcher : std::make_shared<CurlJwksFetcher>(),
                                           *clock, std::move(hooks));
    std::lock_guard lock(law_mutex);
    refresher = mine;
  }
  const std::string folder = vault_folder_of(settings);
  mine->configure(std::move(sources), folder.empty() ? nullptr : std::make_shared<FileVault>(folder));
  // Before start() the thread waits for the broker's fork.
  if (watcher.joinable())
    if (const Result<void> started = mine->start(); !started)
      log.line(LogLevel::error, "keys are not fetched: " + one_line(started.error()));
}

// New keys make a new snapshot; what was remembered under a key that left is remembered under no ring that is asked.
void Engine::Impl::follow_remote_keys() {
  if (!remote_changed.exchange(false, std::memory_order_acq_rel)) return;
  std::unique_lock lock(law_mutex);
  GateSnapshot policy = law.policy;
  lock.unlock();
  publish(std::move(policy));
}

// Tables for keys that ask for one; and the confirming thread, made on this one, which takes no signals of the
// broker's.
void Engine::Impl::follow_crypto_setting() {
  fast::Engine& engine = fast::Engine::instance();
  engine.make_tables();
  if (confirming.joinable() || !engine.enabled()) return;
  const auto on_fault = [this](std::string_view fault) {
    log.line(LogLevel::error, "the fast engine is off, OpenSSL verifies alone: " + std::string(fault));
    forget_tokens.store(true, std::memory_order_release);
    remote_changed.store(true, std::memory_order_release);  // publishes
    wake_watcher();
  };
  Result<std::thread> started = start_thread([this, on_fault] {
    const auto stopped = [this] {
      const std::lock_guard lock(wake_mutex);
      return stop;
    };
    do {
      try {
        fast::Engine::instance().begin_confirming();  // the known answers first: they are waited for
        // Where the machine has no core to spare, whoever waits for a decision comes before what is confirmed behind
        // it; what there is no time for is counted. Of this thread alone, and a machine that refuses it changes nothing
        // else.
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kConfirmersNice);
        confirmer.run(on_fault);
        return fast::Engine::instance().end_confirming();
      } catch (const std::bad_alloc&) {
        // No room for what waits to be confirmed: until there is, OpenSSL verifies alone.
        std::this_thread::sleep_for(kPeriod);
      }
    } while (!stopped());
  });
  if (started) confirming = std::move(*started);  // else at the next look; what waits for it is counted
}

void Engine::Impl::rewrite_weak_hashes() {
  std::vector<RehashQueue::Job> jobs = rehash.take_all();
  if (jobs.empty() || follower->url().empty()) return;
  Result<std::unique_ptr<Store>> store = open_store(follower->url(), StoreAccess::write);
  for (const RehashQueue::Job& job : jobs) {
    if (!store) break;
    Result<std::string> hash = hash_password(job.password.view());
    if (hash && (*store)->set_hash(job.username, *hash, job.version)) continue;
    metrics.store_errors.fetch_add(1, std::memory_order_relaxed);
  }
  if (!store) {
    metrics.store_errors.fetch_add(1, std::memory_order_relaxed);
    log.line(LogLevel::warning, "a weak password hash could not be replaced: " + one_line(store.error()));
  }
}

void Engine::Impl::run() {
  bool short_of_memory = false;
  std::unique_lock lock(wake_mutex);
  while (!stop) {
    wake.wait_for(lock, kPeriod, [&] {
      return stop || reloads_asked != reloads_done || remote_changed.load(std::memory_order_acquire) ||
             store_rang.load(std::memory_order_acquire) || !wanted_users.empty();
    });
    if (stop) break;
    const std::uint64_t asked = reloads_asked;
    const bool reload_wanted = asked != reloads_done;
    constexpr std::size_t batch = 1000;
    std::vector<std::string> names;
    names.swap(wanted_users);
    if (names.size() > batch) {
      wanted_users.assign(names.begin() + batch, names.end());
      names.resize(batch);
    }
    lock.unlock();
    if (reload_wanted) {
      ReloadOutcome outcome = load(false);
      if (outcome.applied) log.line(LogLevel::notice, "settings reloaded");
      lock.lock();
      last_outcome = std::move(outcome);
      reloads_done = asked;
      done.notify_all();
      continue;
    }
    try {
      fetch_users(std::move(names));
      follow_crypto_setting();
      follow_remote_keys();
      store_rang.store(false, std::memory_order_release);
      follow_store();
      sweep_bars();
      follow_key_files();
      rewrite_weak_hashes();
      short_of_memory = false;
    } catch (const std::exception&) {
      // The old law stays; the next look tries again.
      if (!std::exchange(short_of_memory, true))
        log.line(LogLevel::error, "a change could not be taken up: there is not enough memory; it is tried again");
    }
    lock.lock();
  }
  done.notify_all();
}

Result<void> Engine::start() {
  if (impl_->watcher.joinable()) return {};
  if (const auto refresher = impl_->refresher_now())
    if (const Result<void> started = refresher->start(); !started) return started;
  Result<std::thread> started = start_thread([this] { impl_->run(); });
  if (!started) return unexpected(started.error());
  impl_->watcher = std::move(*started);
  impl_->audit = std::make_unique<AuditWriter>(
      impl_->ring, *impl_->clock, impl_->options.process, [impl = impl_.get()] { return impl->audit_target(); },
      [impl = impl_.get()](LogLevel level, const std::string& line) { impl->log.line(level, line); });
  return impl_->audit->start();
}

Result<std::shared_ptr<const GateSnapshot>, std::vector<Error>> Engine::imagine(const Settings& settings) const {
  Result<CompiledPolicy, std::vector<Error>> compiled = compile_policy(settings);
  if (!compiled) return unexpected(std::move(compiled.error()));
  const std::shared_ptr<const GateSnapshot> now = impl_->box.load();
  GateSnapshot made = std::move(compiled->policy);
  made.users = now->users;
  made.settings_known = now->settings_known;
  // Numbers of its own: nothing is remembered under it.
  std::uint64_t generation = 0;
  seat_keys(made.jwt, JwtPolicy{}, impl_->refresher_now().get(), generation);
  return std::make_shared<const GateSnapshot>(std::move(made));
}

void Engine::Impl::follow_key_file(const Settings& settings) {
  const KeptDigest* use = nullptr;
  if (settings.audit.keep > 0 && !settings.store.key_file.empty())
    if (const auto read = read_kept_digest(settings.store.key_file)) {
      for (const auto& known : claim_digests)
        if (*known == *read) use = known.get();
      if (!use) use = claim_digests.emplace_back(std::make_unique<const KeptDigest>(*read)).get();
    }
  claim_digest.store(use, std::memory_order_release);
}

AuditTarget Engine::Impl::audit_target() const {
  std::lock_guard lock(law_mutex);
  const Settings& settings = law.loaded.settings;
  return {settings.store.url, settings.audit.keep, settings.audit.max_bytes};
}

bool Engine::fast_engine_was_wrong() const noexcept {
  return impl_->forgot_tokens.load(std::memory_order_acquire) && fast::Engine::instance().was_wrong();
}

bool Engine::refresh_keys(const std::optional<std::string>& name) {
  const auto refresher = impl_->refresher_now();
  return refresher && refresher->refresh_now(name);
}

std::vector<SourceReport> Engine::key_sources() const {
  const auto refresher = impl_->refresher_now();
  return refresher ? refresher->report() : std::vector<SourceReport>();
}

void Engine::request_reload() {
  {
    std::lock_guard lock(impl_->wake_mutex);
    ++impl_->reloads_asked;
  }
  impl_->wake.notify_one();
}

ReloadOutcome Engine::reload() {
  if (!impl_->watcher.joinable()) return impl_->load(false);
  std::unique_lock lock(impl_->wake_mutex);
  const std::uint64_t ticket = ++impl_->reloads_asked;
  impl_->wake.notify_one();
  impl_->done.wait(lock, [&] { return impl_->stop || impl_->reloads_done >= ticket; });
  return impl_->last_outcome;
}

}  // namespace sallyport
