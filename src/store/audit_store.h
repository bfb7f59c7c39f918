// AuditStore: decisions that outlive the process: in a file of their own beside a store
// of one node, in the store itself where nodes share one. Bounded in age and size,
// written in batches by whoever decides, read by the console. Never a token, a password
// or a claim's value.
//
// One object serves one thread at a time; several processes may have the same open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/sql_desk.h"

namespace sallyport {

struct AuditRow {
  std::int64_t id = 0;  // counts up; in the order of writing
  std::string process;
  UnixSeconds at = 0;
  std::string client_id, username, address, verdict, reason, authenticator, principal, key, token;
  std::optional<UnixSeconds> expires_at;
  std::string steps;  // JSON: [{"authenticator":…,"passed":…,"reason":…,"subject":…,"text":…}]
  std::string facts;  // JSON: what suffices to judge again; may be empty
};

struct AuditQuery {
  std::string client_id, username, address, reason, verdict;  // exactly; empty: any
  std::string search;                                         // part of client id, user name or address
  UnixSeconds from = 0, to = 0;                               // 0: no bound
  std::int64_t before = 0;                                    // ids below; 0: from the newest on
  std::int64_t after = 0;                                     // ids above
  bool refusals_only = false;
  bool with_details = false;  // steps and facts
  std::size_t limit = 100;
};

struct AuditCause {
  std::string reason;
  std::int64_t decisions = 0, devices = 0;
  UnixSeconds first_at = 0, last_at = 0;
};

struct AuditDevice {
  std::string client_id, username, address;
  std::int64_t decisions = 0, last_id = 0;
  UnixSeconds first_at = 0, last_at = 0;
};

class AuditStore {
 public:
  // Of the store of this url; makes the file beside it where there is none, for the folder's owner, as the store's.
  static Result<std::unique_ptr<AuditStore>> open_to_write(const std::string& store_url);
  // Nothing: there is none yet.
  static Result<std::unique_ptr<AuditStore>> open_to_read(const std::string& store_url);

  // One transaction.
  Result<void> add(const std::vector<AuditRow>& rows);
  // What is older goes; then the oldest, until the rest takes at most `max_bytes`.
  Result<void> prune(UnixSeconds older_than, std::int64_t max_bytes);

  Result<std::vector<AuditRow>> list(const AuditQuery& query);  // newest first
  Result<std::optional<AuditRow>> find(std::int64_t id);
  Result<std::int64_t> newest();
  // Refusals since then, most devices first.
  Result<std::vector<AuditCause>> causes(UnixSeconds from);
  // Clients whose refusals have this reason, in the order of the client id.
  Result<std::vector<AuditDevice>> devices(std::string_view reason, UnixSeconds from, std::string_view search,
                                           std::string_view after, std::size_t limit);
  // How many decisions and clients came in with this key.
  struct KeyUse {
    std::int64_t decisions = 0, devices = 0;
    std::vector<std::string> examples;
  };
  Result<KeyUse> uses_of_key(std::string_view label, UnixSeconds from, std::size_t examples);

 private:
  explicit AuditStore(std::unique_ptr<SqlDesk> desk) : desk_(std::move(desk)) {}
  std::unique_ptr<SqlDesk> desk_;
};

}  // namespace sallyport
