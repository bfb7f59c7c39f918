// Users of SqliteStore: reading, following, changing.
#include <fmt/format.h>

#include "store/sqlite_store.h"
#include "store/user_rules.h"

namespace sallyport {
namespace {

// Names of deleted users that are kept for followers; those who were away longer read everything again.
constexpr int kMaxTombstones = 100'000;

// More changed users than these are loaded as a stream, not told as a list: an import of millions stays in bounded
// memory.
constexpr std::int64_t kMaxChangesTold = 20'000;

constexpr std::string_view kColumns = "username, hash, enabled, is_superuser, seq";

UserRecord record_of(const Statement& row) {
  return {row.text(0), row.text(1), row.integer(2) != 0, row.integer(3) != 0,
          static_cast<std::uint64_t>(row.integer(4))};
}

}  // namespace

Result<StoreChanges> SqliteStore::changes_after(std::int64_t sequence) {
  const Result<SqliteConnection*> connected = connect();
  if (!connected) return unexpected(connected.error());
  StoreChanges changes;
  if (!*connected) {
    changes.from_scratch = sequence != 0;
    return changes;
  }
  SqliteConnection& connection = **connected;
  Result<Transaction> transaction = Transaction::begin_read(connection);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> now = connection.integer("SELECT sequence FROM meta");
  const Result<std::int64_t> oldest = connection.integer("SELECT oldest FROM meta");
  if (!now || !oldest) return unexpected(now ? oldest.error() : now.error());
  changes.sequence = *now;
  // A sequence that is ahead of the file: an older copy was put back.
  changes.from_scratch = replaced_ || sequence <= 0 || sequence < *oldest || sequence > *now;
  if (changes.from_scratch) return changes;
  Result<Statement> many = connection.prepare("SELECT count(*) FROM (SELECT 1 FROM users WHERE seq > ?1 LIMIT ?2)");
  if (!many) return unexpected(many.error());
  const Result<bool> counted = many->bind(1, sequence).bind(2, kMaxChangesTold + 1).step();
  if (!counted) return unexpected(counted.error());
  if (many->integer(0) > kMaxChangesTold) {
    changes.from_scratch = true;
    return changes;
  }

  Result<Statement> users = connection.prepare(fmt::format("SELECT {} FROM users WHERE seq > ?", kColumns));
  if (!users) return unexpected(users.error());
  users->bind(1, sequence);
  for (;;) {
    const Result<bool> row = users->step();
    if (!row) return unexpected(row.error());
    if (!*row) break;
    UserRecord record = record_of(*users);
    changes.users.push_back({record.username, std::move(record)});
  }
  Result<Statement> deleted = connection.prepare("SELECT username FROM deleted_users WHERE seq > ?");
  if (!deleted) return unexpected(deleted.error());
  deleted->bind(1, sequence);
  for (;;) {
    const Result<bool> row = deleted->step();
    if (!row) return unexpected(row.error());
    if (!*row) break;
    changes.users.push_back({deleted->text(0), std::nullopt});
  }
  const Result<std::int64_t> revised = connection.integer("SELECT coalesce(max(seq), 0) FROM settings_revisions");
  if (!revised) return unexpected(revised.error());
  if (*revised > sequence) {
    Result<std::optional<SettingsRevision>> current = read_current_settings(connection);
    if (!current) return unexpected(current.error());
    changes.settings = std::move(*current);
  }
  return changes;
}

Result<StoreChanges> SqliteStore::load(const std::function<void(const UserRecord&)>& sink) {
  const Result<SqliteConnection*> connected = connect();
  if (!connected) return unexpected(connected.error());
  StoreChanges state;
  state.from_scratch = true;
  if (!*connected) return state;
  Result<Transaction> transaction = Transaction::begin_read(**connected);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> now = (*connected)->integer("SELECT sequence FROM meta");
  if (!now) return unexpected(now.error());
  state.sequence = *now;
  Result<void> read = read_users(**connected, [&](const UserRecord& user) {
    sink(user);
    return true;
  });
  if (!read) return unexpected(read.error());
  Result<std::optional<SettingsRevision>> current = read_current_settings(**connected);
  if (!current) return unexpected(current.error());
  state.settings = std::move(*current);
  replaced_ = false;
  return state;
}

Result<void> SqliteStore::for_each_user(const std::function<bool(const UserRecord&)>& sink) {
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return {};
  return read_users(**connection, sink);
}

Result<void> SqliteStore::read_users(SqliteConnection& connection, const std::function<bool(const UserRecord&)>& sink) {
  Result<Statement> rows = connection.prepare(fmt::format("SELECT {} FROM users ORDER BY username", kColumns));
  if (!rows) return unexpected(rows.error());
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return unexpected(row.error());
    if (!*row || !sink(record_of(*rows))) return {};
  }
}

Result<std::optional<UserRecord>> SqliteStore::find_user(std::string_view username) {
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return std::optional<UserRecord>{};
  Result<Statement> rows = (*connection)->prepare(fmt::format("SELECT {} FROM users WHERE username = ?", kColumns));
  if (!rows) return unexpected(rows.error());
  const Result<bool> row = rows->bind(1, username).step();
  if (!row) return unexpected(row.error());
  return *row ? std::optional<UserRecord>(record_of(*rows)) : std::nullopt;
}

