#include "postgres/postgres_admissions.h"

#include <charconv>

#include "codec/base64url.h"
#include "postgres/listener.h"
#include "postgres/schema.h"

namespace sallyport::postgres {
namespace {

constexpr std::size_t kNoticeBytes = 7'500;  // PostgreSQL takes 8,000
constexpr std::int64_t kForever = INT64_MAX;

// "($1::bytea,$2::int8),($3…)"
std::string value_rows(std::size_t rows, std::initializer_list<const char*> types) {
  std::string out;
  std::size_t parameter = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    out += i ? ",(" : "(";
    bool first = true;
    for (const char* type : types) {
      if (!first) out += ',';
      first = false;
      out += "$" + std::to_string(++parameter) + "::" + type;
    }
    out += ')';
  }
  return out;
}

}  // namespace

std::vector<AdmissionNotice> read_notice(std::string_view payload, std::string_view own_node) {
  std::vector<AdmissionNotice> out;
  std::size_t space = payload.find(' ');
  if (payload.substr(0, space) == own_node) return out;
  while (space != std::string_view::npos) {
    payload.remove_prefix(space + 1);
    space = payload.find(' ');
    const std::string_view word = payload.substr(0, space);
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) continue;
    std::optional<std::string> key = decode_base64url(word.substr(0, colon));
    std::int64_t at = 0;
    const std::string_view digits = word.substr(colon + 1);
    if (!key || std::from_chars(digits.data(), digits.data() + digits.size(), at).ec != std::errc{}) continue;
    out.push_back({std::move(*key), at});
  }
  return out;
}

Result<Connection*> PostgresAdmissions::connect() {
  if (connection_ && !connection_->broken()) return connection_.get();
  connection_.reset();
  Result<std::unique_ptr<Connection>> opened = Connection::open(url_);
  if (!opened) return unexpected(opened.error());
  if (Result<void> done = migrate(**opened); !done) return unexpected(done.error());
  connection_ = std::move(*opened);
  return connection_.get();
}

Result<void> PostgresAdmissions::put(const std::vector<StoredAdmission>& admissions) {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  Result<Transaction> transaction = Transaction::begin(**connection, "BEGIN");
  if (!transaction) return unexpected(transaction.error());
  const std::string sql =
      "INSERT INTO sallyport_admissions (key, record, ends_at, at_ms) VALUES " +
      value_rows(admissions.size(), {"bytea", "bytea", "int8", "int8"}) +
      " ON CONFLICT (key) DO UPDATE SET record = excluded.record, ends_at = excluded.ends_at, at_ms = excluded.at_ms,"
      " stored_ms = excluded.stored_ms WHERE excluded.at_ms >= sallyport_admissions.at_ms";
  std::vector<Param> params;
  params.reserve(admissions.size() * 4);
  for (const StoredAdmission& one : admissions)
    params.insert(params.end(), {one.key, one.record, one.ends_at.value_or(kForever), one.at_ms});
  if (Result<void> done = (*connection)->execute(sql.c_str(), params); !done) return done;
  std::string notice;
  const auto tell = [&]() -> Result<void> {
    if (notice.empty()) return {};
    return (*connection)
        ->execute("SELECT pg_notify($1::text, $2::text)",
                  {std::string_view(kAdmissionChannel), std::exchange(notice, {})});
  };
  for (const StoredAdmission& one : admissions) {
    if (notice.empty()) notice = node_;
    notice += " " + encode_base64url(one.key) + ":" + std::to_string(one.at_ms);
    if (notice.size() > kNoticeBytes - 80)
      if (Result<void> done = tell(); !done) return done;
  }
  if (Result<void> done = tell(); !done) return done;
  return transaction->commit();
}

Result<std::vector<StoredAdmission>> PostgresAdmissions::find(const std::vector<std::string>& keys) {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  std::vector<StoredAdmission> found;
  if (keys.empty()) {
    if (Result<void> done = (*connection)->execute("SELECT 1"); !done) return unexpected(done.error());
    return found;
  }
  const std::string sql = "SELECT key, record, ends_at, at_ms FROM sallyport_admissions WHERE key IN (VALUES " +
                          value_rows(keys.size(), {"bytea"}) + ")";
  const Result<Rows> rows = (*connection)->query(sql.c_str(), {keys.begin(), keys.end()});
  if (!rows) return unexpected(rows.error());
  for (std::size_t i = 0; i < rows->size(); ++i) {
    StoredAdmission one{std::string(rows->bytes(i, 0)), std::string(rows->bytes(i, 1)), rows->integer(i, 2),
                        rows->integer(i, 3)};
    if (one.ends_at == kForever) one.ends_at.reset();
    found.push_back(std::move(one));
  }
  return found;
}

Result<AdmissionStore::Stored> PostgresAdmissions::stored_since(std::int64_t since, std::size_t limit) {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  Stored out;
  const Result<Rows> rows =
      (*connection)
          ->query(
              "SELECT key, at_ms FROM sallyport_admissions WHERE stored_ms >= $1::int8 ORDER BY stored_ms LIMIT "
              "$2::int8",
              {since, static_cast<std::int64_t>(limit)});
  if (!rows) return unexpected(rows.error());
  for (std::size_t i = 0; i < rows->size(); ++i)
    out.admissions.push_back({std::string(rows->bytes(i, 0)), rows->integer(i, 1)});
  const Result<Rows> now = (*connection)->query("SELECT sallyport_now_ms()");
  if (!now) return unexpected(now.error());
  out.now = now->integer(0, 0);
  return out;
}

Result<std::size_t> PostgresAdmissions::sweep(UnixSeconds now, std::size_t most) {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  const Result<Rows> over = (*connection)->query("DELETE FROM sallyport_admissions WHERE ends_at <= $1::int8", {now});
  if (!over) return unexpected(over.error());
  const Result<Rows> many =
      (*connection)
          ->query(
              "DELETE FROM sallyport_admissions WHERE stored_ms < (SELECT stored_ms FROM sallyport_admissions ORDER BY "
              "stored_ms DESC OFFSET $1::int8 LIMIT 1)",
              {static_cast<std::int64_t>(most) - 1});
  if (!many) return unexpected(many.error());
  return static_cast<std::size_t>(over->touched() + many->touched());
}

}  // namespace sallyport::postgres
