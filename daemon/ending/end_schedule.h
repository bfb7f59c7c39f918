// EndSchedule: who was admitted here and may have to be ended, and when, where his broker
// will not do it by itself. One entry a client; what became of him since then is asked
// when his time comes. Thread-safe; a lock a shard.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "crypto/keyed_hash.h"
#include "daemon/ending/broker_calls.h"
#include "daemon/topic_rights.h"

namespace sallyport::daemon {

class EndSchedule {
 public:
  static constexpr std::size_t kShards = 64;
  explicit EndSchedule(std::size_t capacity);
  // False: no room, so that nobody will end him. Without an end he is only known.
  bool note(Contract contract, const ClientName& client, std::optional<UnixSeconds> ends_at);
  void forget(Contract contract, const ClientName& client);
  // Who is due now, at most `most` a shard; they are not known any more.
  std::vector<EndedClient> take_due(UnixSeconds now, std::size_t most);
  // Shows everybody of one shard; whom `take` names is not known any more.
  void visit(std::size_t shard, const std::function<bool(const EndedClient&)>& take);
  std::size_t size() const;  // known

 private:
  struct Due {
    UnixSeconds at;
    std::string key;
    bool operator>(const Due& other) const noexcept { return at > other.at; }
  };
  struct Hash {
    const TableHash* hash;
    std::size_t operator()(std::string_view key) const noexcept { return static_cast<std::size_t>((*hash)(key)); }
  };
  struct Shard {
    explicit Shard(const TableHash& hash) : known(16, Hash{&hash}) {}
    mutable std::mutex mutex;
    std::unordered_map<std::string, UnixSeconds, Hash> known;  // a client's earliest entry in `due`; kNever: none
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due;
  };

  const std::size_t capacity_of_shard_;
  TableHash hash_;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
};

}  // namespace sallyport::daemon
