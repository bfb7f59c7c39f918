// Revisions of settings of SqliteStore.
#include <fmt/format.h>

#include "store/sqlite_store.h"

namespace sallyport {
namespace {
constexpr std::string_view kColumns = "number, toml, author, comment, created_at";
constexpr std::size_t kMaxSettings = 1024 * 1024;

SettingsRevision revision_of(const Statement& row) {
  return {row.integer(0), row.text(1), row.text(2), row.text(3), row.integer(4)};
}
}  // namespace

Result<std::optional<SettingsRevision>> SqliteStore::current_settings() {
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return std::optional<SettingsRevision>{};
  return read_current_settings(**connection);
}

// Newest first.
Result<std::vector<SettingsRevision>> SqliteStore::list_settings(std::size_t limit) {
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return std::vector<SettingsRevision>{};
  return read_settings(**connection, limit);
}

Result<std::optional<SettingsRevision>> SqliteStore::read_current_settings(SqliteConnection& connection) {
  Result<std::vector<SettingsRevision>> newest = read_settings(connection, 1);
  if (!newest) return unexpected(newest.error());
  return newest->empty() ? std::nullopt : std::optional(std::move(newest->front()));
}

Result<std::vector<SettingsRevision>> SqliteStore::read_settings(SqliteConnection& connection, std::size_t limit) {
  std::vector<SettingsRevision> found;
  Result<Statement> rows =
      connection.prepare(fmt::format("SELECT {} FROM settings_revisions ORDER BY number DESC LIMIT ?", kColumns));
  if (!rows) return unexpected(rows.error());
  rows->bind(1, static_cast<std::int64_t>(limit));
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return unexpected(row.error());
    if (!*row) return found;
    found.push_back(revision_of(*rows));
  }
}

Result<SettingsRevision> SqliteStore::put_settings(std::string_view toml, std::string_view author,
                                                   std::string_view comment, std::optional<std::int64_t> expected) {
  if (toml.size() > kMaxSettings) return unexpected(invalid("settings are at most 1 MiB of text"));
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin_write(**connection);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> current =
      (*connection)->integer("SELECT coalesce(max(number), 0) FROM settings_revisions");
  if (!current) return unexpected(current.error());
  // `expected` 0: there is no revision yet.
  if (expected && *expected != *current)
    return unexpected(
        Error{ErrorKind::kConflict,
              fmt::format("the settings were changed meanwhile: revision {} is current, not {}", *current, *expected),
              "look at the current revision and repeat the change", ""});
  const Result<std::int64_t> sequence = next_sequence(**connection);
  if (!sequence) return unexpected(sequence.error());
  SettingsRevision revision{*current + 1, std::string(toml), std::string(author), std::string(comment),
                            SystemClock().unix_seconds()};
  Result<Statement> put = (*connection)->prepare("INSERT INTO settings_revisions VALUES (?, ?, ?, ?, ?, ?)");
  if (!put) return unexpected(put.error());
  put->bind(1, revision.number)
      .bind(2, revision.toml)
      .bind(3, revision.author)
      .bind(4, revision.comment)
      .bind(5, revision.created_at)
      .bind(6, *sequence);
  if (Result<void> done = put->run(); !done) return unexpected(done.error());
  if (Result<void> done = transaction->commit(); !done) return unexpected(done.error());
  return revision;
}

}  // namespace sallyport
