#include "store/sqlite_desk.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport {
namespace {

void bind(Statement& statement, const Row& values) {
  int index = 0;
  for (const Value& value : values) {
    ++index;
    if (const auto* number = std::get_if<std::int64_t>(&value))
      statement.bind(index, *number);
    else if (const auto* text = std::get_if<std::string>(&value))
      statement.bind(index, std::string_view(*text));
    else
      statement.bind_null(index);
  }
}

}  // namespace

Result<Statement> SqliteDesk::prepared(std::string_view sql, const Row& values) {
  std::string text(sql);
  text.erase(std::remove(text.begin(), text.end(), '@'), text.end());
  Result<Statement> statement = connection_->prepare(text);
  if (statement) bind(*statement, values);
  return statement;
}

Result<std::int64_t> SqliteDesk::run(std::string_view sql, const Row& values) {
  Result<Statement> statement = prepared(sql, values);
  if (!statement) return unexpected(statement.error());
  if (Result<void> done = statement->run(); !done) return unexpected(done.error());
  return connection_->integer("SELECT changes()");
}

Result<void> SqliteDesk::each(std::string_view sql, const Row& values, const std::function<void(const Row&)>& take) {
  Result<Statement> statement = prepared(sql, values);
  if (!statement) return unexpected(statement.error());
  return statement->each([&](const Statement& from) {
    Row row;
    for (int i = 0; i < from.columns(); ++i) {
      if (from.null(i))
        row.emplace_back();
      else if (from.numeric(i))
        row.emplace_back(from.integer(i));
      else
        row.emplace_back(from.text(i));
    }
    take(row);
    return true;
  });
}

Result<void> SqliteDesk::insert(std::string_view table, std::string_view columns, const std::vector<Row>& rows) {
  if (rows.empty()) return {};
  std::string marks;
  for (std::size_t i = 0; i < rows.front().size(); ++i) marks += i ? ", ?" : "?";
  Result<Statement> put = prepared(fmt::format("INSERT INTO {} ({}) VALUES ({})", table, columns, marks), {});
  if (!put) return unexpected(put.error());
  for (const Row& row : rows) {
    bind(*put, row);
    if (Result<void> done = put->run(); !done) return done;
  }
  return {};
}

Result<void> SqliteDesk::in_one(const std::function<Result<void>()>& work) {
  Result<Transaction> transaction = Transaction::begin_write(*connection_);
  if (!transaction) return unexpected(transaction.error());
  if (Result<void> done = work(); !done) return done;
  return transaction->commit();
}

std::string SqliteDesk::holds(std::string_view column, std::string_view mark, bool without_case) const {
  return without_case ? fmt::format("instr(lower({}), lower({})) > 0", column, mark)
                      : fmt::format("instr({}, {}) > 0", column, mark);
}

Result<std::int64_t> SqliteDesk::bytes_of(std::string_view) {
  const Result<std::int64_t> pages = connection_->integer("PRAGMA page_count");
  const Result<std::int64_t> empty = connection_->integer("PRAGMA freelist_count");
  const Result<std::int64_t> size = connection_->integer("PRAGMA page_size");
  if (!pages) return pages;
  if (!empty) return empty;
  if (!size) return size;
  return (*pages - *empty) * *size;
}

Result<void> SqliteDesk::tidy() { return connection_->execute("PRAGMA incremental_vacuum(2000)"); }

}  // namespace sallyport
