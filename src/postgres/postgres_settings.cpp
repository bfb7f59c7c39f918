// Revisions of settings in PostgresStore.
#include <fmt/format.h>

#include "postgres/postgres_store.h"

namespace sallyport::postgres {
namespace {

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
  return look<std::optional<SettingsRevision>>(
      [&](Connection& connection) { return read_current_settings(connection); });
}

Result<std::vector<SettingsRevision>> PostgresStore::list_settings(std::size_t limit) {
  using Found = std::vector<SettingsRevision>;
  return look<Found>([&](Connection& connection) -> Result<Found> {
    const Result<Rows> rows =
        connection.query("SELECT " SP_COLUMNS " FROM sallyport_settings_revisions ORDER BY number DESC LIMIT $1::int8",
                         {static_cast<std::int64_t>(limit)});
    if (!rows) return unexpected(rows.error());
    Found found;
    for (std::size_t i = 0; i < rows->size(); ++i) found.push_back(revision_of(*rows, i));
    return found;
  });
}

Result<SettingsRevision> PostgresStore::put_settings(std::string_view toml, std::string_view author,
                                                     std::string_view comment, std::optional<std::int64_t> expected) {
  if (Result<void> fine = check_settings_size(toml); !fine) return unexpected(fine.error());
  // First the turn, then the look: what is current cannot change behind it.
  return change<SettingsRevision>([&](Connection& connection, std::int64_t sequence) -> Result<SettingsRevision> {
    const Result<Rows> rows = connection.query("SELECT coalesce(max(number), 0) FROM sallyport_settings_revisions");
    if (!rows) return unexpected(rows.error());
    const std::int64_t current = rows->integer(0, 0);
    if (Result<void> fine = check_current_settings(current, expected); !fine) return unexpected(fine.error());
    SettingsRevision revision{current + 1, std::string(toml), std::string(author), std::string(comment),
                              SystemClock().unix_seconds()};
    Result<void> put = connection.execute(
        "INSERT INTO sallyport_settings_revisions VALUES ($1::int8, $2::text, $3::text, $4::text, $5::int8, $6::int8)",
        {revision.number, revision.toml, revision.author, revision.comment, revision.created_at, sequence});
    if (!put) return unexpected(put.error());
    return revision;
  });
}

}  // namespace sallyport::postgres
