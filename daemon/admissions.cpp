#include "daemon/admissions.h"

#include <algorithm>
#include <utility>

#include "codec/record.h"
#include "crypto/digest.h"

namespace sallyport::daemon {

std::string Admissions::key_of(Contract contract, const ClientName& client) {
  // Length-prefixed, so that no two clients share a key: ("a", "bc") is not ("ab", "c").
  thread_local std::string words;
  words.clear();
  RecordWriter(words).text(name(contract)).text(client.tenant).text(client.username).text(client.client_id);
  return sha256(words);
}

Admissions::Admissions(std::size_t capacity) : capacity_of_shard_(std::max<std::size_t>(1, capacity / kShards)) {
  for (auto& shard : shards_) shard = std::make_unique<Shard>(hash_);
}

void Admissions::admit(std::string key, Admission admission, std::string_view client) {
  Shard& shard = shard_of(key);
  std::list<Entry> made, dropped;  // allocated and freed outside the lock
  made.push_back({std::move(key), std::move(admission), std::string(client)});
  const std::lock_guard lock(shard.mutex);
  if (const auto known = shard.index.find(made.front().key); known != shard.index.end()) {
    if (known->second->admission.at_ms > made.front().admission.at_ms) return;
    std::swap(known->second->admission, made.front().admission);
    if (!client.empty()) std::swap(known->second->client, made.front().client);
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

std::optional<Admission> Admissions::find(std::string_view key, UnixSeconds now) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.index.find(key);
  if (known == shard.index.end()) return std::nullopt;
  const Admission& admission = known->second->admission;
  if (admission.ends_at && *admission.ends_at <= now) return std::nullopt;
  shard.by_use.splice(shard.by_use.begin(), shard.by_use, known->second);
  return admission;
}

void Admissions::set_client(std::string_view key, std::string_view client) {
  std::string made(client);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto known = shard.index.find(key); known != shard.index.end()) known->second->client.swap(made);
}

void Admissions::visit(UnixSeconds now,
                       const std::function<void(std::string_view client, const Admission&)>& show) const {
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    for (const Entry& entry : shard->by_use) {
      const bool over = entry.admission.ends_at && *entry.admission.ends_at <= now;
      if (!over && !entry.client.empty()) show(entry.client, entry.admission);
    }
  }
}

void Admissions::forget_older(std::string_view key, std::int64_t at_ms) {
  Shard& shard = shard_of(key);
  std::list<Entry> dropped;
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.index.find(key);
  if (known == shard.index.end() || known->second->admission.at_ms >= at_ms) return;
  const auto entry = known->second;
  shard.index.erase(known);
  dropped.splice(dropped.begin(), shard.by_use, entry);
}

void Admissions::forget_all_older(std::int64_t at_ms) {
  for (const auto& shard : shards_) {
    std::list<Entry> dropped;
    const std::lock_guard lock(shard->mutex);
    for (auto it = shard->by_use.begin(); it != shard->by_use.end();) {
      const auto entry = it++;
      if (entry->admission.at_ms >= at_ms) continue;
      shard->index.erase(entry->key);
      dropped.splice(dropped.begin(), shard->by_use, entry);
    }
  }
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
