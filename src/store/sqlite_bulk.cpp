// A bulk change of SqliteStore. Rows are staged in a temporary database on disk, which
// takes no lock of the store however long the hashes take, and go over in name order
// in one short transaction: others can write while an import is prepared, and a
// process that dies in the middle leaves nothing behind.
#include "store/sqlite_store.h"
#include "store/user_rules.h"

namespace sallyport {

struct SqliteStore::Bulk {
  std::unique_ptr<SqliteConnection> stage;
  Statement insert, replace;  // into the stage
  Statement find;             // in the store
};

SqliteStore::SqliteStore(std::string path, StoreAccess access) : path_(std::move(path)), access_(access) {}
SqliteStore::~SqliteStore() { rollback_bulk(); }
void SqliteStore::rollback_bulk() noexcept { bulk_.reset(); }

Result<void> SqliteStore::begin_bulk() {
  rollback_bulk();
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<std::unique_ptr<SqliteConnection>> stage = SqliteConnection::open_temporary();
  if (!stage) return unexpected(stage.error());
  // Names come in any order: the cache is what keeps a million of them from seeking.
  constexpr const char* table =
      "PRAGMA cache_size = -65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
      "CREATE TABLE staged (username TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL, enabled INTEGER NOT NULL,"
      " is_superuser INTEGER NOT NULL, replaces INTEGER NOT NULL) WITHOUT ROWID; BEGIN";
  if (Result<void> done = (*stage)->execute(table); !done) return done;
  Result<Statement> insert =
      (*stage)->prepare("INSERT INTO staged VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1");
  Result<Statement> replace = (*stage)->prepare("INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?, ?)");
  Result<Statement> find = (*connection)->prepare("SELECT 1 FROM users WHERE username = ?");
  if (!insert) return unexpected(insert.error());
  if (!replace) return unexpected(replace.error());
  if (!find) return unexpected(find.error());
  bulk_.reset(new Bulk{std::move(*stage), std::move(*insert), std::move(*replace), std::move(*find)});
  return {};
}

Result<void> SqliteStore::bulk_put(const UserRecord& user, WriteMode mode) {
  if (!bulk_) return unexpected(no_bulk());
  if (Result<void> fine = check_record(user); !fine) return fine;
  const bool replaces = mode == WriteMode::replace;
  Statement& put = replaces ? bulk_->replace : bulk_->insert;
  put.bind(1, user.username)
      .bind(2, user.hash)
      .bind(3, std::int64_t{user.enabled})
      .bind(4, std::int64_t{user.is_superuser})
      .bind(5, std::int64_t{replaces});
  if (replaces) return put.run();
  // Told here, while the caller still knows the row; commit_bulk() looks once more.
  const Result<bool> there = bulk_->find.bind(1, user.username).step();
  bulk_->find.reset();
  if (!there) return unexpected(there.error());
  if (*there) {
    put.reset();
    return unexpected(user_exists(user.username));
  }
  const Result<bool> taken = put.step();
  put.reset();
  if (!taken) return unexpected(taken.error());
  if (!*taken) return unexpected(user_twice(user.username));
  return {};
}

Result<void> SqliteStore::commit_bulk() {
  if (!bulk_) return unexpected(no_bulk());
  const std::unique_ptr<Bulk> bulk = std::move(bulk_);
  bulk->find = Statement();  // belongs to the connection that may be gone
  const std::int64_t before = opened_;
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  if (opened_ != before)
    return unexpected(
        Error{ErrorKind::kUnavailable, "the store was replaced by another file meanwhile", "begin again", ""});
  SqliteConnection& store = **connection;
  if (Result<void> done = store.execute("PRAGMA cache_size = -32768"); !done) return done;
  Result<Transaction> transaction = Transaction::begin_write(store);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(store);
  if (!sequence) return unexpected(sequence.error());
  Result<Statement> rows =
      bulk->stage->prepare("SELECT username, hash, enabled, is_superuser, replaces FROM staged ORDER BY username");
  Result<Statement> create = store.prepare(
      "INSERT INTO users (username, hash, enabled, is_superuser, seq) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING "
      "RETURNING 1");
  Result<Statement> replace =
      store.prepare("INSERT OR REPLACE INTO users (username, hash, enabled, is_superuser, seq) VALUES (?, ?, ?, ?, ?)");
  Result<Statement> revive = store.prepare("DELETE FROM deleted_users WHERE username = ?");
  if (!rows) return unexpected(rows.error());
  if (!create) return unexpected(create.error());
  if (!replace) return unexpected(replace.error());
  if (!revive) return unexpected(revive.error());
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return unexpected(row.error());
    if (!*row) break;
    const std::string username = rows->text(0), hash = rows->text(1);
    const bool replaces = rows->integer(4) != 0;
    Statement& put = replaces ? *replace : *create;
    put.bind(1, username).bind(2, hash).bind(3, rows->integer(2)).bind(4, rows->integer(3)).bind(5, *sequence);
    const Result<bool> written = put.step();
    put.reset();
    if (!written) return unexpected(written.error());
    if (!replaces && !*written) return unexpected(user_exists(username));
    if (Result<void> done = revive->bind(1, username).run(); !done) return done;
  }
  return transaction->commit();
}

}  // namespace sallyport