Result<std::vector<UserRecord>> SqliteStore::list_users(const UserQuery& query) {
  std::vector<UserRecord> found;
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return found;
  Result<Statement> rows = (*connection)
                               ->prepare(fmt::format("SELECT {} FROM users WHERE username > ?1 AND (?2 = '' OR "
                                                     "instr(username, ?2) > 0) ORDER BY username LIMIT ?3",
                                                     kColumns));
  if (!rows) return unexpected(rows.error());
  rows->bind(1, query.after).bind(2, query.search).bind(3, static_cast<std::int64_t>(query.limit));
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return unexpected(row.error());
    if (!*row) return found;
    found.push_back(record_of(*rows));
  }
}

Result<std::size_t> SqliteStore::count_users() {
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return std::size_t{0};
  const Result<std::int64_t> count = (*connection)->integer("SELECT count(*) FROM users");
  if (!count) return unexpected(count.error());
  return static_cast<std::size_t>(*count);
}

Result<void> SqliteStore::put_users(const std::vector<UserRecord>& users, WriteMode mode) {
  for (const UserRecord& user : users)
    if (Result<void> fine = check_record(user); !fine) return fine;
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin_write(**connection);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(**connection);
  if (!sequence) return unexpected(sequence.error());
  Result<Statement> find = (*connection)->prepare("SELECT 1 FROM users WHERE username = ?");
  Result<Statement> put =
      (*connection)
          ->prepare("INSERT OR REPLACE INTO users (username, hash, enabled, is_superuser, seq) VALUES (?, ?, ?, ?, ?)");
  Result<Statement> revive = (*connection)->prepare("DELETE FROM deleted_users WHERE username = ?");
  if (!find) return unexpected(find.error());
  if (!put) return unexpected(put.error());
  if (!revive) return unexpected(revive.error());
  for (const UserRecord& user : users) {
    if (mode == WriteMode::create_only) {
      const Result<bool> there = find->bind(1, user.username).step();
      if (!there) return unexpected(there.error());
      if (*there) return unexpected(user_exists(user.username));
      find->reset();
    }
    put->bind(1, user.username)
        .bind(2, user.hash)
        .bind(3, std::int64_t{user.enabled})
        .bind(4, std::int64_t{user.is_superuser})
        .bind(5, *sequence);
    if (Result<void> done = put->run(); !done) return done;
    if (Result<void> done = revive->bind(1, user.username).run(); !done) return done;
  }
  return transaction->commit();
}

Result<void> SqliteStore::delete_user(std::string_view username) {
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin_write(**connection);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(**connection);
  if (!sequence) return unexpected(sequence.error());
  Result<Statement> remove = (*connection)->prepare("DELETE FROM users WHERE username = ?");
  if (!remove) return unexpected(remove.error());
  if (Result<void> done = remove->bind(1, username).run(); !done) return done;
  const Result<std::int64_t> removed = (*connection)->integer("SELECT changes()");
  if (!removed) return unexpected(removed.error());
  if (*removed == 0) return unexpected(no_such_user(username));
  Result<Statement> remember = (*connection)->prepare("INSERT OR REPLACE INTO deleted_users VALUES (?, ?)");
  if (!remember) return unexpected(remember.error());
  if (Result<void> done = remember->bind(1, username).bind(2, *sequence).run(); !done) return done;
  const Result<std::int64_t> kept = (*connection)->integer("SELECT count(*) FROM deleted_users");
  if (!kept) return unexpected(kept.error());
  if (*kept > kMaxTombstones)
    if (Result<void> done = (*connection)->execute("UPDATE meta SET oldest = sequence; DELETE FROM deleted_users");
        !done)
      return done;
  return transaction->commit();
}

namespace {
// Why an UPDATE of one user hit none: not there, or changed meanwhile.
Result<void> explain(SqliteConnection& connection, std::string_view username) {
  const Result<std::int64_t> changed = connection.integer("SELECT changes()");
  if (!changed) return unexpected(changed.error());
  if (*changed != 0) return {};
  Result<Statement> find = connection.prepare("SELECT 1 FROM users WHERE username = ?");
  if (!find) return unexpected(find.error());
  const Result<bool> there = find->bind(1, username).step();
  if (!there) return unexpected(there.error());
  if (!*there) return unexpected(no_such_user(username));
  return unexpected(Error{ErrorKind::kConflict, fmt::format("user {} was changed meanwhile", username),
                          "look at it again and repeat the change", ""});
}
}  // namespace

Result<void> SqliteStore::set_hash(std::string_view username, std::string_view hash, std::uint64_t if_version) {
  if (Result<void> fine = check_stored_hash(hash); !fine) return fine;
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin_write(**connection);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(**connection);
  if (!sequence) return unexpected(sequence.error());
  Result<Statement> update =
      (*connection)->prepare("UPDATE users SET hash = ?1, seq = ?2 WHERE username = ?3 AND (?4 = 0 OR seq = ?4)");
  if (!update) return unexpected(update.error());
  update->bind(1, hash).bind(2, *sequence).bind(3, username).bind(4, static_cast<std::int64_t>(if_version));
  if (Result<void> done = update->run(); !done) return done;
  if (Result<void> hit = explain(**connection, username); !hit) return hit;
  return transaction->commit();
}

Result<void> SqliteStore::set_enabled(std::string_view username, bool enabled) {
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin_write(**connection);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(**connection);
  if (!sequence) return unexpected(sequence.error());
  Result<Statement> update = (*connection)->prepare("UPDATE users SET enabled = ?1, seq = ?2 WHERE username = ?3");
  if (!update) return unexpected(update.error());
  if (Result<void> done = update->bind(1, std::int64_t{enabled}).bind(2, *sequence).bind(3, username).run(); !done)
    return done;
  if (Result<void> hit = explain(**connection, username); !hit) return hit;
  return transaction->commit();
}

}  // namespace sallyport
