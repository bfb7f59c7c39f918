// Revisions of settings in PostgresStore.
#include <fmt/format.h>

#include "postgres/postgres_store.h"

namespace sallyport::postgres {
namespace {

constexpr std::size_t kMaxSettings = 1024 * 1024;
#define SP_COLUMNS "number, toml, author, comment, created_at"

SettingsRevision revision_of(const Rows& rows, std::size_t row) {
  return {rows.integer(row, 0), std::string(rows.bytes(row, 1)), std::string(rows.bytes(row, 2)),
          std::string(rows.bytes(row, 3)), rows.integer(row, 4)};
}

}  // namespace

Result<std::optional<SettingsRevision>> PostgresStore::read_current_settings(Connection& connection) {
  const Result<Rows> rows =
      connection.query("SELECT " SP_COLUMNS " FROM sallyport_settings_revisions ORDER BY number DESC LIMIT 1");
  if (!rows) return unexpected(rows.error());
  return rows->size() ? std::optional<SettingsRevision>(revision_of(*rows, 0)) : std::nullopt;
}

Result<std::optional<SettingsRevision>> PostgresStore::current_settings() {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return std::optional<SettingsRevision>{};
  return read_current_settings(**connection);
}

Result<std::vector<SettingsRevision>> PostgresStore::list_settings(std::size_t limit) {
  std::vector<SettingsRevision> found;
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return found;
  const Result<Rows> rows =
      (*connection)
          ->query("SELECT " SP_COLUMNS " FROM sallyport_settings_revisions ORDER BY number DESC LIMIT $1::int8",
                  {static_cast<std::int64_t>(limit)});
  if (!rows) return unexpected(rows.error());
  for (std::size_t i = 0; i < rows->size(); ++i) found.push_back(revision_of(*rows, i));
  return found;
}

Result<SettingsRevision> PostgresStore::put_settings(std::string_view toml, std::string_view author,
                                                     std::string_view comment, std::optional<std::int64_t> expected) {
  if (toml.size() > kMaxSettings) return unexpected(invalid("settings are at most 1 MiB of text"));
  const Result<Connection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin(**connection, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  // First the turn, then the look: what is current cannot change behind it.
  const Result<std::int64_t> sequence = next_sequence(**connection);
  if (!sequence) return unexpected(sequence.error());
  const Result<Rows> rows = (*connection)->query("SELECT coalesce(max(number), 0) FROM sallyport_settings_revisions");
  if (!rows) return unexpected(rows.error());
  const std::int64_t current = rows->integer(0, 0);
  if (expected && *expected != current)
    return unexpected(
        Error{ErrorKind::kConflict,
              fmt::format("the settings were changed meanwhile: revision {} is current, not {}", current, *expected),
              "look at the current revision and repeat the change", ""});
  SettingsRevision revision{current + 1, std::string(toml), std::string(author), std::string(comment),
                            SystemClock().unix_seconds()};
  Result<void> put =
      (*connection)
          ->execute(
              "INSERT INTO sallyport_settings_revisions VALUES ($1::int8, $2::text, $3::text, $4::text, $5::int8, "
              "$6::int8)",
              {revision.number, revision.toml, revision.author, revision.comment, revision.created_at, *sequence});
  if (!put) return unexpected(put.error());
  if (Result<void> done = transaction->commit(); !done) return unexpected(done.error());
  return revision;
}

}  // namespace sallyport::postgres
