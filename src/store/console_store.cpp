#include "store/console_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/sqlite_desk.h"

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

// For this user alone, before a byte is in it; root makes it for the folder's owner, who runs the daemon.
Result<void> make_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return unexpected(Error{ErrorKind::kDenied, fmt::format("cannot make {}: {}", path, std::strerror(errno)),
                            "give the daemon's user the folder, or set folder under [console]", ""});
  struct stat folder {
  }, file{};
  const std::string of = std::filesystem::path(path).parent_path().string();
  const bool handed_on = ::geteuid() != 0 || ::stat(of.c_str(), &folder) != 0 || ::fstat(fd, &file) != 0 ||
                         file.st_size != 0 || ::fchown(fd, folder.st_uid, folder.st_gid) == 0;
  const bool is_private = handed_on && ::fchmod(fd, 0600) == 0;
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

AdministratorRecord administrator_of(const Row& row) {
  return {text_in(row, 0),  text_in(row, 1),   number_in(row, 2) != 0,
          text_in(row, 3),  number_in(row, 4), moment_of(number_in(row, 5)),
          number_in(row, 6)};
}
constexpr std::string_view kColumns = "name, role, enabled, hash, created_at, last_seen_at, version";
constexpr std::string_view kKeepers =
    "SELECT count(*) FROM @administrators WHERE enabled = 1 AND role = 'administrator' AND hash <> ''";

}  // namespace

Result<std::unique_ptr<ConsoleStore>> ConsoleStore::open(const std::string& store_url, const std::string& path) {
  Result<std::unique_ptr<SqlDesk>> shared = open_desk(store_url, DeskOf::console);
  if (!shared) return unexpected(shared.error());
  if (*shared) return std::unique_ptr<ConsoleStore>(new ConsoleStore(std::move(*shared)));
  if (Result<void> made = make_private_file(path); !made) return unexpected(made.error());
  Result<std::unique_ptr<SqliteConnection>> connection = SqliteConnection::open(path, StoreAccess::write);
  if (!connection) return unexpected(connection.error());
  if (Result<void> done = bring_to_newest(**connection); !done) return unexpected(done.error());
  return std::unique_ptr<ConsoleStore>(new ConsoleStore(std::make_unique<SqliteDesk>(std::move(*connection))));
}

Result<void> ConsoleStore::run(std::string_view sql, const Row& values) {
  const Result<std::int64_t> done = desk_->run(sql, values);
  if (!done) return unexpected(done.error());
  return {};
}

// Within a change: what would leave nobody is undone with it.
Result<void> ConsoleStore::still_kept(bool keep_one) {
  if (!keep_one) return {};
  const Result<std::int64_t> keepers = desk_->number(kKeepers);
  if (!keepers) return unexpected(keepers.error());
  if (*keepers == 0)
    return unexpected(Error{ErrorKind::kConflict, "nobody would be left who may do this",
                            "give another administrator that role first, with a password", ""});
  return {};
}

Result<std::vector<AdministratorRecord>> ConsoleStore::list_administrators(std::string_view after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  return desk_->rows(fmt::format("SELECT {} FROM @administrators WHERE name > ?1 ORDER BY name LIMIT ?2", kColumns),
                     {std::string(after), static_cast<std::int64_t>(limit)}, administrator_of);
}

Result<std::optional<AdministratorRecord>> ConsoleStore::find_administrator(std::string_view name) {
  const std::lock_guard lock(mutex_);
  return first_of(desk_->rows(fmt::format("SELECT {} FROM @administrators WHERE name = ?1", kColumns),
                              {std::string(name)}, administrator_of));
}

Result<std::int64_t> ConsoleStore::count_with_password() {
  const std::lock_guard lock(mutex_);
  return desk_->number("SELECT count(*) FROM @administrators WHERE hash <> ''");
}

Result<std::int64_t> ConsoleStore::count_keepers() {
  const std::lock_guard lock(mutex_);
  return desk_->number(kKeepers);
}

Result<void> ConsoleStore::add_administrator(const AdministratorRecord& r) {
  const std::lock_guard lock(mutex_);
  const Result<std::int64_t> added =
      desk_->run("INSERT INTO @administrators VALUES (?1, ?2, ?3, ?4, ?5, 0, 1) ON CONFLICT DO NOTHING",
                 {r.name, r.role, std::int64_t{r.enabled}, r.hash, r.created_at});
  if (!added) return unexpected(added.error());
  if (*added == 0)
    return unexpected(Error{ErrorKind::kConflict, "there is an administrator of that name already", "", ""});
  return {};
}

Result<AdministratorRecord> ConsoleStore::change_administrator(const AdministratorRecord& r, bool keep_one) {
  const std::lock_guard lock(mutex_);
  const Result<void> done = desk_->in_one([&]() -> Result<void> {
    const Result<std::int64_t> changed = desk_->run(
        "UPDATE @administrators SET role = ?2, enabled = ?3, hash = ?4, version = version + 1 WHERE name = ?1 AND "
        "version = ?5",
        {r.name, r.role, std::int64_t{r.enabled}, r.hash, r.version});
    if (!changed) return unexpected(changed.error());
    if (*changed == 0)
      return unexpected(Error{ErrorKind::kConflict, "somebody changed it meanwhile",
                              "look at it again and repeat the change", "version"});
    if (Result<void> kept = still_kept(keep_one); !kept) return kept;
    if (r.enabled) return {};
    return run("DELETE FROM @sessions WHERE administrator = ?1", {r.name});
  });
  if (!done) return unexpected(done.error());
  AdministratorRecord now = r;
  ++now.version;
  return now;
}

Result<void> ConsoleStore::remove_administrator(std::string_view name, bool keep_one) {
  const std::lock_guard lock(mutex_);
  return desk_->in_one([&]() -> Result<void> {
    if (Result<void> done = run("DELETE FROM @invitations WHERE administrator = ?1", {std::string(name)}); !done)
      return done;
    const Result<std::int64_t> gone = desk_->run("DELETE FROM @administrators WHERE name = ?1", {std::string(name)});
    if (!gone) return unexpected(gone.error());
    if (*gone == 0) return unexpected(Error{ErrorKind::kNotFound, "there is no such administrator", "", ""});
    return still_kept(keep_one);
  });
}

Result<void> ConsoleStore::saw_administrator(std::string_view name, UnixSeconds at) {
  const std::lock_guard lock(mutex_);
  return run("UPDATE @administrators SET last_seen_at = ?2 WHERE name = ?1", {std::string(name), at});
}

}  // namespace sallyport
