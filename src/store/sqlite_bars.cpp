// Revocations and blocks of SqliteStore.
#include <fmt/format.h>

#include "store/bar_rules.h"
#include "store/sqlite_store.h"

namespace sallyport {
namespace {

constexpr std::string_view kColumns = "id, kind, value, issuer, issued_before, until, why, author, created_at";

// A kind that is not known must not be passed over: it may keep somebody out.
Result<BarRecord> record_of(const Statement& row) {
  const std::optional<BarKind> kind = bar_kind_from_number(row.integer(1));
  if (!kind) return unexpected(unknown_kind_of_bar());
  BarRecord out;
  out.id = row.integer(0);
  out.kind = *kind;
  out.value = row.text(2);
  out.issuer = row.text(3);
  out.issued_before = row.integer(4);
  out.until = row.integer(5);
  out.why = row.text(6);
  out.author = row.text(7);
  out.created_at = row.integer(8);
  return out;
}

// ?10: now. A row that is over or was removed is another one's from here on.
constexpr std::string_view kPut =
    "INSERT INTO bars (kind, value, issuer, issued_before, until, why, author, created_at, removed, seq)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9) ON CONFLICT (value, kind, issuer) DO UPDATE SET"
    " issued_before = CASE WHEN removed OR until <= ?10 THEN excluded.issued_before"
    " ELSE max(issued_before, excluded.issued_before) END,"
    " why = CASE WHEN excluded.why = '' AND NOT removed AND until > ?10 THEN why ELSE excluded.why END,"
    " until = CASE WHEN removed OR until <= ?10 THEN excluded.until ELSE max(until, excluded.until) END,"
    " author = excluded.author, created_at = excluded.created_at, removed = 0, seq = excluded.seq";

void bind_bar(Statement& put, const BarRecord& bar, std::int64_t sequence, UnixSeconds now) {
  put.bind(1, static_cast<std::int64_t>(bar.kind))
      .bind(2, bar.value)
      .bind(3, bar.issuer)
      .bind(4, bar.issued_before)
      .bind(5, bar.until)
      .bind(6, bar.why)
      .bind(7, bar.author)
      .bind(8, bar.created_at)
      .bind(9, sequence)
      .bind(10, now);
}

Result<void> purge(SqliteConnection& connection, UnixSeconds now) {
  // Followers that have not heard of a removal by now read everything again.
  const std::int64_t before = now - kBarGrace;
  Result<Statement> forget = connection.prepare(
      "UPDATE meta SET oldest = max(oldest, (SELECT coalesce(max(seq), 0) FROM bars WHERE removed AND until < ?1))");
  Result<Statement> remove = connection.prepare("DELETE FROM bars WHERE until < ?1");
  if (!forget) return unexpected(forget.error());
  if (!remove) return unexpected(remove.error());
  if (Result<void> done = forget->bind(1, before).run(); !done) return done;
  return remove->bind(1, before).run();
}

}  // namespace

Result<KeptBar> SqliteStore::put_bar(const BarRecord& given) {
  const Result<BarRecord> bar = ready_to_keep(given);
  if (!bar) return unexpected(bar.error());
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  SqliteConnection& store = **connection;
  const UnixSeconds now = SystemClock().unix_seconds();
  Result<Transaction> transaction = Transaction::begin_write(store);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(store);
  if (!sequence) return unexpected(sequence.error());
  constexpr std::string_view which = "FROM bars WHERE value = ?1 AND kind = ?2 AND issuer = ?3";
  Result<Statement> there = store.prepare(fmt::format("SELECT 1 {} AND NOT removed AND until > ?4", which));
  if (!there) return unexpected(there.error());
  const Result<bool> known =
      there->bind(1, bar->value).bind(2, static_cast<std::int64_t>(bar->kind)).bind(3, bar->issuer).bind(4, now).step();
  if (!known) return unexpected(known.error());
  Result<Statement> put = store.prepare(kPut);
  if (!put) return unexpected(put.error());
  bind_bar(*put, *bar, *sequence, now);
  if (Result<void> done = put->run(); !done) return unexpected(done.error());
  Result<Statement> kept = store.prepare(fmt::format("SELECT {} {}", kColumns, which));
  if (!kept) return unexpected(kept.error());
  const Result<bool> row =
      kept->bind(1, bar->value).bind(2, static_cast<std::int64_t>(bar->kind)).bind(3, bar->issuer).step();
  if (!row) return unexpected(row.error());
  Result<BarRecord> record = record_of(*kept);
  if (!record) return unexpected(record.error());
  if (Result<void> done = purge(store, now); !done) return unexpected(done.error());
  if (Result<void> done = transaction->commit(); !done) return unexpected(done.error());
  return KeptBar{std::move(*record), *known};
}

Result<void> SqliteStore::put_bars(const std::vector<BarRecord>& bars) {
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  SqliteConnection& store = **connection;
  const UnixSeconds now = SystemClock().unix_seconds();
  if (Result<void> done = store.execute("PRAGMA cache_size = -32768"); !done) return done;
  Result<Transaction> transaction = Transaction::begin_write(store);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(store);
  if (!sequence) return unexpected(sequence.error());
  Result<Statement> put = store.prepare(kPut);
  if (!put) return unexpected(put.error());
  for (const BarRecord& given : bars) {
    const Result<BarRecord> bar = ready_to_keep(given);
    if (!bar) return unexpected(bar.error());
    bind_bar(*put, *bar, *sequence, now);
    if (Result<void> done = put->run(); !done) return done;
  }
  if (Result<void> done = purge(store, now); !done) return done;
  return transaction->commit();
}

Result<std::vector<BarRecord>> SqliteStore::list_bars(const BarQuery& query) {
  std::vector<BarRecord> found;
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return found;
  Result<Statement> rows =
      (*connection)
          ->prepare(fmt::format("SELECT {} FROM bars WHERE id > ?1 AND kind >= ?2 AND kind < ?3 AND NOT removed AND "
                                "until > ?4 AND (?5 = '' OR instr(value, ?5) > 0 OR instr(why, ?5) > 0) ORDER BY id "
                                "LIMIT ?6",
                                kColumns));
  if (!rows) return unexpected(rows.error());
  rows->bind(1, query.after)
      .bind(2, first_kind(query.of))
      .bind(3, after_last_kind(query.of))
      .bind(4, SystemClock().unix_seconds())
      .bind(5, query.search)
      .bind(6, static_cast<std::int64_t>(query.limit));
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return unexpected(row.error());
    if (!*row) return found;
    Result<BarRecord> record = record_of(*rows);
    if (!record) return unexpected(record.error());
    found.push_back(std::move(*record));
  }
}

