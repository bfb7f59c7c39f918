// What Engine holds. Decisions touch the snapshot box, the memories, the ring and the
// counters; everything under `law_mutex` is the watcher's and the control socket's.
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "auth/guess_brake.h"
#include "auth/token_cache.h"
#include "base/coarse_clock.h"
#include "crypto/fast_engine.h"
#include "crypto/kept_digest.h"
#include "engine/audit_writer.h"
#include "engine/compile.h"
#include "engine/engine.h"
#include "engine/rehash_queue.h"
#include "engine/seat_keys.h"
#include "engine/store_follower.h"
#include "users/password_memory.h"

namespace sallyport {

// The settings in force and how they came to be.
struct Law {
  LoadedSettings loaded;
  std::vector<WatchedFile> watched;
  GateSnapshot policy;  // without users; what a change of users is published with
  UnixSeconds loaded_at = 0;
  std::vector<Error> faults;  // of the last reload, where it failed
  std::string key_fault;      // a changed key file that does not parse
  std::string store_fault;    // the store cannot be read
};

struct Engine::Impl {
  explicit Impl(EngineOptions o)
      : options(std::move(o)),
        clock(options.clock ? options.clock : &system_clock),
        log(options.log, metrics),
        box(std::make_shared<const GateSnapshot>()) {}

  EngineOptions options;
  CoarseClock system_clock;
  const Clock* clock;
  Metrics metrics;
  std::array<std::atomic<std::uint64_t>, 3> spent_ns{};  // deciding, by the authenticator that answered
  DecisionRing ring;
  DecisionLog log;
  RateLimiter denials{4, 0.1, 4096};  // of topics, by client, that are kept and logged
  PasswordMemory passwords;
  TokenCache tokens;
  mutable GuessBrake brake;
  TokenSightings sightings;
  RehashQueue rehash;
  SnapshotBox<GateSnapshot> box;
  std::string control_socket;

  mutable std::mutex law_mutex;  // never held while a file, a store or a socket is waited for
  Law law;

  std::atomic<bool> store_rang{false};
  std::shared_ptr<void> store_bell;                // likewise
  std::unique_ptr<StoreFollower> follower;         // the watcher's; before start(), the opener's
  std::uint64_t ring_generation = 0;               // likewise
  std::uint64_t snapshot_generation = 0;           // likewise
  std::int64_t swept_at_ms = 0, purged_at_ms = 0;  // likewise

  std::mutex wake_mutex;
  std::condition_variable wake, done;
  bool stop = false;
  std::uint64_t reloads_asked = 0, reloads_done = 0;
  ReloadOutcome last_outcome;
  std::thread watcher;

  std::vector<std::string> wanted_users;  // under wake_mutex
  std::atomic<std::uint64_t> fetched_users{0};
  std::atomic<bool> store_away{false};

  std::shared_ptr<JwksRefresher> refresher;  // made with the first source; under law_mutex
  std::atomic<bool> remote_changed{false};   // keys from the network, or what they owe

  // Asks OpenSSL again for what the fast engine accepts, on its own thread.
  fast::Engine::Confirmer confirmer{fast::Engine::instance()};
  std::thread confirming;                  // with the first settings that want it
  std::atomic<bool> forget_tokens{false};  // a wrong accept may be among those remembered
  std::atomic<bool> forgot_tokens{false};  // done
  void follow_crypto_setting();

  // Settings, keys and users anew. On the watcher's thread, or before it starts. `first`: the faults are the caller's.
  ReloadOutcome load(bool first);
  void publish(GateSnapshot policy);
  // Hands the sources of these settings to the refresher.
  void follow_sources(const Settings& settings);
  void follow_remote_keys();
  void wake_watcher();
  std::shared_ptr<JwksRefresher> refresher_now() const;
  void follow_store();
  void fetch_users(std::vector<std::string> names);
  void sweep_bars();
  void follow_key_files();
  void rewrite_weak_hashes();
  void watch_for_theft(const ConnectAttempt& attempt, const Decision& d, const Moment& now);
  void run();

  std::unique_ptr<AuditWriter> audit;  // from start() on
  AuditTarget audit_target() const;
  // Under which what is kept of claims is digested; nothing: decisions are not kept, or there is no key. A key lives as
  // long as the engine: a decision may be using it.
  std::atomic<const KeptDigest*> claim_digest{nullptr};
  std::vector<std::unique_ptr<const KeptDigest>> claim_digests;  // the watcher's
  void follow_key_file(const Settings& settings);
};

}  // namespace sallyport
