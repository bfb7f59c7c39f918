// Users of PostgresStore: reading, following, changing.
#include <fmt/format.h>

#include "postgres/postgres_store.h"
#include "store/user_rules.h"

namespace sallyport::postgres {
namespace {

constexpr const char* kRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

#define SP_COLUMNS "username, hash, enabled, is_superuser, seq"

constexpr const char* kSelectAll =
    "SELECT " SP_COLUMNS " FROM sallyport_users ORDER BY substring(username from 1 for 255), username";

UserRecord record_of(const Rows& rows, std::size_t row) {
  return {std::string(rows.bytes(row, 0)), std::string(rows.bytes(row, 1)), rows.boolean(row, 2), rows.boolean(row, 3),
          static_cast<std::uint64_t>(rows.integer(row, 4))};
}

// Why no row was touched.
Result<void> explain(Connection& connection, std::string_view username) {
  const Result<Rows> there =
      connection.query("SELECT 1 FROM sallyport_users WHERE key = sha256($1::bytea)", {username});
  if (!there) return unexpected(there.error());
  return unexpected(there->size() ? user_changed(username) : no_such_user(username));
}

}  // namespace

Result<void> PostgresStore::read_users(Connection& connection, const char* select,
                                       const std::function<bool(const UserRecord&)>& sink) {
  const std::string declare = fmt::format("DECLARE sallyport_all NO SCROLL CURSOR FOR {}", select);
  if (Result<void> done = connection.execute(declare.c_str()); !done) return done;
  for (;;) {
    const Result<Rows> rows = connection.query("FETCH 5000 FROM sallyport_all");
    if (!rows) return unexpected(rows.error());
    for (std::size_t i = 0; i < rows->size(); ++i)
      if (!sink(record_of(*rows, i))) return {};
    if (rows->size() == 0) return {};
  }
}

Result<StoreChanges> PostgresStore::changes_after(std::int64_t sequence) {
  const Result<Connection*> connected = connect();
  if (!connected) return unexpected(connected.error());
  StoreChanges changes;
  if (!*connected) {
    changes.from_scratch = sequence != 0;
    return changes;
  }
  Connection& connection = **connected;
  Result<Transaction> transaction = Transaction::begin(connection, kRead);
  if (!transaction) return unexpected(transaction.error());
  const Result<Rows> meta = connection.query("SELECT sequence, oldest FROM sallyport_meta");
  if (!meta) return unexpected(meta.error());
  if (meta->size() != 1) return unexpected(Error{ErrorKind::kInternal, "the store's own row is not there", "", ""});
  const std::int64_t now = meta->integer(0, 0);
  changes.sequence = now;
  // A sequence that is ahead of the store: an older copy was put back.
  changes.from_scratch = replaced_ || sequence <= 0 || sequence < meta->integer(0, 1) || sequence > now;
  if (changes.from_scratch) return changes;
  const Result<Rows> users =
      connection.query("SELECT " SP_COLUMNS " FROM sallyport_users WHERE seq > $1::int8 LIMIT $2::int8",
                       {sequence, kMaxChangesTold + 1});
  if (!users) return unexpected(users.error());
  if (users->size() > static_cast<std::size_t>(kMaxChangesTold)) {
    changes.from_scratch = true;
    return changes;
  }
  for (std::size_t i = 0; i < users->size(); ++i) {
    UserRecord record = record_of(*users, i);
    changes.users.push_back({record.username, std::move(record)});
  }
  const Result<Rows> deleted =
      connection.query("SELECT username FROM sallyport_deleted_users WHERE seq > $1::int8", {sequence});
  if (!deleted) return unexpected(deleted.error());
  for (std::size_t i = 0; i < deleted->size(); ++i)
    changes.users.push_back({std::string(deleted->bytes(i, 0)), std::nullopt});
  Result<std::optional<SettingsRevision>> current = read_current_settings(connection);
  if (!current) return unexpected(current.error());
  const Result<Rows> revised = connection.query("SELECT coalesce(max(seq), 0) FROM sallyport_settings_revisions");
  if (!revised) return unexpected(revised.error());
  if (revised->integer(0, 0) > sequence) changes.settings = std::move(*current);
  if (Result<void> told = tell_bars(connection, sequence, changes); !told) return unexpected(told.error());
  return changes;
}

Result<StoreChanges> PostgresStore::load(const std::function<void(const UserRecord&)>& sink, std::size_t most,
                                         const std::function<void(const BarRecord&)>& bars) {
  const Result<Connection*> connected = connect();
  if (!connected) return unexpected(connected.error());
  StoreChanges state;
  state.from_scratch = true;
  if (!*connected) return state;
  Connection& connection = **connected;
  Result<Transaction> transaction = Transaction::begin(connection, kRead);
  if (!transaction) return unexpected(transaction.error());
  const Result<Rows> meta = connection.query("SELECT sequence FROM sallyport_meta");
  if (!meta) return unexpected(meta.error());
  state.sequence = meta->size() == 1 ? meta->integer(0, 0) : 0;
  if (most != kAllUsers) {
    const Result<Rows> more =
        connection.query("SELECT 1 FROM sallyport_users LIMIT 1 OFFSET $1::int8", {static_cast<std::int64_t>(most)});
    if (!more) return unexpected(more.error());
    state.too_many = more->size() > 0;
  }
  if (!state.too_many) {
    Result<void> read = read_users(connection, kSelectAll, [&](const UserRecord& user) {
      sink(user);
      return true;
    });
    if (!read) return unexpected(read.error());
  }
  if (bars)
    if (Result<void> done = read_bars(connection, bars); !done) return unexpected(done.error());
  Result<std::optional<SettingsRevision>> current = read_current_settings(connection);
  if (!current) return unexpected(current.error());
  state.settings = std::move(*current);
  replaced_ = false;
  return state;
}

Result<void> PostgresStore::for_each_user(const std::function<bool(const UserRecord&)>& sink) {
  return look<void>([&](Connection& connection) -> Result<void> {
    Result<Transaction> transaction = Transaction::begin(connection, kRead);
    if (!transaction) return unexpected(transaction.error());
    return read_users(connection, kSelectAll, sink);
  });
}

Result<std::optional<UserRecord>> PostgresStore::find_user(std::string_view username) {
  using Found = std::optional<UserRecord>;
  return look<Found>([&](Connection& connection) -> Result<Found> {
    const Result<Rows> rows =
        connection.query("SELECT " SP_COLUMNS " FROM sallyport_users WHERE key = sha256($1::bytea)", {username});
    if (!rows) return unexpected(rows.error());
    return rows->size() == 1 ? Found(record_of(*rows, 0)) : std::nullopt;
  });
}

Result<std::vector<UserRecord>> PostgresStore::find_users(const std::vector<std::string>& usernames) {
  using Found = std::vector<UserRecord>;
  return look<Found>([&](Connection& connection) -> Result<Found> {
    Found found;
    if (usernames.empty()) return found;
    std::string sql = "SELECT " SP_COLUMNS " FROM sallyport_users WHERE key IN (VALUES ";
    for (std::size_t i = 1; i <= usernames.size(); ++i)
      sql += fmt::format("{}(sha256(${}::bytea))", i > 1 ? "," : "", i);
    const Result<Rows> rows = connection.query((sql + ")").c_str(), {usernames.begin(), usernames.end()});
    if (!rows) return unexpected(rows.error());
    for (std::size_t i = 0; i < rows->size(); ++i) found.push_back(record_of(*rows, i));
    return found;
  });
}

Result<std::vector<UserRecord>> PostgresStore::list_users(const UserQuery& query) {
  using Found = std::vector<UserRecord>;
  return look<Found>([&](Connection& connection) -> Result<Found> {
    const Result<Rows> rows =
        connection.query("SELECT " SP_COLUMNS
                         " FROM sallyport_users WHERE substring(username from 1 for 255) >= "
                         "substring($1::bytea from 1 for 255) AND username > $1::bytea"
                         " AND ($2::bytea = ''::bytea OR position($2::bytea in username) > 0) ORDER BY "
                         "substring(username from 1 for 255), username LIMIT $3::int8",
                         {query.after, query.search, static_cast<std::int64_t>(query.limit)});
    if (!rows) return unexpected(rows.error());
    Found found;
    for (std::size_t i = 0; i < rows->size(); ++i) found.push_back(record_of(*rows, i));
    return found;
  });
}

Result<std::size_t> PostgresStore::count_users() {
  return look<std::size_t>([](Connection& connection) -> Result<std::size_t> {
    const Result<Rows> rows = connection.query("SELECT count(*) FROM sallyport_users");
    if (!rows) return unexpected(rows.error());
    return static_cast<std::size_t>(rows->integer(0, 0));
  });
}

Result<void> PostgresStore::put_users(const std::vector<UserRecord>& users, WriteMode mode) {
  for (const UserRecord& user : users)
    if (Result<void> fine = check_record(user); !fine) return fine;
  const char* const sql =
      mode == WriteMode::create_only
          ? "INSERT INTO sallyport_users (" SP_COLUMNS
            ") VALUES ($1::bytea, $2::text, $3::bool, $4::bool, $5::int8) ON CONFLICT DO NOTHING"
          : "INSERT INTO sallyport_users (" SP_COLUMNS
            ") VALUES ($1::bytea, $2::text, $3::bool, $4::bool, $5::int8) ON CONFLICT (key) DO UPDATE SET"
            " hash = excluded.hash, enabled = excluded.enabled, is_superuser = excluded.is_superuser, seq = "
            "excluded.seq";
  return change([&](Connection& connection, std::int64_t sequence) -> Result<void> {
    for (const UserRecord& user : users) {
      const Result<Rows> put =
          connection.query(sql, {user.username, user.hash, user.enabled, user.is_superuser, sequence});
      if (!put) return unexpected(put.error());
      if (put->touched() == 0) return unexpected(user_exists(user.username));
      Result<void> revived =
          connection.execute("DELETE FROM sallyport_deleted_users WHERE key = sha256($1::bytea)", {user.username});
      if (!revived) return revived;
    }
    return {};
  });
}

Result<void> PostgresStore::delete_user(std::string_view username, std::uint64_t if_version) {
  return change([&](Connection& connection, std::int64_t sequence) -> Result<void> {
    const Result<Rows> removed = connection.query(
        "DELETE FROM sallyport_users WHERE key = sha256($1::bytea) AND ($2::int8 = 0 OR seq = $2::int8)",
        {username, static_cast<std::int64_t>(if_version)});
    if (!removed) return unexpected(removed.error());
    if (removed->touched() == 0) return explain(connection, username);
    Result<void> remembered = connection.execute(
        "INSERT INTO sallyport_deleted_users (username, seq) VALUES ($1::bytea, $2::int8) "
        "ON CONFLICT (key) DO UPDATE SET seq = excluded.seq",
        {username, sequence});
    if (!remembered) return remembered;
    const Result<Rows> kept = connection.query("SELECT count(*) FROM sallyport_deleted_users");
    if (!kept) return unexpected(kept.error());
    if (kept->integer(0, 0) <= kMaxTombstones) return {};
    if (Result<void> done = connection.execute("UPDATE sallyport_meta SET oldest = sequence"); !done) return done;
    return connection.execute("DELETE FROM sallyport_deleted_users");
  });
}

// One UPDATE whose first parameter is the new sequence.
Result<void> PostgresStore::change_one(const char* sql, const std::vector<Param>& params, std::string_view username) {
  return change([&](Connection& connection, std::int64_t sequence) -> Result<void> {
    std::vector<Param> all = {sequence};
    all.insert(all.end(), params.begin(), params.end());
    const Result<Rows> changed = connection.query(sql, all);
    if (!changed) return unexpected(changed.error());
    if (changed->touched() > 0) return {};
    return explain(connection, username);
  });
}

Result<void> PostgresStore::change_user(const UserRecord& user) {
  if (Result<void> fine = check_stored_hash(user.hash); !fine) return fine;
  return change_one(
      "UPDATE sallyport_users SET seq = $1::int8, hash = $3::text, enabled = $4::bool, is_superuser = $5::bool WHERE "
      "key = sha256($2::bytea) AND seq = $6::int8",
      {user.username, user.hash, user.enabled, user.is_superuser, static_cast<std::int64_t>(user.version)},
      user.username);
}

Result<void> PostgresStore::set_hash(std::string_view username, std::string_view hash, std::uint64_t if_version) {
  if (Result<void> fine = check_stored_hash(hash); !fine) return fine;
  return change_one(
      "UPDATE sallyport_users SET seq = $1::int8, hash = $3::text WHERE key = sha256($2::bytea) AND ($4::int8 = 0 OR "
      "seq = $4::int8)",
      {username, hash, static_cast<std::int64_t>(if_version)}, username);
}

Result<void> PostgresStore::set_enabled(std::string_view username, bool enabled) {
  return change_one("UPDATE sallyport_users SET seq = $1::int8, enabled = $3::bool WHERE key = sha256($2::bytea)",
                    {username, enabled}, username);
}

}  // namespace sallyport::postgres