Result<std::size_t> SqliteStore::count_bars(BarClass of) {
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return std::size_t{0};
  Result<Statement> count = (*connection)
                                ->prepare(
                                    "SELECT count(*) FROM bars WHERE kind >= ?1 AND kind < ?2 AND NOT removed "
                                    "AND until > ?3");
  if (!count) return unexpected(count.error());
  const Result<bool> row =
      count->bind(1, first_kind(of)).bind(2, after_last_kind(of)).bind(3, SystemClock().unix_seconds()).step();
  if (!row) return unexpected(row.error());
  return static_cast<std::size_t>(count->integer(0));
}

Result<BarRecord> SqliteStore::remove_bar(BarClass of, std::int64_t id) {
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  SqliteConnection& store = **connection;
  const UnixSeconds now = SystemClock().unix_seconds();
  Result<Transaction> transaction = Transaction::begin_write(store);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(store);
  if (!sequence) return unexpected(sequence.error());
  Result<Statement> find = store.prepare(fmt::format(
      "SELECT {} FROM bars WHERE id = ?1 AND kind >= ?2 AND kind < ?3 AND NOT removed AND until > ?4", kColumns));
  if (!find) return unexpected(find.error());
  const Result<bool> row = find->bind(1, id).bind(2, first_kind(of)).bind(3, after_last_kind(of)).bind(4, now).step();
  if (!row) return unexpected(row.error());
  if (!*row) return unexpected(no_such_bar(of, id));
  Result<BarRecord> was = record_of(*find);
  if (!was) return was;
  find->reset();
  Result<Statement> remove = store.prepare("UPDATE bars SET removed = 1, until = ?2, seq = ?3 WHERE id = ?1");
  if (!remove) return unexpected(remove.error());
  if (Result<void> done = remove->bind(1, id).bind(2, now).bind(3, *sequence).run(); !done)
    return unexpected(done.error());
  if (Result<void> done = transaction->commit(); !done) return unexpected(done.error());
  return was;
}

Result<void> SqliteStore::purge_bars(UnixSeconds now) {
  const Result<SqliteConnection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin_write(**connection);
  if (!transaction) return unexpected(transaction.error());
  if (Result<void> done = purge(**connection, now); !done) return done;
  return transaction->commit();
}

Result<void> SqliteStore::load_bars(const std::function<void(const BarRecord&)>& sink) {
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return {};
  return read_bars(**connection, sink);
}

Result<void> SqliteStore::read_bars(SqliteConnection& connection, const std::function<void(const BarRecord&)>& sink) {
  Result<Statement> rows = connection.prepare(fmt::format("SELECT {} FROM bars WHERE NOT removed", kColumns));
  if (!rows) return unexpected(rows.error());
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return unexpected(row.error());
    if (!*row) return {};
    const Result<BarRecord> record = record_of(*rows);
    if (!record) return unexpected(record.error());
    sink(*record);
  }
}

Result<void> SqliteStore::tell_bars(SqliteConnection& connection, std::int64_t sequence, StoreChanges& changes) {
  Result<Statement> rows = connection.prepare(fmt::format(
      "SELECT {}, removed FROM bars WHERE seq > ?1 ORDER BY seq LIMIT {}", kColumns, kMaxBarChangesTold + 1));
  if (!rows) return unexpected(rows.error());
  rows->bind(1, sequence);
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return unexpected(row.error());
    if (!*row) return {};
    if (changes.bars.size() == static_cast<std::size_t>(kMaxBarChangesTold)) {
      changes.bars.clear();
      changes.bars_from_scratch = true;
      return {};
    }
    Result<BarRecord> record = record_of(*rows);
    if (!record) return unexpected(record.error());
    changes.bars.push_back({std::move(*record), rows->integer(9) != 0});
  }
}

}  // namespace sallyport
