// JwksRefresher: owns the one thread that waits for key servers. One due time a source;
// all triggers meet one policy; all fetches run side by side. Its lock is met by the
// watcher and by whoever asks for a report, never by a decision: those see immutable
// snapshots, and ring a bell.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "keys/remote_source.h"

namespace sallyport {

class JwksRefresher {
 public:
  struct Hooks {
    std::function<void()> changed;  // keys or their standing changed; on the refresher's thread, quick
    std::function<void(LogLevel, std::string_view)> log;
  };
  JwksRefresher(std::shared_ptr<Fetcher> fetcher, const Clock& clock, Hooks hooks);
  ~JwksRefresher();  // stop()
  JwksRefresher(const JwksRefresher&) = delete;
  JwksRefresher& operator=(const JwksRefresher&) = delete;

  // The sources from now on. One with the name and address of an old one keeps its keys; a new one has those of its
  // stored document at once. Each then has its refresh, within the cool-down.
  void configure(std::vector<KeySourceSettings> sources, std::shared_ptr<DocumentVault> vault);
  Result<void> start();  // fails where the machine gives no thread
  void stop();  // gives up what is under way, and joins
  // All sources, or the one of that name; false: no such source.
  bool refresh_now(const std::optional<std::string>& name);

  // Of the source with that name: its keys as of now, and its bell. Nothing: no such source.
  struct View {
    RemoteKeys keys;
    std::shared_ptr<RefreshBell> bell;
  };
  std::optional<View> view(std::string_view name) const;
  std::vector<SourceReport> report() const;

 private:
  struct Held {
    RemoteSource source;
    std::shared_ptr<RefreshBell> bell;
    std::optional<RefreshTrigger> wanted;
    std::uint64_t fetch_id = 0;  // 0: none under way
  };
  // What one turn of the thread leaves to do without the lock.
  struct Work {
    std::vector<RemoteSource::Line> lines;
    std::vector<StoredDocument> to_store;
    bool changed = false;
  };
  void run();
  std::int64_t begin_due(Work& work);
  void take(std::vector<Fetcher::Done> done, Work& work);
  void keep(Work& work, const std::shared_ptr<DocumentVault>& vault);

  std::shared_ptr<Fetcher> fetcher_;
  const Clock& clock_;
  Hooks hooks_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Held>> sources_;
  std::vector<std::uint64_t> to_cancel_;
  std::shared_ptr<DocumentVault> vault_;
  std::uint64_t next_id_ = 1;
  bool stop_ = false;
  std::minstd_rand dice_;
  std::mutex start_mutex_;
  std::thread thread_;
};

}  // namespace sallyport
