// One connection to an SQLite file and its statements. The one place that turns
// SQLite's codes into Errors that a person can act on.
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

namespace sallyport {

// Which file it was when it was opened: a file that was moved in over it has another inode.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};
std::optional<FileIdentity> identify_file(const std::string& path) noexcept;

class SqliteConnection;

// Bound, stepped, read. Errors are kept and told by step(), so that binds need no check of their own.
class Statement {
 public:
  Statement() = default;
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_null(int index);
  // True: a row; false: done.
  Result<bool> step();
  Result<void> run();  // step() to the end
  // Each row to `take`, until it says that it has enough.
  template <class Take>
  Result<void> each(Take&& take) {
    for (;;) {
      const Result<bool> row = step();
      if (!row) return unexpected(row.error());
      if (!*row || !take(*this)) return {};
    }
  }
  void reset() noexcept;

  std::int64_t integer(int column) const noexcept;
  std::string text(int column) const;
  bool null(int column) const noexcept;
  bool numeric(int column) const noexcept;
  int columns() const noexcept;

 private:
  friend class SqliteConnection;
  struct Finalize {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const SqliteConnection* connection_ = nullptr;
  std::optional<Error> failed_;
};

class SqliteConnection {
 public:
  // Opens read-write; where the system forbids that and `access` is read, read-only. Makes the file where `access` is
  // write.
  static Result<std::unique_ptr<SqliteConnection>> open(const std::string& path, StoreAccess access);
  // A database of this connection alone, on disk, gone with it.
  static Result<std::unique_ptr<SqliteConnection>> open_temporary();
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  Result<std::int64_t> integer(std::string_view sql);  // first column of the first row; 0 where there is no row
  // One statement with its parameters.
  template <class... Values>
  Result<Statement> prepare_with(std::string_view sql, const Values&... values) {
    Result<Statement> statement = prepare(sql);
    [[maybe_unused]] int index = 0;
    if (statement) (statement->bind(++index, values), ...);
    return statement;
  }
  template <class... Values>
  Result<void> run(std::string_view sql, const Values&... values) {
    Result<Statement> statement = prepare_with(sql, values...);
    return statement ? statement->run() : Result<void>(unexpected(statement.error()));
  }
  // Whether there is such a row.
  template <class... Values>
  Result<bool> exists(std::string_view sql, const Values&... values) {
    Result<Statement> statement = prepare_with(sql, values...);
    if (!statement) return unexpected(statement.error());
    return statement->step();
  }
  Error error(int code) const;

  bool read_only() const noexcept { return read_only_; }
  // After damage or a failing disk: whoever comes next opens anew.
  bool broken() const noexcept { return broken_; }
  const std::string& path() const noexcept { return path_; }
  const FileIdentity& identity() const noexcept { return identity_; }

 private:
  SqliteConnection() = default;
  Result<void> use_wal();
  sqlite3* db_ = nullptr;
  std::string path_;
  FileIdentity identity_;
  bool read_only_ = false;
  mutable bool broken_ = false;  // noticed while an error is put into words
};

// A transaction that is rolled back unless it was committed.
class Transaction {
 public:
  static Result<Transaction> begin_write(SqliteConnection& connection);  // takes the write lock at once
  static Result<Transaction> begin_read(SqliteConnection& connection);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(SqliteConnection& connection) : connection_(&connection) {}
  SqliteConnection* connection_;
};

}  // namespace sallyport
