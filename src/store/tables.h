// The tables that a store is moved with: the same columns in every engine (PostgreSQL's
// have "sallyport_" before their names). Whoever gives the engines another table names
// it here, or among those that stay: a test compares with what the engines have.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sallyport {

enum class ColumnKind : std::uint8_t { number, text, bytes, boolean };

struct Column {
  const char* name;
  ColumnKind kind;
};

struct Table {
  const char* name;
  std::vector<Column> columns;
  const char* counted = nullptr;  // the column that the engine counts up itself
};

const std::vector<Table>& moved_tables();
// The console's own, which are moved with them where they are: their names begin with "console_", which is not in the
// names of an SQLite file.
const std::vector<Table>& console_tables();
bool is_console_table(const Table& table);
const Table* moved_table(std::string_view name);  // of both
std::string column_list(const Table& table);
// Those whose rows carry numbers of the change sequence.
const std::vector<const Table*>& numbered_tables();
std::string ahead_of_sequence(std::int64_t rows, const Table& table);
// What belongs to one store alone, or is made anew: "meta", names of what was deleted, admissions, kept decisions,
// who is signed in at the console and who is invited.
const std::vector<std::string_view>& staying_tables();

// Nothing, a number (a boolean is 0 or 1), or text and bytes.
using Value = std::variant<std::monostate, std::int64_t, std::string>;
using Row = std::vector<Value>;

// Row by row; an error of the sink ends it.
using RowSink = std::function<Result<void>(const Table& table, Row row)>;
// The next row, and its table; null at the end. An error ends the restoring, and nothing of it stays.
struct NextRow {
  const Table* table = nullptr;
  Row row;
};
using RowSource = std::function<Result<NextRow>()>;

inline Error store_not_empty(std::string_view table) {
  return {ErrorKind::kConflict, "the store is not empty: there is something in " + std::string(table),
          "name a store that is new, or remove what is in this one", ""};
}

}  // namespace sallyport
