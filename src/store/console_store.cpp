#include "store/console_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/console_statements.h"

namespace sallyport {
namespace {

constexpr int kApplicationId = 0x53616c63;  // "Salc"

// Entry i leads from version i to i + 1. An entry that was released never changes.
constexpr const char* kSteps[] = {
    R"sql(
    CREATE TABLE administrators (
      name         TEXT    NOT NULL PRIMARY KEY,
      role         TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
      enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
      hash         TEXT    NOT NULL,
      created_at   INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL,
      version      INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE sessions (
      digest        TEXT    NOT NULL PRIMARY KEY,
      administrator TEXT    NOT NULL REFERENCES administrators (name) ON DELETE CASCADE,
      csrf          TEXT    NOT NULL,
      created_at    INTEGER NOT NULL,
      seen_at       INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX sessions_by_administrator ON sessions (administrator);
    CREATE TABLE api_tokens (
      id           TEXT    NOT NULL PRIMARY KEY,
      name         TEXT    NOT NULL,
      role         TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
      owner        TEXT    NOT NULL REFERENCES administrators (name) ON DELETE CASCADE,
      digest       TEXT    NOT NULL UNIQUE,
      created_at   INTEGER NOT NULL,
      ends_at      INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE invitations (
      digest        TEXT    NOT NULL PRIMARY KEY,
      administrator TEXT    NOT NULL,
      ends_at       INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE activity (
      number  INTEGER PRIMARY KEY AUTOINCREMENT,
      at      INTEGER NOT NULL,
      who     TEXT NOT NULL,
      address TEXT NOT NULL,
      what    TEXT NOT NULL,
      subject TEXT NOT NULL,
      outcome TEXT NOT NULL,
      detail  TEXT NOT NULL
    );
    -- What administrators did is for those who look after them: nothing of ours, or of theirs, takes a row away.
    CREATE TRIGGER activity_is_not_changed BEFORE UPDATE ON activity BEGIN SELECT raise(ABORT, 'activity stays'); END;
    CREATE TRIGGER activity_is_not_deleted BEFORE DELETE ON activity BEGIN SELECT raise(ABORT, 'activity stays'); END;
    )sql",
};
constexpr int kNewest = static_cast<int>(std::size(kSteps));

// For this user alone, before a byte is in it.
Result<void> make_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return unexpected(Error{ErrorKind::kDenied, fmt::format("cannot make {}: {}", path, std::strerror(errno)),
                            "give the daemon's user the folder, or set folder under [console]", ""});
  const bool is_private = ::fchmod(fd, 0600) == 0;
  ::close(fd);
  if (!is_private)
    return unexpected(Error{ErrorKind::kDenied, fmt::format("{} belongs to another user", path),
                            "the daemon keeps passwords of administrators in it: give it a folder of its own", ""});
  return {};
}

Result<void> bring_to_newest(SqliteConnection& connection) {
  Result<Transaction> transaction = Transaction::begin_write(connection);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> application = connection.integer("PRAGMA application_id");
  const Result<std::int64_t> version = connection.integer("PRAGMA user_version");
  if (!application) return unexpected(application.error());
  if (!version) return unexpected(version.error());
  if ((*application != 0 || *version != 0) && *application != kApplicationId)
    return unexpected(invalid(fmt::format("{} is the database of another program", connection.path()),
                              "name another folder in [console] folder"));
  if (*version > kNewest)
    return unexpected(invalid(fmt::format("{} was written by a newer sallyportd", connection.path()),
                              "install that version here too"));
  for (auto step = static_cast<int>(*version); step < kNewest; ++step)
    if (Result<void> done = connection.execute(kSteps[step]); !done) return done;
  if (Result<void> done = connection.execute(
          fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kNewest).c_str());
      !done)
    return done;
  return transaction->commit();
}

AdministratorRecord administrator_of(const Statement& row) {
  return {row.text(0),   row.text(1), row.integer(2) != 0, row.text(3), row.integer(4), moment_of(row.integer(5)),
          row.integer(6)};
}
constexpr std::string_view kColumns = "name, role, enabled, hash, created_at, last_seen_at, version";

Error nobody_left() {
  return {ErrorKind::kConflict, "nobody would be left who may do this",
          "give another administrator that role first, with a password", ""};
}

}  // namespace

ConsoleStore::ConsoleStore(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}
ConsoleStore::~ConsoleStore() = default;

Result<std::unique_ptr<ConsoleStore>> ConsoleStore::open(const std::string& path) {
  if (Result<void> made = make_private_file(path); !made) return unexpected(made.error());
  Result<std::unique_ptr<SqliteConnection>> connection = SqliteConnection::open(path, StoreAccess::write);
  if (!connection) return unexpected(connection.error());
  if (Result<void> done = bring_to_newest(**connection); !done) return unexpected(done.error());
  return std::unique_ptr<ConsoleStore>(new ConsoleStore(std::move(*connection)));
}

Result<std::int64_t> ConsoleStore::changed_rows() { return connection_->integer("SELECT changes()"); }

Result<bool> ConsoleStore::keeper_left() {
  const Result<std::int64_t> keepers = connection_->integer(
      "SELECT count(*) FROM administrators WHERE enabled AND role = 'administrator' AND hash <> ''");
  if (!keepers) return unexpected(keepers.error());
  return *keepers > 0;
}

Result<std::vector<AdministratorRecord>> ConsoleStore::list_administrators(std::string_view after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  return rows<AdministratorRecord>(
      fmt::format("SELECT {} FROM administrators WHERE name > ?1 ORDER BY name LIMIT ?2", kColumns),
      [&](Statement& s) { s.bind(1, after).bind(2, static_cast<std::int64_t>(limit)); }, administrator_of);
}

Result<std::optional<AdministratorRecord>> ConsoleStore::find_administrator(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return first_of(rows<AdministratorRecord>(
      fmt::format("SELECT {} FROM administrators WHERE name = ?1", kColumns), [&](Statement& s) { s.bind(1, name); },
      administrator_of));
}

Result<std::int64_t> ConsoleStore::count_with_password() {
  const std::lock_guard lock(mutex_);
  return connection_->integer("SELECT count(*) FROM administrators WHERE hash <> ''");
}

Result<std::int64_t> ConsoleStore::count_keepers() {
  const std::lock_guard lock(mutex_);
  return connection_->integer(
      "SELECT count(*) FROM administrators WHERE enabled AND role = 'administrator' AND hash <> ''");
}

Result<void> ConsoleStore::add_administrator(const AdministratorRecord& r) {
  const std::lock_guard lock(mutex_);
  if (Result<void> done = run(
          "INSERT INTO administrators VALUES (?1, ?2, ?3, ?4, ?5, 0, 1) ON CONFLICT DO NOTHING",
          [&](Statement& s) {
            s.bind(1, r.name).bind(2, r.role).bind(3, std::int64_t{r.enabled}).bind(4, r.hash).bind(5, r.created_at);
          });
      !done)
    return done;
  const Result<std::int64_t> changed = changed_rows();
  if (!changed) return unexpected(changed.error());
  if (*changed == 0)
    return unexpected(Error{ErrorKind::kConflict, "there is an administrator of that name already", "", ""});
  return {};
}

Result<AdministratorRecord> ConsoleStore::change_administrator(const AdministratorRecord& r, bool keep_one) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin_write(*connection_);
  if (!transaction) return unexpected(transaction.error());
  if (Result<void> done =
          run("UPDATE administrators SET role = ?2, enabled = ?3, hash = ?4, version = version + 1 WHERE name = ?1 AND "
              "version = ?5",
              [&](Statement& s) {
                s.bind(1, r.name).bind(2, r.role).bind(3, std::int64_t{r.enabled}).bind(4, r.hash).bind(5, r.version);
              });
      !done)
    return unexpected(done.error());
  const Result<std::int64_t> changed = changed_rows();
  if (!changed) return unexpected(changed.error());
  if (*changed == 0)
    return unexpected(Error{ErrorKind::kConflict, "somebody changed it meanwhile",
                            "look at it again and repeat the change", "version"});
  if (keep_one) {
    const Result<bool> left = keeper_left();
    if (!left) return unexpected(left.error());
    if (!*left) return unexpected(nobody_left());
  }
  if (!r.enabled)
    if (Result<void> done =
            run("DELETE FROM sessions WHERE administrator = ?1", [&](Statement& s) { s.bind(1, r.name); });
        !done)
      return unexpected(done.error());
  if (Result<void> done = transaction->commit(); !done) return unexpected(done.error());
  AdministratorRecord now = r;
  ++now.version;
  return now;
}

Result<void> ConsoleStore::remove_administrator(std::string_view name, bool keep_one) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin_write(*connection_);
  if (!transaction) return unexpected(transaction.error());
  for (const char* sql :
       {"DELETE FROM invitations WHERE administrator = ?1", "DELETE FROM administrators WHERE name = ?1"})
    if (Result<void> done = run(sql, [&](Statement& s) { s.bind(1, name); }); !done) return done;
  const Result<std::int64_t> changed = changed_rows();
  if (!changed) return unexpected(changed.error());
  if (*changed == 0) return unexpected(Error{ErrorKind::kNotFound, "there is no such administrator", "", ""});
  if (keep_one) {
    const Result<bool> left = keeper_left();
    if (!left) return unexpected(left.error());
    if (!*left) return unexpected(nobody_left());
  }
  return transaction->commit();
}

Result<void> ConsoleStore::saw_administrator(std::string_view name, UnixSeconds at) {
  const std::lock_guard lock(mutex_);
  return run("UPDATE administrators SET last_seen_at = ?2 WHERE name = ?1",
             [&](Statement& s) { s.bind(1, name).bind(2, at); });
}

}  // namespace sallyport
