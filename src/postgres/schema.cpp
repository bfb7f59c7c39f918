#include "postgres/schema.h"

#include <iterator>

#include "store/store_work.h"

namespace sallyport::postgres {
namespace {

constexpr std::int64_t kLock = 0x53616c79;  // "Saly"

// Step i leads from version i to i + 1. A step that was released never changes. Names are bytes and are kept as bytes;
// an index takes 2,700 of them at most, so the key is their hash.
using Step = std::vector<const char*>;
const Step kSteps[] = {
    {
        "CREATE TABLE sallyport_meta (id int PRIMARY KEY CHECK (id = 1), version int8 NOT NULL, instance text NOT "
        "NULL, "
        "sequence int8 NOT NULL, oldest int8 NOT NULL)",
        "INSERT INTO sallyport_meta VALUES (1, 1, gen_random_uuid()::text, 0, 0)",
        "CREATE TABLE sallyport_users (key bytea GENERATED ALWAYS AS (sha256(username)) STORED PRIMARY KEY, username "
        "bytea "
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
    },
    // Admissions, shared between nodes. They are no change: they take no number, and a client's own name stands nowhere
    // in them. stored_ms is the database's clock, for those who catch up.
    {
        "CREATE FUNCTION sallyport_now_ms() RETURNS int8 LANGUAGE sql AS $$ SELECT (extract(epoch FROM "
        "clock_timestamp()) * 1000)::int8 $$",
        "CREATE TABLE sallyport_admissions (key bytea PRIMARY KEY, record bytea NOT NULL, ends_at int8 NOT NULL, at_ms "
        "int8 NOT NULL, stored_ms int8 NOT NULL DEFAULT sallyport_now_ms())",
        "CREATE INDEX sallyport_admissions_by_end ON sallyport_admissions (ends_at)",
        "CREATE INDEX sallyport_admissions_by_store ON sallyport_admissions (stored_ms)",
    },
};
constexpr int kNewest = static_cast<int>(std::size(kSteps));

}  // namespace

int newest_schema() noexcept { return kNewest; }

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
  if (found > kNewest) return unexpected(newer_schema("the store", found, kNewest));
  return static_cast<int>(found);
}

Result<void> migrate(Connection& connection, int up_to) {
  const Result<int> seen = schema_version(connection);
  if (!seen) return unexpected(seen.error());
  if (*seen >= up_to) return {};
  Result<Transaction> transaction = Transaction::begin(connection, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  if (Result<void> done = connection.execute("SELECT pg_advisory_xact_lock($1)", {kLock}); !done) return done;
  // Another node may have been first while we waited.
  const Result<int> version = schema_version(connection);
  if (!version) return unexpected(version.error());
  for (int step = *version; step < up_to; ++step)
    for (const char* sql : kSteps[step])
      if (Result<void> done = connection.execute(sql); !done) return done;
  if (*version < up_to)
    if (Result<void> done =
            connection.execute("UPDATE sallyport_meta SET version = $1::int8", {static_cast<std::int64_t>(up_to)});
        !done)
      return done;
  return transaction->commit();
}

}  // namespace sallyport::postgres
