// Revocations and blocks of PostgresStore.
#include <fmt/format.h>

#include "postgres/postgres_store.h"
#include "store/bar_rules.h"

namespace sallyport::postgres {
namespace {

#define SP_COLUMNS "id, kind, value, issuer, issued_before, until, why, author, created_at"
#define SP_WHICH "key = sha256(int8send($2::int8) || $3::bytea || '\\x00'::bytea || $1::bytea)"

constexpr std::size_t kBatch = 500;

// A kind that is not known must not be passed over: it may keep somebody out.
Result<BarRecord> record_of(const Rows& rows, std::size_t row) {
  const std::optional<BarKind> kind = bar_kind_from_number(rows.integer(row, 1));
  if (!kind) return unexpected(unknown_kind_of_bar());
  BarRecord out;
  out.id = rows.integer(row, 0);
  out.kind = *kind;
  out.value = rows.bytes(row, 2);
  out.issuer = rows.bytes(row, 3);
  out.issued_before = rows.integer(row, 4);
  out.until = rows.integer(row, 5);
  out.why = rows.bytes(row, 6);
  out.author = rows.bytes(row, 7);
  out.created_at = rows.integer(row, 8);
  return out;
}

// One statement for a batch. Of two rows of one key in it, PostgreSQL would refuse the second: whoever calls sees to
// that.
Result<void> put_batch(Connection& connection, const std::vector<BarRecord>& bars, std::int64_t sequence,
                       UnixSeconds now) {
  if (bars.empty()) return {};
  std::string sql =
      "INSERT INTO sallyport_bars AS b (kind, value, issuer, issued_before, until, why, author, created_at, removed, "
      "seq) VALUES ";
  std::vector<Param> params{now, sequence};
  int next = 3;
  for (std::size_t i = 0; i < bars.size(); ++i, next += 8) {
    sql += fmt::format(
        "{}(${}::int8,${}::bytea,${}::bytea,${}::int8,${}::int8,${}::bytea,${}::bytea,${}::int8,false,$2::int8)",
        i ? "," : "", next, next + 1, next + 2, next + 3, next + 4, next + 5, next + 6, next + 7);
    const BarRecord& bar = bars[i];
    params.insert(params.end(), {static_cast<std::int64_t>(bar.kind), bar.value, bar.issuer, bar.issued_before,
                                 bar.until, bar.why, bar.author, bar.created_at});
  }
  // A row that is over or was removed is another one's from here on.
  sql +=
      " ON CONFLICT (key) DO UPDATE SET"
      " issued_before = CASE WHEN b.removed OR b.until <= $1::int8 THEN excluded.issued_before"
      " ELSE greatest(b.issued_before, excluded.issued_before) END,"
      " why = CASE WHEN excluded.why = ''::bytea AND NOT b.removed AND b.until > $1::int8 THEN b.why"
      " ELSE excluded.why END,"
      " until = CASE WHEN b.removed OR b.until <= $1::int8 THEN excluded.until"
      " ELSE greatest(b.until, excluded.until) END,"
      " author = excluded.author, created_at = excluded.created_at, removed = false, seq = excluded.seq";
  return connection.execute(sql.c_str(), params);
}

Result<void> purge(Connection& connection, UnixSeconds now) {
  const std::int64_t before = now - kBarGrace;
  // Followers that have not heard of a removal by now read everything again.
  if (Result<void> done = connection.execute(
          "UPDATE sallyport_meta SET oldest = greatest(oldest, (SELECT coalesce(max(seq), 0) FROM sallyport_bars WHERE "
          "removed AND until < $1::int8))",
          {before});
      !done)
    return done;
  return connection.execute("DELETE FROM sallyport_bars WHERE until < $1::int8", {before});
}

bool same_key(const BarRecord& a, const BarRecord& b) {
  return a.kind == b.kind && a.value == b.value && a.issuer == b.issuer;
}

}  // namespace

Result<KeptBar> PostgresStore::put_bar(const BarRecord& given) {
  Result<BarRecord> bar = ready_to_keep(given);
  if (!bar) return unexpected(bar.error());
  const Result<Connection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Connection& store = **connection;
  const UnixSeconds now = SystemClock().unix_seconds();
  Result<Transaction> transaction = Transaction::begin(store, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(store);
  if (!sequence) return unexpected(sequence.error());
  const std::vector<Param> which{bar->value, static_cast<std::int64_t>(bar->kind), bar->issuer};
  std::vector<Param> alive = which;
  alive.emplace_back(now);
  const Result<Rows> there =
      store.query("SELECT 1 FROM sallyport_bars WHERE " SP_WHICH " AND NOT removed AND until > $4::int8", alive);
  if (!there) return unexpected(there.error());
  if (Result<void> done = put_batch(store, {*bar}, *sequence, now); !done) return unexpected(done.error());
  const Result<Rows> kept = store.query("SELECT " SP_COLUMNS " FROM sallyport_bars WHERE " SP_WHICH, which);
  if (!kept) return unexpected(kept.error());
  if (kept->size() != 1) return unexpected(Error{ErrorKind::kInternal, "the store lost what it was given", "", ""});
  Result<BarRecord> record = record_of(*kept, 0);
  if (!record) return unexpected(record.error());
  if (Result<void> done = purge(store, now); !done) return unexpected(done.error());
  if (Result<void> done = transaction->commit(); !done) return unexpected(done.error());
  return KeptBar{std::move(*record), there->size() != 0};
}

Result<void> PostgresStore::put_bars(const std::vector<BarRecord>& bars) {
  const Result<Connection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Connection& store = **connection;
  const UnixSeconds now = SystemClock().unix_seconds();
  Result<Transaction> transaction = Transaction::begin(store, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  if (Result<void> done = store.execute("SET LOCAL statement_timeout = '30min'"); !done) return done;
  const Result<std::int64_t> sequence = next_sequence(store);
  if (!sequence) return unexpected(sequence.error());
  std::vector<BarRecord> batch;
  const auto flush = [&]() -> Result<void> {
    Result<void> done = put_batch(store, batch, *sequence, now);
    batch.clear();
    return done;
  };
  for (const BarRecord& given : bars) {
    Result<BarRecord> bar = ready_to_keep(given);
    if (!bar) return unexpected(bar.error());
    bool twice = false;
    for (const BarRecord& waiting : batch) twice = twice || same_key(waiting, *bar);
    if (twice || batch.size() >= kBatch)
      if (Result<void> done = flush(); !done) return done;
    batch.push_back(std::move(*bar));
  }
  if (Result<void> done = flush(); !done) return done;
  if (Result<void> done = purge(store, now); !done) return done;
  return transaction->commit();
}

Result<std::vector<BarRecord>> PostgresStore::list_bars(const BarQuery& query) {
  std::vector<BarRecord> found;
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return found;
  const Result<Rows> rows =
      (*connection)
          ->query("SELECT " SP_COLUMNS
                  " FROM sallyport_bars WHERE id > $1::int8 AND kind >= $2::int8 AND kind < $3::int8 AND NOT removed "
                  "AND until > $4::int8 AND ($5::bytea = ''::bytea OR position($5::bytea in value) > 0 OR "
                  "position($5::bytea in why) > 0) ORDER BY id LIMIT $6::int8",
                  {query.after, first_kind(query.of), after_last_kind(query.of), SystemClock().unix_seconds(),
                   query.search, static_cast<std::int64_t>(query.limit)});
  if (!rows) return unexpected(rows.error());
  for (std::size_t i = 0; i < rows->size(); ++i) {
    Result<BarRecord> record = record_of(*rows, i);
    if (!record) return unexpected(record.error());
    found.push_back(std::move(*record));
  }
  return found;
}

Result<std::size_t> PostgresStore::count_bars(BarClass of) {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return std::size_t{0};
  const Result<Rows> rows = (*connection)
                                ->query(
                                    "SELECT count(*) FROM sallyport_bars WHERE kind >= $1::int8 AND kind < "
                                    "$2::int8 AND NOT removed AND until > $3::int8",
                                    {first_kind(of), after_last_kind(of), SystemClock().unix_seconds()});
  if (!rows) return unexpected(rows.error());
  return static_cast<std::size_t>(rows->integer(0, 0));
}

Result<BarRecord> PostgresStore::remove_bar(BarClass of, std::int64_t id) {
  const Result<Connection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Connection& store = **connection;
  const UnixSeconds now = SystemClock().unix_seconds();
  Result<Transaction> transaction = Transaction::begin(store, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> sequence = next_sequence(store);
  if (!sequence) return unexpected(sequence.error());
  const Result<Rows> row = store.query("SELECT " SP_COLUMNS
                                       " FROM sallyport_bars WHERE id = $1::int8 AND kind >= $2::int8 AND kind < "
                                       "$3::int8 AND NOT removed AND until > $4::int8",
                                       {id, first_kind(of), after_last_kind(of), now});
  if (!row) return unexpected(row.error());
  if (row->size() == 0) return unexpected(no_such_bar(of, id));
  Result<BarRecord> was = record_of(*row, 0);
  if (!was) return was;
  if (Result<void> done = store.execute(
          "UPDATE sallyport_bars SET removed = true, until = $2::int8, seq = $3::int8 WHERE id = $1::int8",
          {id, now, *sequence});
      !done)
    return unexpected(done.error());
  if (Result<void> done = transaction->commit(); !done) return unexpected(done.error());
  return was;
}

Result<void> PostgresStore::purge_bars(UnixSeconds now) {
  const Result<Connection*> connection = connect_to_write();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin(**connection, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  if (Result<void> done = purge(**connection, now); !done) return done;
  return transaction->commit();
}

Result<void> PostgresStore::load_bars(const std::function<void(const BarRecord&)>& sink) {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return {};
  Result<Transaction> transaction = Transaction::begin(**connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!transaction) return unexpected(transaction.error());
  return read_bars(**connection, sink);
}

Result<void> PostgresStore::read_bars(Connection& connection, const std::function<void(const BarRecord&)>& sink) {
  if (Result<void> done = connection.execute("DECLARE sallyport_all_bars NO SCROLL CURSOR FOR SELECT " SP_COLUMNS
                                             " FROM sallyport_bars WHERE NOT removed");
      !done)
    return done;
  for (;;) {
    const Result<Rows> rows = connection.query("FETCH 5000 FROM sallyport_all_bars");
    if (!rows) return unexpected(rows.error());
    if (rows->size() == 0) return {};
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const Result<BarRecord> record = record_of(*rows, i);
      if (!record) return unexpected(record.error());
      sink(*record);
    }
  }
}

Result<void> PostgresStore::tell_bars(Connection& connection, std::int64_t sequence, StoreChanges& changes) {
  const Result<Rows> rows = connection.query(
      "SELECT " SP_COLUMNS ", removed FROM sallyport_bars WHERE seq > $1::int8 ORDER BY seq LIMIT $2::int8",
      {sequence, kMaxBarChangesTold + 1});
  if (!rows) return unexpected(rows.error());
  if (rows->size() > static_cast<std::size_t>(kMaxBarChangesTold)) {
    changes.bars_from_scratch = true;
    return {};
  }
  for (std::size_t i = 0; i < rows->size(); ++i) {
    Result<BarRecord> record = record_of(*rows, i);
    if (!record) return unexpected(record.error());
    changes.bars.push_back({std::move(*record), rows->boolean(i, 9)});
  }
  return {};
}

}  // namespace sallyport::postgres
