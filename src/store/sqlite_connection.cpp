#include "store/sqlite_connection.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_file.h"

namespace sallyport {
namespace {
constexpr int kBusyMilliseconds = 5000, kAgainMilliseconds = 5;
}

std::optional<FileIdentity> identify_file(const std::string& path) noexcept {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return std::nullopt;
  return FileIdentity{st.st_dev, st.st_ino};
}

Statement& Statement::bind(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), index, value);
  if (code != SQLITE_OK && !failed_) failed_ = connection_->error(code);
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  // The text outlives the step: callers bind what they hold.
  const int code = sqlite3_bind_text64(statement_.get(), index, text.empty() ? "" : text.data(), text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK && !failed_) failed_ = connection_->error(code);
  return *this;
}
Statement& Statement::bind_null(int index) {
  const int code = sqlite3_bind_null(statement_.get(), index);
  if (code != SQLITE_OK && !failed_) failed_ = connection_->error(code);
  return *this;
}
Result<bool> Statement::step() {
  if (failed_) return unexpected(*failed_);
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return unexpected(connection_->error(code));
}
Result<void> Statement::run() {
  for (;;) {
    Result<bool> row = step();
    if (!row || !*row) {
      Result<void> done;
      if (!row) done = unexpected(row.error());
      reset();
      return done;
    }
  }
}
void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
  failed_.reset();
}
std::int64_t Statement::integer(int column) const noexcept { return sqlite3_column_int64(statement_.get(), column); }
bool Statement::null(int column) const noexcept { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
bool Statement::numeric(int column) const noexcept {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
}
int Statement::columns() const noexcept { return sqlite3_column_count(statement_.get()); }
std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)))
               : std::string();
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& path, StoreAccess access) {
  const Result<std::string> resolved = resolve_store_file(path);
  if (!resolved) return unexpected(resolved.error());
  if (access == StoreAccess::write) {
    if (Result<void> made = make_store_file(*resolved); !made) return unexpected(made.error());
  }
  const std::optional<FileIdentity> identity = identify_file(*resolved);
  if (!identity) return unexpected(missing_store(path));

  std::unique_ptr<SqliteConnection> connection(new SqliteConnection);
  connection->path_ = path;
  connection->identity_ = *identity;
  const bool writable = ::access(resolved->c_str(), W_OK) == 0;
  if (!writable && access == StoreAccess::write) return unexpected(denied_store(path));
  if (::access(resolved->c_str(), R_OK) != 0) return unexpected(denied_store(path));
  const int mode = writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  connection->read_only_ = !writable;
  const int code = sqlite3_open_v2(resolved->c_str(), &connection->db_,
                                   mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) return unexpected(connection->error(code));
  sqlite3_busy_timeout(connection->db_, kBusyMilliseconds);
  // A WAL that stays lets a reader who may not write into the folder read after the last writer has left.
  int persist = 1;
  sqlite3_file_control(connection->db_, nullptr, SQLITE_FCNTL_PERSIST_WAL, &persist);
  for (const char* sql :
       {"PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL", "PRAGMA temp_store = FILE",
        "PRAGMA journal_size_limit = 67108864", "PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON"})
    if (Result<void> done = connection->execute(sql); !done) return unexpected(done.error());
  if (writable) {
    if (Result<void> done = connection->use_wal(); !done) return unexpected(done.error());
  }
  return connection;
}

// Of two who open a new file at once each holds what the other needs; SQLite then asks no busy handler, and one of them
// must let go and come again.
Result<void> SqliteConnection::use_wal() {
  int code = SQLITE_OK;
  for (int waited = 0; waited < kBusyMilliseconds; waited += kAgainMilliseconds) {
    code = sqlite3_exec(db_, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if ((code & 0xff) != SQLITE_BUSY) break;
    sqlite3_sleep(kAgainMilliseconds);
  }
  if (code != SQLITE_OK) return unexpected(error(code));
  return {};
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open_temporary() {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection);
  connection->path_ = "(temporary)";
  const int code = sqlite3_open_v2(
      "", &connection->db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  if (code != SQLITE_OK) return unexpected(connection->error(code));
  return connection;
}

SqliteConnection::~SqliteConnection() { sqlite3_close_v2(db_); }

Result<void> SqliteConnection::execute(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return unexpected(error(code));
  return {};
}

Result<Statement> SqliteConnection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), 0, &raw, nullptr);
  if (code != SQLITE_OK) return unexpected(error(code));
  Statement statement;
  statement.statement_.reset(raw);
  statement.connection_ = this;
  return statement;
}

Result<std::int64_t> SqliteConnection::integer(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return unexpected(statement.error());
  const Result<bool> row = statement->step();
  if (!row) return unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

Error SqliteConnection::error(int code) const {
  const char* said = db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::kUnavailable, fmt::format("the store {} is locked by another process", path_),
              "an import or a backup may be under way; try again", ""};
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      broken_ = true;
      return {ErrorKind::kInternal, fmt::format("the store {} is damaged or no store ({})", path_, said),
              "put a backup in its place, or save what is left with: sqlite3 FILE .recover", ""};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN: {
      Error denied = denied_store(path_);
      denied.cause += fmt::format(" ({})", said);
      return denied;
    }
    case SQLITE_FULL:
      return {ErrorKind::kUnavailable, fmt::format("no room left on the disk of the store {}", path_),
              "free some space there and try again", ""};
    case SQLITE_IOERR:
      broken_ = true;
      return {ErrorKind::kUnavailable, fmt::format("the disk of the store {} reports an error ({})", path_, said),
              "see the system's log", ""};
    default:
      return {ErrorKind::kInternal, fmt::format("the store {}: {}", path_, said), "", ""};
  }
}

Result<Transaction> Transaction::begin_write(SqliteConnection& connection) {
  if (Result<void> begun = connection.execute("BEGIN IMMEDIATE"); !begun) return unexpected(begun.error());
  return Transaction(connection);
}
Result<Transaction> Transaction::begin_read(SqliteConnection& connection) {
  if (Result<void> begun = connection.execute("BEGIN"); !begun) return unexpected(begun.error());
  return Transaction(connection);
}
Transaction::~Transaction() {
  if (connection_) (void)connection_->execute("ROLLBACK");
}
Result<void> Transaction::commit() {
  Result<void> done = connection_->execute("COMMIT");
  if (done) connection_ = nullptr;
  return done;
}

}  // namespace sallyport
