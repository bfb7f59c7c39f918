// SqliteStore: the Store of one machine, in one file. Each method is one transaction
// or one statement; the file is looked at again before each (it may not be there yet,
// or be another one by now).
#pragma once

#include <memory>
#include <string>

#include "store/sqlite_connection.h"
#include "store/store_work.h"

namespace sallyport {

class SqliteStore final : public StoreWork<SqliteStore, SqliteConnection> {
 public:
  SqliteStore(std::string path, StoreAccess access);
  ~SqliteStore() override;
  // Opens what is there; write: makes it. Called once, by open_store.
  Result<void> start();

  Result<std::int64_t> data_version() override;
  Result<StoreChanges> changes_after(std::int64_t sequence) override;
  Result<void> for_each_user(const std::function<bool(const UserRecord&)>& sink) override;
  Result<StoreChanges> load(const std::function<void(const UserRecord&)>& sink, std::size_t most,
                            const std::function<void(const BarRecord&)>& bars) override;
  Result<void> load_bars(const std::function<void(const BarRecord&)>& sink) override;

  Result<std::optional<UserRecord>> find_user(std::string_view username) override;
  Result<std::vector<UserRecord>> find_users(const std::vector<std::string>& usernames) override;
  Result<std::vector<UserRecord>> list_users(const UserQuery& query) override;
  Result<std::size_t> count_users() override;
  Result<void> put_users(const std::vector<UserRecord>& users, WriteMode mode) override;
  Result<void> delete_user(std::string_view username, std::uint64_t if_version) override;
  Result<void> change_user(const UserRecord& user) override;
  Result<void> set_hash(std::string_view username, std::string_view hash, std::uint64_t if_version) override;
  Result<void> set_enabled(std::string_view username, bool enabled) override;

  Result<void> begin_bulk() override;
  Result<void> bulk_put(const UserRecord& user, WriteMode mode) override;
  Result<void> commit_bulk() override;
  void rollback_bulk() noexcept override;

  Result<KeptBar> put_bar(const BarRecord& bar) override;
  Result<void> put_bars(const std::vector<BarRecord>& bars) override;
  Result<std::vector<BarRecord>> list_bars(const BarQuery& query) override;
  Result<std::size_t> count_bars(BarClass of) override;
  Result<BarRecord> remove_bar(BarClass of, std::int64_t id) override;
  Result<void> purge_bars(UnixSeconds now) override;

  Result<std::optional<SettingsRevision>> current_settings() override;
  Result<std::vector<SettingsRevision>> list_settings(std::size_t limit) override;
  Result<SettingsRevision> put_settings(std::string_view toml, std::string_view author, std::string_view comment,
                                        std::optional<std::int64_t> expected) override;

  Result<void> dump(const RowSink& sink) override;
  Result<void> restore(const RowSource& source) override;
  Result<std::vector<std::string>> check() override;
  Result<int> schema() override;

 private:
  friend StoreWork;
  struct Bulk;
  // The connection to the file that is there now; null where access is read and there is none yet.
  Result<SqliteConnection*> connect();
  Result<SqliteConnection*> connect_to_write();
  // Inside a transaction these take its connection: connect() might find another file there and change it under them.
  static Result<Transaction> begin_change(SqliteConnection& connection) { return Transaction::begin_write(connection); }
  static Result<std::int64_t> next_sequence(SqliteConnection& connection);
  static Result<void> read_users(SqliteConnection& connection, const std::function<bool(const UserRecord&)>& sink);
  static Result<void> read_bars(SqliteConnection& connection, const std::function<void(const BarRecord&)>& sink);
  static Result<void> tell_bars(SqliteConnection& connection, std::int64_t sequence, StoreChanges& changes);
  static Result<std::vector<SettingsRevision>> read_settings(SqliteConnection& connection, std::size_t limit);
  static Result<std::optional<SettingsRevision>> read_current_settings(SqliteConnection& connection);

  std::string path_;
  StoreAccess access_;
  std::unique_ptr<SqliteConnection> connection_;
  std::unique_ptr<Bulk> bulk_;
  std::int64_t opened_ = 0;  // how many files this store has had open
  bool replaced_ = false;    // since the last load
};

}  // namespace sallyport
