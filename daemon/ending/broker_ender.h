// BrokerEnder: ends connections at one broker, on a thread of its own: paced, one after
// the other, again later while the broker is away. Never on a decision's path.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/modes.h"
#include "base/result.h"
#include "config/settings.h"
#include "daemon/ending/broker_calls.h"

namespace sallyport::daemon {

struct BrokerEnderOptions {
  BrokerSetting broker;
  std::string secret_digest;
  AskApi ask;
  std::function<void()> cancel;  // ends what `ask` is at
  // Whether he is still to be ended: asked right before, since he may have come back with a better token.
  std::function<bool(const EndedClient&)> still_due;
  std::function<void(LogLevel, std::string_view)> log;
  std::size_t most_waiting = 200'000;
  std::int64_t first_backoff_ms = 500, longest_backoff_ms = 30'000;
  // A connection that is seconds old may not be in the broker's list yet.
  std::int64_t look_again_ms = 5'000;
};

// How the API of a [[brokers]] table is asked; reads its password.
struct BrokerApi {
  std::shared_ptr<ApiClient> client;
  std::string secret_digest;  // to tell that it changed; never shown
};
Result<BrokerApi> open_broker_api(const BrokerSetting& broker);

class BrokerEnder {
 public:
  explicit BrokerEnder(BrokerEnderOptions options);
  ~BrokerEnder();
  BrokerEnder(const BrokerEnder&) = delete;
  BrokerEnder& operator=(const BrokerEnder&) = delete;

  // Any thread; does not wait.
  void add(EndedClient client);

  // Ends the thread; whom it did not get done with, for the one that takes its place.
  std::vector<EndedClient> stop();

  struct State {
    bool away = false;
    std::string cause;  // why it is away
    std::size_t waiting = 0;
    std::uint64_t ended = 0, absent = 0, refused = 0, away_answers = 0;
    std::uint64_t lost = 0;  // more waited than there is room for
  };
  State state() const;
  const BrokerSetting& broker() const noexcept { return options_.broker; }
  // Whether it asks as these settings and this secret say.
  bool is_of(const BrokerSetting& broker, const std::string& secret_digest) const {
    return options_.broker == broker && options_.secret_digest == secret_digest;
  }

 private:
  struct Waiting {
    EndedClient client;
    int looked = 0;               // times that he was not found
    std::int64_t not_before = 0;  // monotonic ms
  };
  void run();
  std::optional<Waiting> next(std::unique_lock<std::mutex>& lock);
  void take_result(EndResult result, Waiting one, const std::string& cause);

  const BrokerEnderOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::deque<Waiting> queue_, later_;
  std::size_t in_hand_ = 0;  // whom the thread is at
  State state_;
  std::int64_t backoff_ms_ = 0, paused_until_ms_ = 0;
  std::thread thread_;  // the last member: it uses all others
};

}  // namespace sallyport::daemon
