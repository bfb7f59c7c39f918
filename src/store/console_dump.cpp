// All of ConsoleStore that goes along when a store is moved.
#include <fmt/format.h>

#include <filesystem>

#include "store/console_store.h"
#include "store/sqlite_connection.h"

namespace sallyport {
namespace {

constexpr std::size_t kBatch = 500;

std::string in_its_desk(const Table& table) {
  return "@" + std::string(std::string_view(table.name).substr(std::string_view("console_").size()));
}

}  // namespace

std::string console_folder(const std::string& set, const std::string& store_url) {
  constexpr std::string_view scheme = "sqlite://";
  if (!set.empty() || !store_url.starts_with(scheme)) return set;
  return std::filesystem::path(store_url.substr(scheme.size())).parent_path().string();
}

Result<std::unique_ptr<ConsoleStore>> ConsoleStore::open_if_there(const std::string& store_url,
                                                                  const std::string& path) {
  Result<std::unique_ptr<SqlDesk>> shared = open_desk(store_url, DeskOf::console);
  if (!shared) return unexpected(shared.error());
  if (*shared) return std::unique_ptr<ConsoleStore>(new ConsoleStore(std::move(*shared)));
  if (!identify_file(path)) return std::unique_ptr<ConsoleStore>();
  return open(store_url, path);
}

Result<void> ConsoleStore::dump(const RowSink& sink) {
  const std::lock_guard lock(mutex_);
  return desk_->in_one([&]() -> Result<void> {
    for (const Table& table : console_tables()) {
      Result<void> sunk;
      // By the first column, but what has a number of its own by that.
      const Result<void> read =
          desk_->each(fmt::format("SELECT {} FROM {} ORDER BY {}", column_list(table), in_its_desk(table),
                                  table.columns.front().kind == ColumnKind::number ? "number" : "1"),
                      {}, [&](const Row& row) {
                        if (sunk) sunk = sink(table, row);
                      });
      if (!read) return read;
      if (!sunk) return sunk;
    }
    return {};
  });
}

Result<void> ConsoleStore::restore(NextRow first, const RowSource& source,
                                   const std::function<Result<void>(NextRow)>& rest) {
  const std::lock_guard lock(mutex_);
  return desk_->in_one([&]() -> Result<void> {
    for (const Table& table : console_tables()) {
      const Result<std::int64_t> there = desk_->number("SELECT count(*) FROM " + in_its_desk(table));
      if (!there) return unexpected(there.error());
      if (*there) return unexpected(store_not_empty(table.name));
    }
    NextRow next = std::move(first);
    std::vector<Row> waiting;
    while (next.table && is_console_table(*next.table)) {
      const Table* const table = next.table;
      waiting.push_back(std::move(next.row));
      Result<NextRow> more = source();
      if (!more) return unexpected(more.error());
      next = std::move(*more);
      if (next.table == table && waiting.size() < kBatch) continue;
      if (Result<void> done = desk_->insert(in_its_desk(*table), column_list(*table), waiting); !done) return done;
      waiting.clear();
    }
    return rest(std::move(next));
  });
}

}  // namespace sallyport
