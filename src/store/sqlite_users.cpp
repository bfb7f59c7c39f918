// Users of SqliteStore: reading, following, changing.
#include <fmt/format.h>

#include "store/sqlite_store.h"
#include "store/user_rules.h"

namespace sallyport {
namespace {

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

  Result<Statement> users =
      connection.prepare_with(fmt::format("SELECT {} FROM users WHERE seq > ?", kColumns), sequence);
  if (!users) return unexpected(users.error());
  Result<void> read = users->each([&](const Statement& row) {
    UserRecord record = record_of(row);
    changes.users.push_back({record.username, std::move(record)});
    return true;
  });
  if (!read) return unexpected(read.error());
  Result<Statement> deleted = connection.prepare_with("SELECT username FROM deleted_users WHERE seq > ?", sequence);
  if (!deleted) return unexpected(deleted.error());
  read = deleted->each([&](const Statement& row) {
    changes.users.push_back({row.text(0), std::nullopt});
    return true;
  });
  if (!read) return unexpected(read.error());
  const Result<std::int64_t> revised = connection.integer("SELECT coalesce(max(seq), 0) FROM settings_revisions");
  if (!revised) return unexpected(revised.error());
  if (*revised > sequence) {
    Result<std::optional<SettingsRevision>> current = read_current_settings(connection);
    if (!current) return unexpected(current.error());
    changes.settings = std::move(*current);
  }
  if (Result<void> told = tell_bars(connection, sequence, changes); !told) return unexpected(told.error());
  return changes;
}

Result<StoreChanges> SqliteStore::load(const std::function<void(const UserRecord&)>& sink, std::size_t most,
                                       const std::function<void(const BarRecord&)>& bars) {
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
  if (most != kAllUsers) {
    const Result<bool> more =
        (*connected)->exists("SELECT 1 FROM users LIMIT 1 OFFSET ?", static_cast<std::int64_t>(most));
    if (!more) return unexpected(more.error());
    state.too_many = *more;
  }
  if (!state.too_many) {
    Result<void> read = read_users(**connected, [&](const UserRecord& user) {
      sink(user);
      return true;
    });
    if (!read) return unexpected(read.error());
  }
  if (bars)
    if (Result<void> done = read_bars(**connected, bars); !done) return unexpected(done.error());
  Result<std::optional<SettingsRevision>> current = read_current_settings(**connected);
  if (!current) return unexpected(current.error());
  state.settings = std::move(*current);
  replaced_ = false;
  return state;
}

Result<void> SqliteStore::for_each_user(const std::function<bool(const UserRecord&)>& sink) {
  return look<void>([&](SqliteConnection& connection) { return read_users(connection, sink); });
}

Result<void> SqliteStore::read_users(SqliteConnection& connection, const std::function<bool(const UserRecord&)>& sink) {
  Result<Statement> rows = connection.prepare(fmt::format("SELECT {} FROM users ORDER BY username", kColumns));
  if (!rows) return unexpected(rows.error());
  return rows->each([&](const Statement& row) { return sink(record_of(row)); });
}

Result<std::optional<UserRecord>> SqliteStore::find_user(std::string_view username) {
  using Found = std::optional<UserRecord>;
  return look<Found>([&](SqliteConnection& connection) -> Result<Found> {
    Result<Statement> rows =
        connection.prepare_with(fmt::format("SELECT {} FROM users WHERE username = ?", kColumns), username);
    if (!rows) return unexpected(rows.error());
    const Result<bool> row = rows->step();
    if (!row) return unexpected(row.error());
    return *row ? Found(record_of(*rows)) : std::nullopt;
  });
}

Result<std::vector<UserRecord>> SqliteStore::find_users(const std::vector<std::string>& usernames) {
  std::vector<UserRecord> found;
  for (const std::string& username : usernames) {
    Result<std::optional<UserRecord>> one = find_user(username);
    if (!one) return unexpected(one.error());
    if (*one) found.push_back(std::move(**one));
  }
  return found;
}

Result<std::vector<UserRecord>> SqliteStore::list_users(const UserQuery& query) {
  using Found = std::vector<UserRecord>;
  return look<Found>([&](SqliteConnection& connection) -> Result<Found> {
    Result<Statement> rows =
        connection.prepare_with(fmt::format("SELECT {} FROM users WHERE username > ?1 AND (?2 = '' OR "
                                            "instr(username, ?2) > 0) ORDER BY username LIMIT ?3",
                                            kColumns),
                                query.after, query.search, static_cast<std::int64_t>(query.limit));
    if (!rows) return unexpected(rows.error());
    Found found;
    Result<void> read = rows->each([&](const Statement& row) {
      found.push_back(record_of(row));
      return true;
    });
    if (!read) return unexpected(read.error());
    return found;
  });
}

Result<std::size_t> SqliteStore::count_users() {
  return look<std::size_t>([](SqliteConnection& connection) -> Result<std::size_t> {
    const Result<std::int64_t> count = connection.integer("SELECT count(*) FROM users");
    if (!count) return unexpected(count.error());
    return static_cast<std::size_t>(*count);
  });
}

Result<void> SqliteStore::put_users(const std::vector<UserRecord>& users, WriteMode mode) {
  for (const UserRecord& user : users)
    if (Result<void> fine = check_record(user); !fine) return fine;
  return change([&](SqliteConnection& connection, std::int64_t sequence) -> Result<void> {
    Result<Statement> put = connection.prepare(
        fmt::format("INSERT {} INTO users (username, hash, enabled, is_superuser, seq) VALUES (?, ?, ?, ?, ?) {}",
                    mode == WriteMode::replace ? "OR REPLACE" : "",
                    mode == WriteMode::replace ? "RETURNING 1" : "ON CONFLICT DO NOTHING RETURNING 1"));
    Result<Statement> revive = connection.prepare("DELETE FROM deleted_users WHERE username = ?");
    if (!put) return unexpected(put.error());
    if (!revive) return unexpected(revive.error());
    for (const UserRecord& user : users) {
      put->bind(1, user.username)
          .bind(2, user.hash)
          .bind(3, std::int64_t{user.enabled})
          .bind(4, std::int64_t{user.is_superuser})
          .bind(5, sequence);
      const Result<bool> written = put->step();
      put->reset();
      if (!written) return unexpected(written.error());
      if (!*written) return unexpected(user_exists(user.username));
      if (Result<void> done = revive->bind(1, user.username).run(); !done) return done;
    }
    return {};
  });
}

namespace {
// After an UPDATE or DELETE of one user: why it hit none.
Result<void> explain(SqliteConnection& connection, std::string_view username) {
  const Result<std::int64_t> changed = connection.integer("SELECT changes()");
  if (!changed) return unexpected(changed.error());
  if (*changed != 0) return {};
  const Result<bool> there = connection.exists("SELECT 1 FROM users WHERE username = ?", username);
  if (!there) return unexpected(there.error());
  return unexpected(*there ? user_changed(username) : no_such_user(username));
}
}  // namespace

Result<void> SqliteStore::delete_user(std::string_view username, std::uint64_t if_version) {
  return change([&](SqliteConnection& connection, std::int64_t sequence) -> Result<void> {
    if (Result<void> done = connection.run("DELETE FROM users WHERE username = ?1 AND (?2 = 0 OR seq = ?2)", username,
                                           static_cast<std::int64_t>(if_version));
        !done)
      return done;
    if (Result<void> hit = explain(connection, username); !hit) return hit;
    if (Result<void> done = connection.run("INSERT OR REPLACE INTO deleted_users VALUES (?, ?)", username, sequence);
        !done)
      return done;
    const Result<std::int64_t> kept = connection.integer("SELECT count(*) FROM deleted_users");
    if (!kept) return unexpected(kept.error());
    if (*kept <= kMaxTombstones) return {};
    return connection.execute("UPDATE meta SET oldest = sequence; DELETE FROM deleted_users");
  });
}

Result<void> SqliteStore::set_hash(std::string_view username, std::string_view hash, std::uint64_t if_version) {
  if (Result<void> fine = check_stored_hash(hash); !fine) return fine;
  return change([&](SqliteConnection& connection, std::int64_t sequence) -> Result<void> {
    Result<void> done =
        connection.run("UPDATE users SET hash = ?1, seq = ?2 WHERE username = ?3 AND (?4 = 0 OR seq = ?4)", hash,
                       sequence, username, static_cast<std::int64_t>(if_version));
    return done ? explain(connection, username) : done;
  });
}

Result<void> SqliteStore::set_enabled(std::string_view username, bool enabled) {
  return change([&](SqliteConnection& connection, std::int64_t sequence) -> Result<void> {
    Result<void> done = connection.run("UPDATE users SET enabled = ?1, seq = ?2 WHERE username = ?3",
                                       std::int64_t{enabled}, sequence, username);
    return done ? explain(connection, username) : done;
  });
}

Result<void> SqliteStore::change_user(const UserRecord& user) {
  if (Result<void> fine = check_stored_hash(user.hash); !fine) return fine;
  return change([&](SqliteConnection& connection, std::int64_t sequence) -> Result<void> {
    Result<void> done = connection.run(
        "UPDATE users SET hash = ?1, enabled = ?2, is_superuser = ?3, seq = ?4 WHERE username = ?5 AND seq = ?6",
        user.hash, std::int64_t{user.enabled}, std::int64_t{user.is_superuser}, sequence, user.username,
        static_cast<std::int64_t>(user.version));
    return done ? explain(connection, user.username) : done;
  });
}

}  // namespace sallyport
