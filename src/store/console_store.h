// ConsoleStore: what is the console's own: administrators, their sessions, API tokens,
// one-time links, and what they did. Beside a store of one node it is a file apart, so
// that a broker's process has no reason to read it; where nodes share a store it is
// there, so that each of them serves the console. Secrets are there as digests alone.
//
// Any thread; one lock. May wait for a disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/sql_desk.h"

namespace sallyport {

struct AdministratorRecord {
  std::string name;
  std::string role;  // "viewer", "operator", "administrator"
  bool enabled = true;
  std::string hash;  // empty: invited, no password yet
  UnixSeconds created_at = 0;
  std::optional<UnixSeconds> last_seen_at;
  std::int64_t version = 0;  // counts the changes of role, enabled and hash
};

struct ConsoleSession {
  std::string digest;  // of the cookie
  std::string administrator;
  std::string csrf;
  UnixSeconds created_at = 0, seen_at = 0;
};

struct ApiTokenRecord {
  std::string id, name, role, owner;
  std::string digest;
  UnixSeconds created_at = 0, ends_at = 0;
  std::optional<UnixSeconds> last_seen_at;
};

// `administrator` empty: whoever uses it becomes the first one.
struct InvitationRecord {
  std::string digest, administrator;
  UnixSeconds ends_at = 0;
};

struct ActivityRecord {
  std::int64_t number = 0;
  UnixSeconds at = 0;
  std::string who, address, what, subject, outcome, detail;
};

struct ActivityQuery {
  std::int64_t before = 0;  // cursor: numbers below this; 0: from the newest on
  std::string who, what;    // exactly; part of it
  UnixSeconds from = 0, to = 0;
  std::size_t limit = 100;
};

class ConsoleStore {
 public:
  // In the store of this url where nodes share one, else in `path`: the file is made for this user alone.
  static Result<std::unique_ptr<ConsoleStore>> open(const std::string& store_url, const std::string& path);
  // Null where there is no such file.
  static Result<std::unique_ptr<ConsoleStore>> open_if_there(const std::string& store_url, const std::string& path);

  Result<std::vector<AdministratorRecord>> list_administrators(std::string_view after, std::size_t limit);
  Result<std::optional<AdministratorRecord>> find_administrator(std::string_view name);
  // Those who could let others in again: enabled, with a password, of the highest role.
  Result<std::int64_t> count_keepers();
  Result<std::int64_t> count_with_password();
  Result<void> add_administrator(const AdministratorRecord& record);  // conflict where the name is taken
  // Role, enabled and hash; conflict where the version is not `record.version` any more. With `keep_one`, conflict
  // where no keeper would be left. The one it is afterwards.
  Result<AdministratorRecord> change_administrator(const AdministratorRecord& record, bool keep_one);
  Result<void> remove_administrator(std::string_view name, bool keep_one);
  Result<void> saw_administrator(std::string_view name, UnixSeconds at);

  Result<void> add_session(const ConsoleSession& session);
  Result<std::optional<ConsoleSession>> find_session(std::string_view digest);
  Result<void> saw_session(std::string_view digest, UnixSeconds at);
  Result<void> end_session(std::string_view digest);
  Result<void> end_sessions_of(std::string_view administrator, std::string_view except_digest);
  Result<std::int64_t> count_sessions(std::string_view administrator, UnixSeconds created_after,
                                      UnixSeconds seen_after);
  Result<void> sweep(UnixSeconds sessions_created_before, UnixSeconds sessions_seen_before, UnixSeconds now);

  Result<std::vector<ApiTokenRecord>> list_tokens(std::string_view after_id, std::size_t limit);
  Result<std::optional<ApiTokenRecord>> find_token(std::string_view digest);
  Result<void> add_token(const ApiTokenRecord& token);
  Result<void> saw_token(std::string_view id, UnixSeconds at);
  Result<void> remove_token(std::string_view id);

  // Takes the place of earlier ones for the same administrator. For the first one each node has its own.
  Result<void> put_invitation(const InvitationRecord& invitation);
  Result<std::optional<InvitationRecord>> find_invitation(std::string_view digest);
  // Whether it was there: of two who use one at once, one gets it.
  Result<bool> take_invitation(std::string_view digest);

  // Nobody can change or delete what stands there: the database itself refuses it.
  Result<void> add_activity(const ActivityRecord& record);
  Result<std::vector<ActivityRecord>> list_activity(const ActivityQuery& query);

  // The tables that are moved (store/tables.h), as they were at one moment.
  Result<void> dump(const RowSink& sink);
  // Takes `first` and what `source` gives after it into a console with nothing in it, then hands the first row of
  // another table to `rest`. All of it or nothing; nothing, too, where `rest` fails.
  Result<void> restore(NextRow first, const RowSource& source, const std::function<Result<void>(NextRow)>& rest);

 private:
  explicit ConsoleStore(std::unique_ptr<SqlDesk> desk) : desk_(std::move(desk)) {}
  Result<void> run(std::string_view sql, const Row& values);
  Result<void> still_kept(bool keep_one);

  std::mutex mutex_;
  std::unique_ptr<SqlDesk> desk_;
};

// The folder of its file, and of what else is the console's own: as it is set, else an sqlite:// store's; empty where
// there is neither.
std::string console_folder(const std::string& set, const std::string& store_url);

template <class T>
Result<std::optional<T>> first_of(Result<std::vector<T>> found) {
  if (!found) return unexpected(found.error());
  if (found->empty()) return std::optional<T>();
  return std::optional<T>(std::move(found->front()));
}

// 0 in the tables is "never".
inline std::optional<UnixSeconds> moment_of(std::int64_t value) {
  return value ? std::optional<UnixSeconds>(value) : std::nullopt;
}

}  // namespace sallyport
