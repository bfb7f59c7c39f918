// Admissions: who was let in, for the questions that come later and carry no token
// (RabbitMQ, EMQX's authorizer, VerneMQ's publish, NanoMQ). One table for all
// contracts; a client of one contract is nobody in another. Bounded: a newcomer to a
// full table takes the place of the one that was asked about longest ago.
//
// An entry is made by a successful attempt and by nothing else: a failed one, which
// anybody can cause in anybody's name, changes nothing. Thread-safe; a lock a shard.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "crypto/keyed_hash.h"
#include "daemon/contract.h"
#include "daemon/topic_rights.h"

namespace sallyport::daemon {

class Admissions {
 public:
  // 32 bytes that stand for one client of one contract; the same on every node.
  static std::string key_of(Contract contract, const ClientName& client);

  explicit Admissions(std::size_t capacity);
  // Of two under one key the later decision stays. `client`: make_client_key()'s, for those who ask by names; a key
  // does not tell them.
  void admit(std::string key, Admission admission, std::string_view client = {});
  void set_client(std::string_view key, std::string_view client);
  // Nothing: never let in, forgotten, or at its end (exp <= now: RFC 7519 4.1.4).
  std::optional<Admission> find(std::string_view key, UnixSeconds now);
  // The client was let in anew at another node.
  void forget_older(std::string_view key, std::int64_t at_ms);
  void forget_all_older(std::int64_t at_ms);
  // Takes what has come to its end out of a part of the table; call it now and then.
  void sweep(UnixSeconds now);
  // Shows who is in and whose name is known; a shard's lock is held meanwhile, so `show` is quick and asks nothing
  // here.
  void visit(UnixSeconds now, const std::function<void(std::string_view client, const Admission&)>& show) const;
  std::size_t size() const;
  std::uint64_t forgotten() const;  // for want of room

 private:
  struct Entry {
    std::string key;
    Admission admission;
    std::string client;
  };
  struct Hash {
    const TableHash* hash;
    std::size_t operator()(std::string_view key) const noexcept { return static_cast<std::size_t>((*hash)(key)); }
  };
  struct Shard {
    explicit Shard(const TableHash& hash) : index(16, Hash{&hash}) {}
    mutable std::mutex mutex;
    std::list<Entry> by_use;                                                       // the one asked about last is first
    std::unordered_map<std::string_view, std::list<Entry>::iterator, Hash> index;  // views into the entries
    std::uint64_t forgotten = 0;
  };
  static constexpr std::size_t kShards = 16;
  Shard& shard_of(std::string_view key) noexcept { return *shards_[hash_(key) >> 60]; }

  TableHash hash_;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
  std::size_t capacity_of_shard_;
  std::size_t next_swept_ = 0;
};

}  // namespace sallyport::daemon
