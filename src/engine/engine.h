// Engine: the composition root. It owns the snapshot, the memory that decisions use,
// the ring of last decisions, the counters, and the one watcher thread that follows
// the store and reloads settings. Edges (plugin, daemon, CLI) make a Decider a thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/chain.h"
#include "auth/slowed_list.h"
#include "auth/token_holder.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "config/load.h"
#include "engine/decision_log.h"
#include "engine/decision_ring.h"
#include "engine/health.h"
#include "engine/token_sightings.h"
#include "keys/key_source.h"
#include "observe/metrics.h"

namespace sallyport {

struct EngineOptions {
  std::string config_path;        // absolute
  const Clock* clock = nullptr;   // nothing: the system's
  LogSink log;                    // called from any thread, also within decide(); quick, must not throw; may be empty
  bool with_memory = true;        // caches, brake, equalized timing; false for the CLI
  bool accepts_postgres = false;  // the plugin takes sqlite:// only
  bool may_fetch_users = false;   // an edge that can hold an attempt: not all users need to be in memory
  // What calls `ring` when the store at `url` may have changed; it lives as long as what is returned. The store is
  // looked at a few times a second all the same. Nothing: no such bell.
  std::function<std::shared_ptr<void>(const std::string& url, std::function<void()> ring)> store_bell;
  bool hears_of_ends = false;         // the edge calls token_gone() when a session ends
  std::string process = "sallyport";  // who decides, in what is kept: "mosquitto", "sallyportd"
  std::shared_ptr<Fetcher> fetcher;   // how key sets are fetched; nothing: libcurl
};

struct ReloadOutcome {
  bool applied = false;
  std::vector<Error> faults;  // why not; the old settings stay in force
  std::vector<Error> warnings;
};

// What is in force and how it goes; plain values for `status`.
struct EngineStatus {
  std::string version;
  std::string config_file;
  std::optional<std::int64_t> revision;
  bool settings_file_changed = false;  // differs on disk from what is in force
  UnixSeconds loaded_at = 0;
  NoMatch no_match{};
  GateMode mode{};
  bool password_enabled = false, jwt_enabled = false;
  std::string token_source;  // "password" or "username"
  NoMatch topics_no_match{};
  std::size_t topic_rules = 0;  // of the settings
  std::size_t users = 0, weak_hashes = 0;
  std::size_t revocations = 0, blocks = 0;
  std::uint64_t suspected_thefts = 0;
  std::vector<TokenSuspicion> thefts;  // the last of them, newest first
  bool users_ready = false;
  bool users_bounded = false;             // those are a part of what the store has
  std::vector<std::string> keys;          // labels with kind, in the order of trial
  std::vector<SourceReport> key_sources;  // on the network
  std::string signatures;                 // who verifies them
  std::vector<ShownValue> settings;       // names, values (secrets masked), origins
  Health health;
};

// What happened to a client that was let in: a topic that it may not have, the end of its session.
struct ClientNote {
  Reason reason{};
  Authenticator authenticator = Authenticator::none;
  std::string_view client_id, username, principal, address;
  StepKind step{};
  std::string_view subject{};
  std::int64_t number = 0;
  std::optional<UnixSeconds> expires_at{};
  bool ended = false;  // it was sent away for this reason, which may also be one to refuse
};

class Engine {
 public:
  // Reads settings, keys and users. Settings that do not load are a LoadFailure: the broker must not start. A store
  // that cannot be read is not: the gate starts, and attempts that need it are unavailable until it can.
  static Result<std::unique_ptr<Engine>, LoadFailure> open(EngineOptions options);
  ~Engine();  // joins the watcher, in well under a second

  // Starts the watcher. After the broker's fork, from plugin init (the fork comes before). Fails where the machine
  // gives no thread.
  Result<void> start();

  // Settings from file and store, keys and users anew, on the calling thread. Any thread but a broker's.
  ReloadOutcome reload();
  // The same on the watcher's thread; returns at once. For SIGHUP.
  void request_reload();

  // Asks for a refresh of the key source of that name ("" is plain [jwt]'s), or of all, within the cool-down. False: no
  // such source.
  bool refresh_keys(const std::optional<std::string>& name);
  std::vector<SourceReport> key_sources() const;

  // A decision wants_user: he is fetched on the watcher's thread, and a newer snapshot has him. Any thread; at once.
  void fetch_user(std::string_view username);
  // Whether the last look at the store failed: nobody need wait for what is in it.
  bool store_away() const noexcept;
  // A session that a token let in ended: whoever uses that token from now on is no second one.
  void token_gone(const TokenMarks& marks, std::string_view client_id) noexcept;
  // Names and addresses that guessing has slowed, and letting one go by hand. False: it was not slowed.
  std::vector<SlowedEntry> slowed() const;
  bool let_go(bool is_address, std::string_view text);
  // The fast engine gave an answer that OpenSSL does not share, and no token is remembered any more for which it spoke:
  // sessions that began before are in doubt.
  bool fast_engine_was_wrong() const noexcept;

  EngineStatus status() const;
  const DecisionRing& ring() const noexcept;
  Metrics& metrics() noexcept;
  std::string metrics_text() const;  // Prometheus text format 0.0.4
  // Keeps it for `why` and logs it, both bounded, so that no client pushes others out. Any thread.
  void note(const ClientNote& note);
  // A line of the edge's own, held to [log] level and format. Any thread; one line, no secrets.
  void log(LogLevel level, std::string_view text);
  std::shared_ptr<const GateSnapshot> snapshot() const;
  // What these settings would be in force as, with the users and the keys from the network that are here now.
  Result<std::shared_ptr<const GateSnapshot>, std::vector<Error>> imagine(const Settings& settings) const;
  const Clock& clock() const noexcept;
  const std::string& control_socket() const noexcept;  // as set at start; empty: none

  // Decides, counts, remembers the steps of refusals in the ring, and logs. One Decider a thread.
  class Decider {
   public:
    explicit Decider(Engine& engine);
    // The Decision's views live until the next decide() of this Decider.
    Decision decide(const ConnectAttempt& attempt);
    // Whether a connected client's session goes on with the token in attempt.auth_data.
    Decision renew(const ConnectAttempt& attempt, const TokenHolder& holder);
    const Trace& trace() const noexcept { return work_->trace; }
    GateMode mode() { return reader_.get().mode; }           // now; ends the life of the last Decision's views
    const GateSnapshot& current() { return reader_.get(); }  // likewise
    // What the last decide() was made with. Its views stay alive.
    const GateSnapshot& decided_with() const noexcept { return *reader_.held(); }

   private:
    DecisionMemory memory() const;
    void tell(const ConnectAttempt& attempt, const Decision& d, const GateSnapshot& snapshot, const Moment& now);

    Engine& engine_;
    SnapshotBox<GateSnapshot>::Reader reader_;
    std::unique_ptr<Workspace> work_;
    std::string claims_, pointer_;  // what is kept of the last token, and room to write it
  };

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport
