#include "store/audit_store.h"

#include <fmt/format.h>

#include "store/sqlite_connection.h"

namespace sallyport {
namespace {

constexpr int kApplicationId = 0x53616c61;  // "Sala"
constexpr int kNewest = 1;
constexpr const char* kSchema = R"sql(
    CREATE TABLE decisions (
      id            INTEGER PRIMARY KEY AUTOINCREMENT,
      process       TEXT    NOT NULL,
      at            INTEGER NOT NULL,
      client_id     TEXT    NOT NULL,
      username      TEXT    NOT NULL,
      address       TEXT    NOT NULL,
      verdict       TEXT    NOT NULL,
      reason        TEXT    NOT NULL,
      authenticator TEXT    NOT NULL,
      principal     TEXT    NOT NULL,
      key           TEXT    NOT NULL,
      token         TEXT    NOT NULL,
      expires_at    INTEGER,
      steps         TEXT    NOT NULL,
      facts         TEXT    NOT NULL
    );
    CREATE INDEX decisions_by_client ON decisions (client_id, id);
    CREATE INDEX decisions_by_reason ON decisions (reason, id);
    )sql";

constexpr std::string_view kBrief =
    "id, process, at, client_id, username, address, verdict, reason, authenticator, principal, key, token, expires_at";

AuditRow brief_of(const Statement& row) {
  AuditRow out;
  out.id = row.integer(0);
  out.process = row.text(1);
  out.at = row.integer(2);
  out.client_id = row.text(3);
  out.username = row.text(4);
  out.address = row.text(5);
  out.verdict = row.text(6);
  out.reason = row.text(7);
  out.authenticator = row.text(8);
  out.principal = row.text(9);
  out.key = row.text(10);
  out.token = row.text(11);
  if (const std::int64_t at = row.integer(12)) out.expires_at = at;
  return out;
}
AuditRow whole_of(const Statement& row) {
  AuditRow out = brief_of(row);
  out.steps = row.text(13);
  out.facts = row.text(14);
  return out;
}

Result<void> bring_to_newest(SqliteConnection& connection) {
  const Result<std::int64_t> before = connection.integer("PRAGMA user_version");
  if (!before) return unexpected(before.error());
  if (*before == kNewest) return {};
  // Only before the first table is there.
  if (Result<void> done = connection.execute("PRAGMA auto_vacuum = INCREMENTAL"); !done) return done;
  Result<Transaction> transaction = Transaction::begin_write(connection);
  if (!transaction) return unexpected(transaction.error());
  const Result<std::int64_t> application = connection.integer("PRAGMA application_id");
  const Result<std::int64_t> version = connection.integer("PRAGMA user_version");
  if (!application) return unexpected(application.error());
  if (!version) return unexpected(version.error());
  if (*version == kNewest) return {};
  if (*version > kNewest || (*application != 0 && *application != kApplicationId))
    return unexpected(invalid(fmt::format("{} is not ours, or a newer sallyport's", connection.path()),
                              "move it away: a new one is made"));
  if (Result<void> done = connection.execute(kSchema); !done) return done;
  if (Result<void> done = connection.execute(
          fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kNewest).c_str());
      !done)
    return done;
  return transaction->commit();
}

}  // namespace

AuditStore::AuditStore(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}
AuditStore::~AuditStore() = default;

Result<std::unique_ptr<AuditStore>> AuditStore::open_to_write(const std::string& path) {
  Result<std::unique_ptr<SqliteConnection>> connection = SqliteConnection::open(path, StoreAccess::write);
  if (!connection) return unexpected(connection.error());
  if (Result<void> done = bring_to_newest(**connection); !done) return unexpected(done.error());
  // What a power cut takes of the last moments is no decision: they were made, and are counted elsewhere.
  if (Result<void> done = (*connection)->execute("PRAGMA synchronous = NORMAL"); !done) return unexpected(done.error());
  return std::unique_ptr<AuditStore>(new AuditStore(std::move(*connection)));
}

Result<std::unique_ptr<AuditStore>> AuditStore::open_to_read(const std::string& path) {
  if (!identify_file(path)) return std::unique_ptr<AuditStore>();
  Result<std::unique_ptr<SqliteConnection>> connection = SqliteConnection::open(path, StoreAccess::read);
  if (!connection) return unexpected(connection.error());
  const Result<std::int64_t> version = (*connection)->integer("PRAGMA user_version");
  if (!version) return unexpected(version.error());
  if (*version != kNewest) return std::unique_ptr<AuditStore>();  // its maker is not done yet
  return std::unique_ptr<AuditStore>(new AuditStore(std::move(*connection)));
}

template <class T, class Bind, class Read>
Result<std::vector<T>> AuditStore::rows(std::string_view sql, Bind&& bind, Read&& read) {
  Result<Statement> statement = connection_->prepare(sql);
  if (!statement) return unexpected(statement.error());
  bind(*statement);
  std::vector<T> out;
  for (;;) {
    const Result<bool> row = statement->step();
    if (!row) return unexpected(row.error());
    if (!*row) return out;
    out.push_back(read(*statement));
  }
}

Result<void> AuditStore::add(const std::vector<AuditRow>& all) {
  Result<Transaction> transaction = Transaction::begin_write(*connection_);
  if (!transaction) return unexpected(transaction.error());
  Result<Statement> put = connection_->prepare(
      "INSERT INTO decisions (process, at, client_id, username, address, verdict, reason, authenticator, principal, "
      "key, token, expires_at, steps, facts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, nullif(?12, 0), "
      "?13, ?14)");
  if (!put) return unexpected(put.error());
  for (const AuditRow& r : all) {
    put->bind(1, r.process)
        .bind(2, r.at)
        .bind(3, r.client_id)
        .bind(4, r.username)
        .bind(5, r.address)
        .bind(6, r.verdict)
        .bind(7, r.reason)
        .bind(8, r.authenticator)
        .bind(9, r.principal)
        .bind(10, r.key)
        .bind(11, r.token)
        .bind(12, r.expires_at.value_or(0))
        .bind(13, r.steps)
        .bind(14, r.facts);
    if (Result<void> done = put->run(); !done) return done;
  }
  return transaction->commit();
}

Result<void> AuditStore::prune(UnixSeconds older_than, std::int64_t max_bytes) {
  Result<Statement> old = connection_->prepare(
      "DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE at < "
      "?1 ORDER BY id LIMIT 20000)");
  if (!old) return unexpected(old.error());
  if (Result<void> done = old->bind(1, older_than).run(); !done) return done;
  // A tenth at a time, so that there is room for a while; more than once where a storm filled it.
  for (int round = 0; round < 8; ++round) {
    const Result<std::int64_t> pages = connection_->integer("PRAGMA page_count");
    const Result<std::int64_t> empty = connection_->integer("PRAGMA freelist_count");
    const Result<std::int64_t> size = connection_->integer("PRAGMA page_size");
    if (!pages) return unexpected(pages.error());
    if (!empty) return unexpected(empty.error());
    if (!size) return unexpected(size.error());
    if ((*pages - *empty) * *size <= max_bytes) break;
    if (Result<void> done = connection_->execute(
            "DELETE FROM decisions WHERE id <= (SELECT min(id) + (max(id) - min(id)) / 10 FROM decisions)");
        !done)
      return done;
  }
  return connection_->execute("PRAGMA incremental_vacuum(2000)");
}

Result<std::vector<AuditRow>> AuditStore::list(const AuditQuery& q) {
  // A filter that is not asked for is not in the statement, so that the index of one that is can be used.
  std::string where = "1";
  const auto also = [&](bool wanted, const char* text) {
    if (wanted) where += std::string(" AND ") + text;
  };
  also(!q.client_id.empty(), "client_id = ?1");
  also(!q.username.empty(), "username = ?2");
  also(!q.address.empty(), "address = ?3");
  also(!q.reason.empty(), "reason = ?4");
  also(!q.verdict.empty(), "verdict = ?5");
  also(!q.search.empty(), "(instr(client_id, ?6) OR instr(username, ?6) OR instr(address, ?6))");
  also(q.from != 0, "at >= ?7");
  also(q.to != 0, "at <= ?8");
  also(q.before != 0, "id < ?9");
  also(q.after != 0, "id > ?10");
  also(q.refusals_only, "verdict <> 'allow'");
  return rows<AuditRow>(
      fmt::format("SELECT {}{} FROM decisions WHERE {} ORDER BY id DESC LIMIT ?11", kBrief,
                  q.with_details ? ", steps, facts" : "", where),
      [&](Statement& s) {
        if (!q.client_id.empty()) s.bind(1, q.client_id);
        if (!q.username.empty()) s.bind(2, q.username);
        if (!q.address.empty()) s.bind(3, q.address);
        if (!q.reason.empty()) s.bind(4, q.reason);
        if (!q.verdict.empty()) s.bind(5, q.verdict);
        if (!q.search.empty()) s.bind(6, q.search);
        if (q.from != 0) s.bind(7, q.from);
        if (q.to != 0) s.bind(8, q.to);
        if (q.before != 0) s.bind(9, q.before);
        if (q.after != 0) s.bind(10, q.after);
        s.bind(11, static_cast<std::int64_t>(q.limit));
      },
      q.with_details ? whole_of : brief_of);
}

