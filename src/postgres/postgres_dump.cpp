// All of PostgresStore, out and in.
#include <fmt/format.h>

#include "postgres/postgres_store.h"
#include "postgres/schema.h"

namespace sallyport::postgres {
namespace {

constexpr std::size_t kBatch = 500;

const char* type_of(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::number:
      return "int8";
    case ColumnKind::text:
      return "text";
    case ColumnKind::bytes:
      return "bytea";
    case ColumnKind::boolean:
      return "bool";
  }
  return "";
}

Value value_of(const Rows& rows, std::size_t row, int column, ColumnKind kind) {
  if (rows.null(row, column)) return {};
  switch (kind) {
    case ColumnKind::number:
      return rows.integer(row, column);
    case ColumnKind::boolean:
      return std::int64_t{rows.boolean(row, column)};
    case ColumnKind::text:
    case ColumnKind::bytes:
      return std::string(rows.bytes(row, column));
  }
  return {};
}

Param param_of(const Value& value, ColumnKind kind) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return kind == ColumnKind::boolean ? Param(*number != 0) : Param(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return Param(*text);
  return Param(nullptr);
}

Result<void> insert(Connection& connection, const Table& table, const std::vector<Row>& rows) {
  if (rows.empty()) return {};
  std::string sql =
      fmt::format("INSERT INTO sallyport_{} ({}) OVERRIDING SYSTEM VALUE VALUES ", table.name, column_list(table));
  std::vector<Param> params;
  for (const Row& row : rows) {
    sql += params.empty() ? "(" : ",(";
    for (std::size_t i = 0; i < row.size(); ++i) {
      params.push_back(param_of(row[i], table.columns[i].kind));
      sql += fmt::format("{}${}::{}", i ? "," : "", params.size(), type_of(table.columns[i].kind));
    }
    sql += ')';
  }
  return connection.execute(sql.c_str(), params);
}

}  // namespace

Result<void> PostgresStore::dump(const RowSink& sink) {
  return look<void>([&](Connection& connection) -> Result<void> {
    Result<Transaction> transaction = Transaction::begin(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (!transaction) return unexpected(transaction.error());
    for (const Table& table : moved_tables()) {
      const std::string declare = fmt::format("DECLARE sallyport_dump NO SCROLL CURSOR FOR SELECT {} FROM sallyport_{}",
                                              column_list(table), table.name);
      if (Result<void> done = connection.execute(declare.c_str()); !done) return done;
      for (;;) {
        const Result<Rows> rows = connection.query("FETCH 5000 FROM sallyport_dump");
        if (!rows) return unexpected(rows.error());
        if (rows->size() == 0) break;
        for (std::size_t i = 0; i < rows->size(); ++i) {
          Row row;
          for (std::size_t c = 0; c < table.columns.size(); ++c)
            row.push_back(value_of(*rows, i, static_cast<int>(c), table.columns[c].kind));
          if (Result<void> sunk = sink(table, std::move(row)); !sunk) return sunk;
        }
      }
      if (Result<void> done = connection.execute("CLOSE sallyport_dump"); !done) return done;
    }
    return {};
  });
}

Result<void> PostgresStore::restore(const RowSource& source) {
  return change([&](Connection& connection, std::int64_t) -> Result<void> {
    if (Result<void> done = connection.execute("SET LOCAL statement_timeout = '30min'"); !done) return done;
    for (const Table& table : moved_tables()) {
      const Result<Rows> there =
          connection.query(fmt::format("SELECT 1 FROM sallyport_{} LIMIT 1", table.name).c_str());
      if (!there) return unexpected(there.error());
      if (there->size()) return unexpected(store_not_empty(table.name));
    }
    const Table* open = nullptr;
    std::vector<Row> waiting;
    for (;;) {
      Result<NextRow> next = source();
      if (!next) return unexpected(next.error());
      if (next->table != open || waiting.size() >= kBatch) {
        if (open)
          if (Result<void> done = insert(connection, *open, std::exchange(waiting, {})); !done) return done;
        open = next->table;
      }
      if (!open) break;
      waiting.push_back(std::move(next->row));
    }
    for (const Table& table : moved_tables())
      if (table.counted)
        if (Result<void> done = connection.execute(
                fmt::format("SELECT setval(pg_get_serial_sequence('sallyport_{0}', '{1}'), (SELECT max({1}) FROM "
                            "sallyport_{0}))",
                            table.name, table.counted)
                    .c_str());
            !done)
          return done;
    // Whoever followed this store reads it whole.
    for (const Table* table : numbered_tables())
      if (Result<void> done = connection.execute(
              fmt::format("UPDATE sallyport_meta SET sequence = greatest(sequence, (SELECT coalesce(max(seq), 0) "
                          "FROM sallyport_{}))",
                          table->name)
                  .c_str());
          !done)
        return done;
    return connection.execute("UPDATE sallyport_meta SET sequence = sequence + 1, oldest = sequence + 1");
  });
}

Result<std::vector<std::string>> PostgresStore::check() {
  using Found = std::vector<std::string>;
  return look<Found>([&](Connection& connection) -> Result<Found> {
    Found faults;
    for (const Table* table : numbered_tables()) {
      const Result<Rows> ahead = connection.query(
          fmt::format("SELECT count(*) FROM sallyport_{} WHERE seq > (SELECT sequence FROM sallyport_meta)",
                      table->name)
              .c_str());
      if (!ahead) return unexpected(ahead.error());
      if (ahead->integer(0, 0) > 0) faults.push_back(ahead_of_sequence(ahead->integer(0, 0), *table));
    }
    const Result<Rows> durable =
        connection.query("SELECT current_setting('fsync'), current_setting('full_page_writes')");
    if (!durable) return unexpected(durable.error());
    if (durable->bytes(0, 0) != "on" || durable->bytes(0, 1) != "on")
      faults.emplace_back("the server runs with fsync or full_page_writes off: what it acknowledges can be lost");
    return faults;
  });
}

Result<int> PostgresStore::schema() {
  return look<int>([](Connection& connection) { return schema_version(connection); });
}

}  // namespace sallyport::postgres
