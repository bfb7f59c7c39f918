#include "postgres/postgres_desk.h"

#include <fmt/format.h>

#include <algorithm>

#include "postgres/schema.h"

namespace sallyport::postgres {
namespace {

constexpr std::int64_t kConsoleLock = 0x53616c63, kDecisionsLock = 0x53616c61;
constexpr std::size_t kBatch = 500;
// What a row costs beside its values: its header and pointer, and its places in the indexes.
constexpr std::int64_t kRowOverhead = 120;

std::string in_our_words(std::string_view sql, DeskOf of) {
  std::string out;
  for (const char c : sql) {
    if (c == '?')
      out += '$';
    else if (c == '@')
      out += of == DeskOf::console ? "sallyport_console_" : "sallyport_";
    else
      out += c;
  }
  return out;
}

std::vector<Param> params_of(const Row& values) {
  std::vector<Param> out;
  out.reserve(values.size());
  for (const Value& value : values) {
    if (const auto* number = std::get_if<std::int64_t>(&value))
      out.emplace_back(*number);
    else if (const auto* text = std::get_if<std::string>(&value))
      out.emplace_back(*text);
    else
      out.emplace_back(nullptr);
  }
  return out;
}

}  // namespace

Result<Connection*> PostgresDesk::connect() {
  if (connection_ && connection_->broken()) {
    if (within_)
      return unexpected(Error{ErrorKind::kUnavailable, "PostgreSQL: the connection was lost within a change", "", ""});
    connection_.reset();
  }
  if (connection_) return connection_.get();
  Result<std::unique_ptr<Connection>> opened = Connection::open(url_);
  if (!opened) return unexpected(opened.error());
  if (Result<void> done = migrate(**opened); !done) return unexpected(done.error());
  // A decision that a power cut takes is counted elsewhere; what an administrator did is not to be lost.
  if (of_ == DeskOf::decisions)
    if (Result<void> done = (*opened)->execute("SET synchronous_commit = off"); !done) return unexpected(done.error());
  connection_ = std::move(*opened);
  return connection_.get();
}

Result<Rows> PostgresDesk::ask(std::string_view sql, const Row& values) {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  return (*connection)->query(in_our_words(sql, of_).c_str(), params_of(values), Connection::Types::said);
}

Result<std::int64_t> PostgresDesk::run(std::string_view sql, const Row& values) {
  const Result<Rows> done = ask(sql, values);
  if (!done) return unexpected(done.error());
  return done->touched();
}

Result<void> PostgresDesk::each(std::string_view sql, const Row& values, const std::function<void(const Row&)>& take) {
  Result<Rows> rows = ask(sql, values);
  // Lost since the last question: a question, which changes nothing, is asked once more.
  if (!rows && !within_ && connection_ && connection_->broken()) rows = ask(sql, values);
  if (!rows) return unexpected(rows.error());
  for (std::size_t i = 0; i < rows->size(); ++i) {
    Row row;
    for (int c = 0; c < rows->columns(); ++c) {
      if (rows->null(i, c))
        row.emplace_back();
      else if (rows->is_number(c))
        row.emplace_back(rows->integer(i, c));
      else
        row.emplace_back(std::string(rows->bytes(i, c)));
    }
    take(row);
  }
  return {};
}

Result<void> PostgresDesk::insert(std::string_view table, std::string_view columns, const std::vector<Row>& rows) {
  for (std::size_t from = 0; from < rows.size(); from += kBatch) {
    std::string sql = fmt::format("INSERT INTO {} ({}) VALUES ", table, columns);
    Row values;
    for (std::size_t i = from; i < std::min(rows.size(), from + kBatch); ++i) {
      sql += i == from ? "(" : ",(";
      for (std::size_t c = 0; c < rows[i].size(); ++c) {
        values.push_back(rows[i][c]);
        sql += fmt::format("{}?{}", c ? "," : "", values.size());
      }
      sql += ')';
    }
    if (const Result<std::int64_t> done = run(sql, values); !done) return unexpected(done.error());
  }
  return {};
}

Result<void> PostgresDesk::in_one(const std::function<Result<void>()>& work) {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin(**connection, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  // Writers take turns: ids are committed in their order, so that whoever reads on from one misses none, and of two
  // who would each leave the other as the last administrator one sees what the other did.
  if (Result<void> turn =
          (*connection)
              ->execute("SELECT pg_advisory_xact_lock($1)", {of_ == DeskOf::console ? kConsoleLock : kDecisionsLock});
      !turn)
    return turn;
  within_ = true;
  const Result<void> done = work();
  within_ = false;
  if (!done) return done;
  return transaction->commit();
}

std::string PostgresDesk::holds(std::string_view column, std::string_view mark, bool without_case) const {
  return without_case
             ? fmt::format("position(lower(encode({}, 'escape')) in lower(encode({}, 'escape'))) > 0", mark, column)
             : fmt::format("position({} in {}) > 0", mark, column);
}

// Rows, counted by their ids (the oldest go first, so there are few gaps), times what an even sample of them takes: a
// table's own size does not shrink when rows go, and counting millions each ten seconds is not to be had.
Result<std::int64_t> PostgresDesk::bytes_of(std::string_view table) {
  return number(fmt::format(
      "WITH ends AS (SELECT min(id) AS low, max(id) AS high FROM {0}), sampled AS (SELECT pg_column_size(t.*) AS size "
      "FROM {0} t WHERE id IN (SELECT low + (high - low) * n / 1000 FROM ends, generate_series(0, 1000) n)) SELECT "
      "coalesce((SELECT (high - low + 1) FROM ends) * (SELECT avg(size) + {1} FROM sampled), 0)::int8",
      table, kRowOverhead));
}

Result<std::unique_ptr<SqlDesk>> open_postgres_desk(const std::string& url, DeskOf of) {
  auto desk = std::make_unique<PostgresDesk>(url, of);
  if (const Result<Connection*> opened = desk->connect(); !opened) return unexpected(opened.error());
  return std::unique_ptr<SqlDesk>(std::move(desk));
}

}  // namespace sallyport::postgres
