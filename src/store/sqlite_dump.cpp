// All of SqliteStore, out and in.
#include <fmt/format.h>

#include "store/sqlite_migrations.h"
#include "store/sqlite_store.h"

namespace sallyport {
Result<void> SqliteStore::dump(const RowSink& sink) {
  return look<void>([&](SqliteConnection& connection) -> Result<void> {
    Result<Transaction> transaction = Transaction::begin_read(connection);
    if (!transaction) return unexpected(transaction.error());
    for (const Table& table : moved_tables()) {
      Result<Statement> rows = connection.prepare(fmt::format("SELECT {} FROM {}", column_list(table), table.name));
      if (!rows) return unexpected(rows.error());
      Result<void> sunk;
      Result<void> read = rows->each([&](const Statement& from) {
        Row row;
        for (int i = 0; i < static_cast<int>(table.columns.size()); ++i) {
          const ColumnKind kind = table.columns[static_cast<std::size_t>(i)].kind;
          if (from.null(i))
            row.emplace_back();
          else if (kind == ColumnKind::number || kind == ColumnKind::boolean)
            row.emplace_back(from.integer(i));
          else
            row.emplace_back(from.text(i));
        }
        sunk = sink(table, std::move(row));
        return sunk.has_value();
      });
      if (!read) return read;
      if (!sunk) return sunk;
    }
    return {};
  });
}

Result<void> SqliteStore::restore(const RowSource& source) {
  return change([&](SqliteConnection& connection, std::int64_t) -> Result<void> {
    for (const Table& table : moved_tables()) {
      const Result<bool> there = connection.exists(fmt::format("SELECT 1 FROM {} LIMIT 1", table.name));
      if (!there) return unexpected(there.error());
      if (*there) return unexpected(store_not_empty(table.name));
    }
    const Table* open = nullptr;
    Statement put;
    for (;;) {
      Result<NextRow> next = source();
      if (!next) return unexpected(next.error());
      if (!next->table) break;
      if (next->table != open) {
        open = next->table;
        std::string marks;
        for (std::size_t i = 0; i < open->columns.size(); ++i) marks += i ? ", ?" : "?";
        Result<Statement> prepared =
            connection.prepare(fmt::format("INSERT INTO {} ({}) VALUES ({})", open->name, column_list(*open), marks));
        if (!prepared) return unexpected(prepared.error());
        put = std::move(*prepared);
      }
      for (std::size_t i = 0; i < next->row.size(); ++i) {
        const int index = static_cast<int>(i) + 1;
        if (const auto* number = std::get_if<std::int64_t>(&next->row[i]))
          put.bind(index, *number);
        else if (const auto* text = std::get_if<std::string>(&next->row[i]))
          put.bind(index, std::string_view(*text));
        else
          put.bind_null(index);
      }
      if (Result<void> done = put.run(); !done) return done;
    }
    // Whoever followed this store reads it whole.
    for (const Table* table : numbered_tables())
      if (Result<void> done = connection.run(fmt::format(
              "UPDATE meta SET sequence = max(sequence, (SELECT coalesce(max(seq), 0) FROM {}))", table->name));
          !done)
        return done;
    return connection.execute("UPDATE meta SET sequence = sequence + 1, oldest = sequence + 1");
  });
}

Result<std::vector<std::string>> SqliteStore::check() {
  using Found = std::vector<std::string>;
  return look<Found>([&](SqliteConnection& connection) -> Result<Found> {
    Found faults;
    Result<Statement> rows = connection.prepare("PRAGMA integrity_check(20)");
    if (!rows) return unexpected(rows.error());
    Result<void> read = rows->each([&](const Statement& row) {
      if (row.text(0) != "ok") faults.push_back("the file is damaged: " + row.text(0));
      return true;
    });
    if (!read) return unexpected(read.error());
    for (const Table* table : numbered_tables()) {
      const Result<std::int64_t> ahead = connection.integer(
          fmt::format("SELECT count(*) FROM {} WHERE seq > (SELECT sequence FROM meta)", table->name));
      if (!ahead) return unexpected(ahead.error());
      if (*ahead > 0) faults.push_back(ahead_of_sequence(*ahead, *table));
    }
    return faults;
  });
}

Result<int> SqliteStore::schema() {
  return look<int>([](SqliteConnection& connection) { return schema_version(connection); });
}

}  // namespace sallyport
