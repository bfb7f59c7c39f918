// NewsDesk: what has come since somebody looked, as three numbers that only count up. All
// streams share it: the stores are asked once for all of them, and not more often than it
// takes them to answer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "admin/accounts.h"
#include "daemon/api/decisions_desk.h"
#include "daemon/http/stream.h"

namespace sallyport::daemon {

struct ConsoleHouse;

struct News {
  std::int64_t decisions = 0;  // the newest one
  std::uint64_t law = 0;       // settings, keys, users, bars: what decisions are made by
  std::uint64_t state = 0;     // counts, sessions and health of the processes
  bool operator==(const News&) const = default;
};

class NewsDesk {
 public:
  static constexpr std::size_t kMostStreams = 64, kMostOfOne = 8;

  explicit NewsDesk(ConsoleHouse& house) : house_(house), decisions_(house) {}
  News look();
  // Null: he has as many as one may have, or all have as many as there may be.
  std::shared_ptr<http::Stream> open(const Caller& caller);

 private:
  class Listener;
  void left(const std::string& who);

  ConsoleHouse& house_;
  std::mutex looking_;  // one asks the stores; the others get what was known
  DecisionsDesk decisions_;
  std::int64_t next_look_ms_ = 0;
  std::mutex mutex_;
  News known_;
  std::map<std::string, std::size_t> streams_;  // by session or token
  std::size_t open_ = 0;
};

// As it stands in a stream.
std::string event_of(const News& news);

}  // namespace sallyport::daemon
