#include "daemon/admissions.h"

#include <algorithm>
#include <utility>

namespace sallyport::daemon {
namespace {

// Length-prefixed, so that no two clients share a key: ("a", "bc") is not ("ab", "c").
void make_key(std::string& out, Contract contract, const ClientName& client) {
  out.clear();
  out += static_cast<char>(contract);
  for (const std::string_view part : {client.tenant, client.username}) {
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(part.size() >> shift);
    out += part;
  }
  out += client.client_id;
}

}  // namespace

Admissions::Admissions(std::size_t capacity) : capacity_of_shard_(std::max<std::size_t>(1, capacity / kShards)) {
  for (auto& shard : shards_) shard = std::make_unique<Shard>(hash_);
}

void Admissions::admit(Contract contract, const ClientName& client, Admission admission) {
  std::string key;
  make_key(key, contract, client);
  Shard& shard = shard_of(key);
  std::list<Entry> made, dropped;  // allocated and freed outside the lock
  made.push_back({std::move(key), std::move(admission)});
  const std::lock_guard lock(shard.mutex);
  if (const auto known = shard.index.find(made.front().key); known != shard.index.end()) {
    std::swap(known->second->admission, made.front().admission);
    shard.by_use.splice(shard.by_use.begin(), shard.by_use, known->second);
    return;
  }
  if (shard.index.size() >= capacity_of_shard_) {
    shard.index.erase(shard.by_use.back().key);
    dropped.splice(dropped.begin(), shard.by_use, std::prev(shard.by_use.end()));
    ++shard.forgotten;
  }
  shard.index.emplace(made.front().key, made.begin());
  shard.by_use.splice(shard.by_use.begin(), made);
}

std::optional<Admission> Admissions::find(Contract contract, const ClientName& client, UnixSeconds now) {
  thread_local std::string key;
  make_key(key, contract, client);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.index.find(key);
  if (known == shard.index.end()) return std::nullopt;
  const Admission& admission = known->second->admission;
  if (admission.ends_at && *admission.ends_at <= now) return std::nullopt;
  shard.by_use.splice(shard.by_use.begin(), shard.by_use, known->second);
  return admission;
}

void Admissions::sweep(UnixSeconds now) {
  Shard& shard = *shards_[next_swept_++ % kShards];
  std::list<Entry> dropped;
  const std::lock_guard lock(shard.mutex);
  // From the far end, a bounded number: what is asked about often is at the other.
  auto it = shard.by_use.end();
  for (int n = 0; n < 4096 && it != shard.by_use.begin(); ++n) {
    auto entry = std::prev(it);
    if (entry->admission.ends_at && *entry->admission.ends_at <= now) {
      shard.index.erase(entry->key);
      dropped.splice(dropped.begin(), shard.by_use, entry);
    } else {
      it = entry;
    }
  }
}

std::size_t Admissions::size() const {
  std::size_t n = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    n += shard->index.size();
  }
  return n;
}

std::uint64_t Admissions::forgotten() const {
  std::uint64_t n = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    n += shard->forgotten;
  }
  return n;
}

}  // namespace sallyport::daemon
