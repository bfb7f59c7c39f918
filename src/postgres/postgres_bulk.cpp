// A bulk change of PostgresStore: rows are staged in a temporary table, which is this
// connection's own and locks nothing, and go over in one transaction.
#include "postgres/postgres_store.h"
#include "store/user_rules.h"

namespace sallyport::postgres {
namespace {

constexpr std::size_t kBatch = 500;
constexpr int kColumns = 4;

}  // namespace

void PostgresStore::rollback_bulk() noexcept {
  bulk_buffer_.clear();
  if (!std::exchange(bulk_open_, false) || !connection_ || connection_->broken()) return;
  (void)connection_->execute("DROP TABLE IF EXISTS pg_temp.sallyport_staged").has_value();
}

Result<void> PostgresStore::begin_bulk() {
  rollback_bulk();
  const Result<Connection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<void> made =
      (*connection)
          ->execute(
              "CREATE TEMPORARY TABLE sallyport_staged (key bytea GENERATED ALWAYS AS (sha256(username)) STORED "
              "PRIMARY KEY, username bytea NOT NULL,"
              " hash text NOT NULL, enabled bool NOT NULL, is_superuser bool NOT NULL, replaces bool NOT NULL)");
  if (!made) return made;
  bulk_open_ = true;
  return {};
}

// Sends the buffered rows, many in one statement. Of two rows of one name the later one is kept.
Result<void> PostgresStore::flush_bulk() {
  if (bulk_buffer_.empty()) return {};
  std::vector<UserRecord> rows = std::exchange(bulk_buffer_, {});
  std::string sql = "INSERT INTO sallyport_staged (username, hash, enabled, is_superuser, replaces) VALUES ";
  std::vector<Param> params;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const int first = static_cast<int>(i) * kColumns + 1;
    sql += (i ? ",($" : "($") + std::to_string(first) + "::bytea,$" + std::to_string(first + 1) + "::text,$" +
           std::to_string(first + 2) + "::bool,$" + std::to_string(first + 3) + "::bool,true)";
    params.insert(params.end(), {rows[i].username, rows[i].hash, rows[i].enabled, rows[i].is_superuser});
  }
  sql +=
      " ON CONFLICT (key) DO UPDATE SET hash = excluded.hash, enabled = excluded.enabled, is_superuser = "
      "excluded.is_superuser, replaces = true";
  return connection_->execute(sql.c_str(), params);
}

Result<void> PostgresStore::bulk_put(const UserRecord& user, WriteMode mode) {
  if (!bulk_open_) return unexpected(no_bulk());
  if (Result<void> fine = check_record(user); !fine) return fine;
  if (mode == WriteMode::replace) {
    // One statement cannot touch a row twice.
    for (const UserRecord& waiting : bulk_buffer_)
      if (waiting.username == user.username) {
        if (Result<void> done = flush_bulk(); !done) return done;
        break;
      }
    bulk_buffer_.push_back(user);
    return bulk_buffer_.size() >= kBatch ? flush_bulk() : Result<void>{};
  }
  if (Result<void> done = flush_bulk(); !done) return done;
  const Result<Rows> put = connection_->query(
      "INSERT INTO sallyport_staged (username, hash, enabled, is_superuser, replaces) SELECT $1::bytea, $2::text, "
      "$3::bool, $4::bool, false"
      " WHERE NOT EXISTS (SELECT 1 FROM sallyport_users WHERE key = sha256($1::bytea)) ON CONFLICT DO NOTHING",
      {user.username, user.hash, user.enabled, user.is_superuser});
  if (!put) return unexpected(put.error());
  if (put->touched() == 1) return {};
  const Result<Rows> there =
      connection_->query("SELECT 1 FROM sallyport_users WHERE key = sha256($1::bytea)", {user.username});
  if (!there) return unexpected(there.error());
  return unexpected(there->size() ? user_exists(user.username) : user_twice(user.username));
}

Result<void> PostgresStore::commit_bulk() {
  if (!bulk_open_) return unexpected(no_bulk());
  if (Result<void> done = flush_bulk(); !done) {
    rollback_bulk();
    return done;
  }
  Result<void> outcome = change([](Connection& c, std::int64_t sequence) -> Result<void> {
    // Millions of rows take longer than a statement is given elsewhere.
    if (Result<void> done = c.execute("SET LOCAL statement_timeout = '30min'"); !done) return done;
    const Result<Rows> taken = c.query(
        "SELECT s.username FROM sallyport_staged s JOIN sallyport_users u ON u.key = s.key WHERE NOT s.replaces LIMIT "
        "1");
    if (!taken) return unexpected(taken.error());
    if (taken->size()) return unexpected(user_exists(taken->bytes(0, 0)));
    Result<void> moved = c.execute(
        "INSERT INTO sallyport_users (username, hash, enabled, is_superuser, seq) SELECT username, hash, enabled, "
        "is_superuser, $1::int8 FROM sallyport_staged"
        " ON CONFLICT (key) DO UPDATE SET hash = excluded.hash, enabled = excluded.enabled, is_superuser = "
        "excluded.is_superuser, seq = excluded.seq",
        {sequence});
    if (!moved) return moved;
    return c.execute("DELETE FROM sallyport_deleted_users d USING sallyport_staged s WHERE d.key = s.key");
  });
  rollback_bulk();
  return outcome;
}

}  // namespace sallyport::postgres
