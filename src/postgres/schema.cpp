#include "postgres/schema.h"

#include <fmt/format.h>

namespace sallyport::postgres {
namespace {

constexpr std::int64_t kLock = 0x53616c79;  // "Saly"

// From nothing to version 1. What was released never changes; the next version gets a list of its own. Names are bytes
// and are kept as bytes; an index takes 2,700 of them at most, so the key is their hash.
constexpr const char* kFirst[] = {
    "CREATE TABLE sallyport_meta (id int PRIMARY KEY CHECK (id = 1), version int8 NOT NULL, instance text NOT NULL, "
    "sequence int8 NOT NULL, oldest int8 NOT NULL)",
    "INSERT INTO sallyport_meta VALUES (1, 1, gen_random_uuid()::text, 0, 0)",
    "CREATE TABLE sallyport_users (key bytea GENERATED ALWAYS AS (sha256(username)) STORED PRIMARY KEY, username bytea "
    "NOT NULL, hash text NOT NULL,"
    " enabled bool NOT NULL, is_superuser bool NOT NULL, seq int8 NOT NULL)",
    "CREATE INDEX sallyport_users_by_seq ON sallyport_users (seq)",
    "CREATE INDEX sallyport_users_by_name ON sallyport_users (substring(username from 1 for 255))",
    "CREATE TABLE sallyport_deleted_users (key bytea GENERATED ALWAYS AS (sha256(username)) STORED PRIMARY KEY, "
    "username bytea NOT NULL, seq int8 NOT NULL)",
    "CREATE INDEX sallyport_deleted_users_by_seq ON sallyport_deleted_users (seq)",
    "CREATE TABLE sallyport_settings_revisions (number int8 PRIMARY KEY, toml text NOT NULL, author text NOT NULL, "
    "comment text NOT NULL,"
    " created_at int8 NOT NULL, seq int8 NOT NULL)",
};
constexpr int kNewest = 1;

}  // namespace

Result<int> schema_version(Connection& connection) {
  // Not to_regclass(): while another node makes the tables it answers from a cache that remembers they are not there.
  const Result<Rows> there = connection.query(
      "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'sallyport_meta' AND relnamespace = "
      "current_schema()::regnamespace)");
  if (!there) return unexpected(there.error());
  if (!there->boolean(0, 0)) return 0;
  const Result<Rows> version = connection.query("SELECT version FROM sallyport_meta");
  if (!version) return unexpected(version.error());
  const std::int64_t found = version->size() == 1 ? version->integer(0, 0) : 0;
  if (found > kNewest)
    return unexpected(
        Error{ErrorKind::kInvalid,
              fmt::format("the store has schema {}, and this program knows schemas up to {}", found, kNewest),
              "a newer sallyport has written it: install that version here too", ""});
  return static_cast<int>(found);
}

Result<void> migrate(Connection& connection) {
  const Result<int> seen = schema_version(connection);
  if (!seen) return unexpected(seen.error());
  if (*seen == kNewest) return {};
  Result<Transaction> transaction = Transaction::begin(connection, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  if (Result<void> done = connection.execute("SELECT pg_advisory_xact_lock($1)", {kLock}); !done) return done;
  // Another node may have been first while we waited.
  const Result<int> version = schema_version(connection);
  if (!version) return unexpected(version.error());
  if (*version == 0) {
    for (const char* sql : kFirst)
      if (Result<void> done = connection.execute(sql); !done) return done;
  }
  return transaction->commit();
}

}  // namespace sallyport::postgres