Result<std::optional<AuditRow>> AuditStore::find(std::int64_t id) {
  Result<std::vector<AuditRow>> found = rows<AuditRow>(
      fmt::format("SELECT {}, steps, facts FROM decisions WHERE id = ?1", kBrief), [&](Statement& s) { s.bind(1, id); },
      whole_of);
  if (!found) return unexpected(found.error());
  return found->empty() ? std::optional<AuditRow>() : std::optional<AuditRow>(std::move(found->front()));
}

Result<std::int64_t> AuditStore::newest() { return connection_->integer("SELECT coalesce(max(id), 0) FROM decisions"); }

Result<std::vector<AuditCause>> AuditStore::causes(UnixSeconds from) {
  return rows<AuditCause>(
      "SELECT reason, count(*), count(DISTINCT client_id), min(at), max(at) FROM decisions WHERE verdict IN ('deny', "
      "'unavailable') AND at >= ?1 GROUP BY reason ORDER BY 3 DESC, 2 DESC",
      [&](Statement& s) { s.bind(1, from); },
      [](const Statement& r) {
        return AuditCause{r.text(0), r.integer(1), r.integer(2), r.integer(3), r.integer(4)};
      });
}

Result<std::vector<AuditDevice>> AuditStore::devices(std::string_view reason, UnixSeconds from, std::string_view search,
                                                     std::string_view after, std::size_t limit) {
  // The bare columns are the row's that has max(id) (SQLite, "bare columns in an aggregate query").
  return rows<AuditDevice>(
      "SELECT client_id, username, address, count(*), max(id), min(at), max(at) FROM decisions WHERE reason = ?1 AND "
      "at "
      ">= ?2 AND (?3 = '' OR instr(client_id, ?3) > 0) AND client_id > ?4 AND verdict <> 'allow' GROUP BY client_id "
      "ORDER BY client_id LIMIT ?5",
      [&](Statement& s) {
        s.bind(1, reason).bind(2, from).bind(3, search).bind(4, after).bind(5, static_cast<std::int64_t>(limit));
      },
      [](const Statement& r) {
        return AuditDevice{r.text(0), r.text(1), r.text(2), r.integer(3), r.integer(4), r.integer(5), r.integer(6)};
      });
}

Result<AuditStore::KeyUse> AuditStore::uses_of_key(std::string_view label, UnixSeconds from, std::size_t examples) {
  KeyUse out;
  Result<std::vector<std::pair<std::int64_t, std::int64_t>>> counted = rows<std::pair<std::int64_t, std::int64_t>>(
      "SELECT count(*), count(DISTINCT client_id) FROM decisions WHERE key = ?1 AND at >= ?2 AND verdict = 'allow'",
      [&](Statement& s) { s.bind(1, label).bind(2, from); },
      [](const Statement& r) { return std::pair(r.integer(0), r.integer(1)); });
  if (!counted) return unexpected(counted.error());
  out.decisions = counted->front().first;
  out.devices = counted->front().second;
  Result<std::vector<std::string>> names = rows<std::string>(
      "SELECT DISTINCT client_id FROM decisions WHERE key = ?1 AND at >= ?2 AND verdict = 'allow' ORDER BY client_id "
      "LIMIT ?3",
      [&](Statement& s) { s.bind(1, label).bind(2, from).bind(3, static_cast<std::int64_t>(examples)); },
      [](const Statement& r) { return r.text(0); });
  if (!names) return unexpected(names.error());
  out.examples = std::move(*names);
  return out;
}

}  // namespace sallyport
