#include "store/sqlite_migrations.h"

#include <fmt/format.h>

#include "store/store_work.h"

namespace sallyport {
namespace {

constexpr int kApplicationId = 0x53616c79;  // "Saly"

// Entry i leads from version i to i + 1. An entry that was released never changes.
constexpr const char* kSteps[] = {
    // sequence: the last number taken by a change. oldest: changes up to this number can no longer be told one by one.
    R"sql(
    CREATE TABLE meta (
      id       INTEGER PRIMARY KEY CHECK (id = 1),
      instance TEXT    NOT NULL,
      sequence INTEGER NOT NULL,
      oldest   INTEGER NOT NULL
    );
    INSERT INTO meta VALUES (1, lower(hex(randomblob(16))), 0, 0);

    CREATE TABLE users (
      username     TEXT    NOT NULL PRIMARY KEY,
      hash         TEXT    NOT NULL,
      enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
      is_superuser INTEGER NOT NULL CHECK (is_superuser IN (0, 1)),
      seq          INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX users_by_seq ON users (seq);

    -- names of deleted users, so that a follower forgets them too
    CREATE TABLE deleted_users (
      username TEXT    NOT NULL PRIMARY KEY,
      seq      INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX deleted_users_by_seq ON deleted_users (seq);

    CREATE TABLE settings_revisions (
      number     INTEGER PRIMARY KEY,
      toml       TEXT    NOT NULL,
      author     TEXT    NOT NULL,
      comment    TEXT    NOT NULL,
      created_at INTEGER NOT NULL,
      seq        INTEGER NOT NULL
    );
    )sql",
    // Revocations and blocks. No moment: the greatest number. One that is removed stays for an hour, so that a follower
    // forgets it too; `until` is then the moment of its removal.
    R"sql(
    CREATE TABLE bars (
      id            INTEGER PRIMARY KEY AUTOINCREMENT,
      kind          INTEGER NOT NULL,
      value         TEXT    NOT NULL,
      issuer        TEXT    NOT NULL,
      issued_before INTEGER NOT NULL,
      until         INTEGER NOT NULL,
      why           TEXT    NOT NULL,
      author        TEXT    NOT NULL,
      created_at    INTEGER NOT NULL,
      removed       INTEGER NOT NULL CHECK (removed IN (0, 1)),
      seq           INTEGER NOT NULL,
      UNIQUE (value, kind, issuer)
    );
    CREATE INDEX bars_by_seq ON bars (seq);
    CREATE INDEX bars_by_end ON bars (until);
    )sql",
};
constexpr int kNewest = static_cast<int>(std::size(kSteps));

// Inside a transaction: the numbers are of one moment.
Result<int> version_now(SqliteConnection& connection) {
  const Result<std::int64_t> version = connection.integer("PRAGMA user_version");
  if (!version) return unexpected(version.error());
  const Result<std::int64_t> application = connection.integer("PRAGMA application_id");
  if (!application) return unexpected(application.error());
  if (*application != kApplicationId) {
    const Result<std::int64_t> objects = connection.integer("SELECT count(*) FROM sqlite_schema");
    if (!objects) return unexpected(objects.error());
    if (*objects != 0 || *version != 0 || *application != 0)
      return unexpected(Error{ErrorKind::kInvalid,
                              fmt::format("{} is the database of another program", connection.path()),
                              "name another file in [store] url", ""});
    return 0;
  }
  if (*version > kNewest) return unexpected(newer_schema("the store " + connection.path(), *version, kNewest));
  return static_cast<int>(*version);
}

}  // namespace

int newest_schema() noexcept { return kNewest; }

// Read one by one, the numbers of a store that is just being made are those of another program's database.
Result<int> schema_version(SqliteConnection& connection) {
  Result<Transaction> transaction = Transaction::begin_read(connection);
  if (!transaction) return unexpected(transaction.error());
  return version_now(connection);
}

Result<void> migrate(SqliteConnection& connection) {
  const Result<int> seen = schema_version(connection);
  if (!seen) return unexpected(seen.error());
  if (*seen == kNewest) return {};
  Result<Transaction> transaction = Transaction::begin_write(connection);
  if (!transaction) return unexpected(transaction.error());
  // Another process may have been first while we waited for the lock.
  const Result<int> version = version_now(connection);
  if (!version) return unexpected(version.error());
  for (int step = *version; step < kNewest; ++step)
    if (Result<void> done = connection.execute(kSteps[step]); !done) return done;
  if (*version < kNewest) {
    if (Result<void> done = connection.execute(
            fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kNewest).c_str());
        !done)
      return done;
  }
  return transaction->commit();
}

}  // namespace sallyport
