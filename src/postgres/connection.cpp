#include "postgres/connection.h"

#include <libpq-fe.h>

#include <cstdlib>
#include <utility>

namespace sallyport::postgres {
namespace {

constexpr Oid kInt8 = 20, kBytea = 17;  // pg_type.dat

// What libpq says, on one line and without its values: the primary message names columns and states, never a row.
Error error_of(const pg_conn* connection, const pg_result* result) {
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const char* primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  std::string cause = primary ? primary : PQerrorMessage(connection);
  for (char& c : cause)
    if (c == '\n') c = ' ';
  while (!cause.empty() && cause.back() == ' ') cause.pop_back();
  const std::string_view code = state ? state : "";
  if (code == "42501") return {ErrorKind::kDenied, "PostgreSQL: " + cause, "give the role the right to the tables", ""};
  // 57014: it took longer than we wait; class 23 and others are not to be had by asking again.
  return {code.empty() || code.starts_with("08") || code.starts_with("57") || code.starts_with("53")
              ? ErrorKind::kUnavailable
              : ErrorKind::kInternal,
          "PostgreSQL: " + cause, "", ""};
}

}  // namespace

void Rows::Clear::operator()(pg_result* result) const noexcept { PQclear(result); }
void Connection::Finish::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }

std::size_t Rows::size() const noexcept { return static_cast<std::size_t>(PQntuples(result_.get())); }
std::string_view Rows::bytes(std::size_t row, int column) const noexcept {
  return {PQgetvalue(result_.get(), static_cast<int>(row), column),
          static_cast<std::size_t>(PQgetlength(result_.get(), static_cast<int>(row), column))};
}
std::int64_t Rows::integer(std::size_t row, int column) const noexcept {
  std::uint64_t value = 0;
  for (const char c : bytes(row, column)) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}
bool Rows::boolean(std::size_t row, int column) const noexcept {
  const std::string_view value = bytes(row, column);
  return !value.empty() && value[0] != 0;
}
bool Rows::null(std::size_t row, int column) const noexcept {
  return PQgetisnull(result_.get(), static_cast<int>(row), column) == 1;
}
int Rows::columns() const noexcept { return PQnfields(result_.get()); }
bool Rows::is_number(int column) const noexcept { return PQftype(result_.get(), column) == kInt8; }
std::int64_t Rows::touched() const noexcept { return std::strtoll(PQcmdTuples(result_.get()), nullptr, 10); }

Result<std::unique_ptr<Connection>> Connection::open(const std::string& url) {
  // What the url says comes last and wins. A cut network is noticed within seconds, a statement that hangs is ended.
  const char* const names[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                               "keepalives_count", "tcp_user_timeout", "application_name",
                               "client_encoding",  "dbname",           nullptr};
  const char* const values[] = {"2", "5", "2", "2", "1500", "sallyport", "UTF8", url.c_str(), nullptr};
  std::unique_ptr<Connection> out(new Connection(PQconnectdbParams(names, values, 1)));
  if (PQstatus(out->raw_.get()) != CONNECTION_OK) {
    Error error = error_of(out->raw_.get(), nullptr);
    error.kind = ErrorKind::kUnavailable;
    return unexpected(std::move(error));
  }
  // An acknowledged change is on disk, whatever the database's default is.
  if (Result<void> done = out->execute("SET statement_timeout = '10s'"); !done) return unexpected(done.error());
  if (Result<void> done = out->execute("SET synchronous_commit = on"); !done) return unexpected(done.error());
  if (Result<void> done = out->execute("SET client_min_messages = warning"); !done) return unexpected(done.error());
  return out;
}

Result<Rows> Connection::query(const char* sql, const std::vector<Param>& params, Types types) {
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  std::vector<Oid> said;
  for (const Param& p : params) {
    values.push_back(p.null ? nullptr : p.bytes.c_str());
    lengths.push_back(static_cast<int>(p.bytes.size()));
    formats.push_back(p.binary ? 1 : 0);
    if (types == Types::said) said.push_back(p.null ? Oid{0} : p.binary ? kBytea : kInt8);
  }
  pg_result* const raw =
      PQexecParams(raw_.get(), sql, static_cast<int>(params.size()), said.empty() ? nullptr : said.data(),
                   values.data(), lengths.data(), formats.data(), 1);
  Rows rows(raw);
  const ExecStatusType status = raw ? PQresultStatus(raw) : PGRES_FATAL_ERROR;
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return rows;
  // An error without a state is libpq's, not the server's: nobody is there. PQstatus says so a question later.
  if (!raw || !PQresultErrorField(raw, PG_DIAG_SQLSTATE)) lost_ = true;
  return unexpected(error_of(raw_.get(), raw));
}

Result<void> Connection::execute(const char* sql, const std::vector<Param>& params) {
  const Result<Rows> done = query(sql, params);
  if (!done) return unexpected(done.error());
  return {};
}

int Connection::descriptor() const noexcept { return PQsocket(raw_.get()); }

void Connection::take_notices(const std::function<void(std::string_view payload)>& take) {
  if (PQconsumeInput(raw_.get()) == 0) return;  // broken() says so from here on
  while (PGnotify* const notice = PQnotifies(raw_.get())) {
    take(notice->extra);
    PQfreemem(notice);
  }
}

bool Connection::broken() const noexcept { return lost_ || PQstatus(raw_.get()) != CONNECTION_OK; }

Result<Transaction> Transaction::begin(Connection& connection, const char* how) {
  if (Result<void> done = connection.execute(how); !done) return unexpected(done.error());
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ && !connection_->broken()) (void)connection_->execute("ROLLBACK").has_value();
}

Result<void> Transaction::commit() { return std::exchange(connection_, nullptr)->execute("COMMIT"); }

}  // namespace sallyport::postgres
