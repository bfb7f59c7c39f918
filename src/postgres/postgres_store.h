// PostgresStore: the Store that several nodes share. Writers take turns at the row that
// holds the change sequence, so numbers are committed in their order and a follower that
// has read up to one has missed none before it. A lost connection is an error of the one
// call; the next call connects again.
#pragma once

#include <memory>
#include <string>

#include "postgres/connection.h"
#include "store/store_work.h"

namespace sallyport::postgres {

class PostgresStore final : public StoreWork<PostgresStore, Connection> {
 public:
  PostgresStore(std::string url, StoreAccess access);
  ~PostgresStore() override;
  // Connects; write: makes the tables.
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
  // The connection, with the tables there; null where access is read and nobody has made them yet.
  Result<Connection*> connect();
  Result<Connection*> connect_to_write();
  static Result<Transaction> begin_change(Connection& connection) { return Transaction::begin(connection, "BEGIN"); }
  static Result<std::int64_t> next_sequence(Connection& connection);
  Result<void> read_users(Connection& connection, const char* select,
                          const std::function<bool(const UserRecord&)>& sink);
  Result<std::optional<SettingsRevision>> read_current_settings(Connection& connection);
  Result<void> read_bars(Connection& connection, const std::function<void(const BarRecord&)>& sink);
  Result<void> tell_bars(Connection& connection, std::int64_t sequence, StoreChanges& changes);
  Result<void> change_one(const char* sql, const std::vector<Param>& params, std::string_view username);
  Result<void> flush_bulk();

  std::string url_;
  StoreAccess access_;
  std::unique_ptr<Connection> connection_;
  bool tables_there_ = false;
  std::string instance_;   // of the store that was read last
  bool replaced_ = false;  // since the last load
  bool bulk_open_ = false;
  std::vector<UserRecord> bulk_buffer_;  // to replace, not yet sent
};

// Makes open_store() and open_desk() take "postgres://…" and "postgresql://…".
void register_postgres_store();

}  // namespace sallyport::postgres
