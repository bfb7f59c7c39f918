#include "daemon/ending/end_schedule.h"

#include <algorithm>
#include <limits>

#include "daemon/ending/client_key.h"

namespace sallyport::daemon {
namespace {

constexpr UnixSeconds kNever = std::numeric_limits<UnixSeconds>::max();

EndedClient client_of(std::string_view key) {
  const ClientOfKey client = read_client_key(key);
  return {client.contract, std::string(client.name.tenant), std::string(client.name.username),
          std::string(client.name.client_id), EndCause::expired};
}

}  // namespace

EndSchedule::EndSchedule(std::size_t capacity) : capacity_of_shard_(std::max<std::size_t>(1, capacity / kShards)) {
  for (auto& shard : shards_) shard = std::make_unique<Shard>(hash_);
}

bool EndSchedule::note(Contract contract, const ClientName& client, std::optional<UnixSeconds> ends_at) {
  std::string key;
  make_client_key(key, contract, client);
  Shard& shard = *shards_[hash_(key) >> 58];
  const UnixSeconds at = ends_at.value_or(kNever);
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.known.find(key);
  // Whoever comes again with a longer token is looked at when the first one's time comes.
  if (known != shard.known.end() && known->second <= at) return true;
  if (shard.known.size() >= capacity_of_shard_ || shard.due.size() >= 2 * capacity_of_shard_) return false;
  if (at != kNever) shard.due.push({at, key});
  if (known != shard.known.end())
    known->second = at;
  else
    shard.known.emplace(std::move(key), at);
  return true;
}

// What is due of him says nothing any more.
void EndSchedule::forget(Contract contract, const ClientName& client) {
  std::string key;
  make_client_key(key, contract, client);
  Shard& shard = *shards_[hash_(key) >> 58];
  const std::lock_guard lock(shard.mutex);
  shard.known.erase(key);
}

std::vector<EndedClient> EndSchedule::take_due(UnixSeconds now, std::size_t most) {
  std::vector<EndedClient> out;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    for (std::size_t n = 0; n < most && !shard->due.empty() && shard->due.top().at <= now; ++n) {
      const Due& first = shard->due.top();
      // An entry that an earlier one replaced says nothing any more.
      if (const auto known = shard->known.find(first.key); known != shard->known.end() && known->second == first.at) {
        out.push_back(client_of(first.key));
        shard->known.erase(known);
      }
      shard->due.pop();
    }
  }
  return out;
}

void EndSchedule::visit(std::size_t at, const std::function<bool(const EndedClient&)>& take) {
  Shard& shard = *shards_[at];
  std::vector<std::string> keys;
  {
    const std::lock_guard lock(shard.mutex);
    keys.reserve(shard.known.size());
    for (const auto& [key, due] : shard.known) keys.push_back(key);
  }
  for (const std::string& key : keys) {
    if (!take(client_of(key))) continue;
    const std::lock_guard lock(shard.mutex);
    shard.known.erase(key);
  }
}

std::size_t EndSchedule::size() const {
  std::size_t n = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    n += shard->known.size();
  }
  return n;
}

}  // namespace sallyport::daemon
