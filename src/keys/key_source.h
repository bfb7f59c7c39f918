// KeySource: what the settings say of one place on the network that keys come from, and
// what can be told about it while it runs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "jose/key_set.h"
#include "keys/fetcher.h"
#include "keys/key_ring.h"
#include "keys/refresh_policy.h"

namespace sallyport {

struct KeySourceSettings {
  std::string name;              // the issuer's name; "" for plain [jwt]
  std::string url;               // of the key set, or:
  std::string discovery_issuer;  // whose published configuration says where it is
  RefreshBounds bounds;
  std::shared_ptr<const FetchOptions> options;

  // Another address is another source: what came from the old one is worth nothing under it.
  std::string address() const { return url.empty() ? "issuer " + discovery_issuer : url; }
};

// An address as people may see it: without the query, where some providers put keys.
std::string shown_url(std::string_view url);

enum class SourceState : std::uint8_t {
  ready,        // keys, and the last attempt (if there was one) was good
  stale,        // keys, and the last attempt failed: they are used until jwks_max_stale
  unavailable,  // no keys
};
std::string_view name(SourceState s);

// What decisions use of a source.
struct RemoteKeys {
  std::shared_ptr<const std::vector<KeyPtr>> keys;  // never null
  PendingKeys pending;
};

struct SourceKey {
  KeyPtr key;
  UnixSeconds since = 0;  // first seen in this process
};

struct SourceReport {
  std::string name, address;  // address as shown_url()
  SourceState state = SourceState::unavailable;
  std::vector<SourceKey> keys;
  std::vector<SkippedKey> skipped;
  bool from_disk = false;  // the keys are the stored ones of an earlier run; no fetch has confirmed them yet
  bool in_flight = false;
  std::optional<UnixSeconds> confirmed_at;  // the keys were current then
  std::optional<UnixSeconds> failing_since;
  std::optional<FetchOutcome> last_outcome;
  std::string last_detail;
  std::int64_t next_due_in_ms = 0;  // 0: now or under way
  std::int64_t allowed_in_ms = 0;   // until the cool-down is over
  std::uint64_t attempts = 0, keys_added = 0, keys_removed = 0;
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::string vault_fault;  // the document cannot be kept on disk
};

}  // namespace sallyport
