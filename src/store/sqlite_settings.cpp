// Revisions of settings of SqliteStore.
#include <fmt/format.h>

#include "store/sqlite_store.h"

namespace sallyport {
namespace {
constexpr std::string_view kColumns = "number, toml, author, comment, created_at";

SettingsRevision revision_of(const Statement& row) {
  return {row.integer(0), row.text(1), row.text(2), row.text(3), row.integer(4)};
}
}  // namespace

Result<std::optional<SettingsRevision>> SqliteStore::current_settings() {
  return look<std::optional<SettingsRevision>>([](SqliteConnection& c) { return read_current_settings(c); });
}

// Newest first.
Result<std::vector<SettingsRevision>> SqliteStore::list_settings(std::size_t limit) {
  return look<std::vector<SettingsRevision>>([&](SqliteConnection& c) { return read_settings(c, limit); });
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
  Result<void> read = rows->each([&](const Statement& row) {
    found.push_back(revision_of(row));
    return true;
  });
  if (!read) return unexpected(read.error());
  return found;
}

Result<SettingsRevision> SqliteStore::put_settings(std::string_view toml, std::string_view author,
                                                   std::string_view comment, std::optional<std::int64_t> expected) {
  if (Result<void> fine = check_settings_size(toml); !fine) return unexpected(fine.error());
  return change<SettingsRevision>([&](SqliteConnection& connection, std::int64_t sequence) -> Result<SettingsRevision> {
    const Result<std::int64_t> current = connection.integer("SELECT coalesce(max(number), 0) FROM settings_revisions");
    if (!current) return unexpected(current.error());
    if (Result<void> fine = check_current_settings(*current, expected); !fine) return unexpected(fine.error());
    SettingsRevision revision{*current + 1, std::string(toml), std::string(author), std::string(comment),
                              SystemClock().unix_seconds()};
    Result<void> put = connection.run("INSERT INTO settings_revisions VALUES (?, ?, ?, ?, ?, ?)", revision.number,
                                      revision.toml, revision.author, revision.comment, revision.created_at, sequence);
    if (!put) return unexpected(put.error());
    return revision;
  });
}

}  // namespace sallyport
