#include "store/audit_store.h"

#include <fmt/format.h>

#include <filesystem>

#include "store/sqlite_desk.h"

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

AuditRow brief_of(const Row& row) {
  AuditRow out;
  out.id = number_in(row, 0);
  out.process = text_in(row, 1);
  out.at = number_in(row, 2);
  out.client_id = text_in(row, 3);
  out.username = text_in(row, 4);
  out.address = text_in(row, 5);
  out.verdict = text_in(row, 6);
  out.reason = text_in(row, 7);
  out.authenticator = text_in(row, 8);
  out.principal = text_in(row, 9);
  out.key = text_in(row, 10);
  out.token = text_in(row, 11);
  if (const std::int64_t at = number_in(row, 12)) out.expires_at = at;
  return out;
}
AuditRow whole_of(const Row& row) {
  AuditRow out = brief_of(row);
  out.steps = text_in(row, 13);
  out.facts = text_in(row, 14);
  return out;
}

// Beside an sqlite:// store.
Result<std::string> file_beside(const std::string& store_url) {
  constexpr std::string_view scheme = "sqlite://";
  if (!store_url.starts_with(scheme))
    return unexpected(invalid("this store keeps no decisions", "[store] url = \"sqlite:///absolute/path\""));
  return (std::filesystem::path(store_url.substr(scheme.size())).parent_path() / "audit.db").string();
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

Result<std::unique_ptr<AuditStore>> AuditStore::open_to_write(const std::string& store_url) {
  Result<std::unique_ptr<SqlDesk>> shared = open_desk(store_url, DeskOf::decisions);
  if (!shared) return unexpected(shared.error());
  if (*shared) return std::unique_ptr<AuditStore>(new AuditStore(std::move(*shared)));
  const Result<std::string> path = file_beside(store_url);
  if (!path) return unexpected(path.error());
  Result<std::unique_ptr<SqliteConnection>> connection = SqliteConnection::open(*path, StoreAccess::write);
  if (!connection) return unexpected(connection.error());
  if (Result<void> done = bring_to_newest(**connection); !done) return unexpected(done.error());
  // What a power cut takes of the last moments is no decision: they were made, and are counted elsewhere.
  if (Result<void> done = (*connection)->execute("PRAGMA synchronous = NORMAL"); !done) return unexpected(done.error());
  return std::unique_ptr<AuditStore>(new AuditStore(std::make_unique<SqliteDesk>(std::move(*connection))));
}

Result<std::unique_ptr<AuditStore>> AuditStore::open_to_read(const std::string& store_url) {
  Result<std::unique_ptr<SqlDesk>> shared = open_desk(store_url, DeskOf::decisions);
  if (!shared) return unexpected(shared.error());
  if (*shared) return std::unique_ptr<AuditStore>(new AuditStore(std::move(*shared)));
  const Result<std::string> path = file_beside(store_url);
  if (!path) return unexpected(path.error());
  if (!identify_file(*path)) return std::unique_ptr<AuditStore>();
  Result<std::unique_ptr<SqliteConnection>> connection = SqliteConnection::open(*path, StoreAccess::read);
  if (!connection) return unexpected(connection.error());
  const Result<std::int64_t> version = (*connection)->integer("PRAGMA user_version");
  if (!version) return unexpected(version.error());
  if (*version != kNewest) return std::unique_ptr<AuditStore>();  // its maker is not done yet
  return std::unique_ptr<AuditStore>(new AuditStore(std::make_unique<SqliteDesk>(std::move(*connection))));
}

Result<void> AuditStore::add(const std::vector<AuditRow>& all) {
  if (all.empty()) return {};
  std::vector<Row> rows;
  rows.reserve(all.size());
  for (const AuditRow& r : all)
    rows.push_back({r.process, r.at, r.client_id, r.username, r.address, r.verdict, r.reason, r.authenticator,
                    r.principal, r.key, r.token, r.expires_at.value_or(0), r.steps, r.facts});
  return desk_->in_one([&] {
    return desk_->insert("@decisions",
                         "process, at, client_id, username, address, verdict, reason, authenticator, principal, key, "
                         "token, expires_at, steps, facts",
                         rows);
  });
}

Result<void> AuditStore::prune(UnixSeconds older_than, std::int64_t max_bytes) {
  const Result<std::int64_t> gone = desk_->run(
      "DELETE FROM @decisions WHERE id IN (SELECT id FROM @decisions WHERE at < ?1 LIMIT 20000)", {older_than});
  if (!gone) return unexpected(gone.error());
  // A tenth at a time, so that there is room for a while; more than once where a storm filled it.
  for (int round = 0; round < 8; ++round) {
    const Result<std::int64_t> bytes = desk_->bytes_of("@decisions");
    if (!bytes) return unexpected(bytes.error());
    if (*bytes <= max_bytes) break;
    const Result<std::int64_t> made_room =
        desk_->run("DELETE FROM @decisions WHERE id <= (SELECT min(id) + (max(id) - min(id)) / 10 FROM @decisions)");
    if (!made_room) return unexpected(made_room.error());
  }
  return desk_->tidy();
}

Result<std::vector<AuditRow>> AuditStore::list(const AuditQuery& q) {
  // A filter that is not asked for is not in the statement, so that the index of one that is can be used.
  std::string where = "1 = 1";
  const auto also = [&](bool wanted, const char* text) {
    if (wanted) where += std::string(" AND ") + text;
  };
  also(!q.client_id.empty(), "client_id = ?1");
  also(!q.username.empty(), "username = ?2");
  also(!q.address.empty(), "address = ?3");
  also(!q.reason.empty(), "reason = ?4");
  also(!q.verdict.empty(), "verdict = ?5");
  if (!q.search.empty())
    where += fmt::format(" AND ({} OR {} OR {})", desk_->holds("client_id", "?6", false),
                         desk_->holds("username", "?6", false), desk_->holds("address", "?6", false));
  also(q.from != 0, "at >= ?7");
  also(q.to != 0, "at <= ?8");
  also(q.before != 0, "id < ?9");
  also(q.after != 0, "id > ?10");
  also(q.refusals_only, "verdict <> 'allow'");
  return desk_->rows(fmt::format("SELECT {}{} FROM @decisions WHERE {} ORDER BY id DESC LIMIT ?11", kBrief,
                                 q.with_details ? ", steps, facts" : "", where),
                     {q.client_id, q.username, q.address, q.reason, q.verdict, q.search, q.from, q.to, q.before,
                      q.after, static_cast<std::int64_t>(q.limit)},
                     q.with_details ? whole_of : brief_of);
}

Result<std::optional<AuditRow>> AuditStore::find(std::int64_t id) {
  Result<std::vector<AuditRow>> found =
      desk_->rows(fmt::format("SELECT {}, steps, facts FROM @decisions WHERE id = ?1", kBrief), {id}, whole_of);
  if (!found) return unexpected(found.error());
  return found->empty() ? std::optional<AuditRow>() : std::optional<AuditRow>(std::move(found->front()));
}

Result<std::int64_t> AuditStore::newest() { return desk_->number("SELECT coalesce(max(id), 0) FROM @decisions"); }

Result<std::vector<AuditCause>> AuditStore::causes(UnixSeconds from) {
  return desk_->rows(
      "SELECT reason, count(*), count(DISTINCT client_id), min(at), max(at) FROM @decisions WHERE verdict IN ('deny', "
      "'unavailable') AND at >= ?1 GROUP BY reason ORDER BY 3 DESC, 2 DESC",
      {from}, [](const Row& r) {
        return AuditCause{text_in(r, 0), number_in(r, 1), number_in(r, 2), number_in(r, 3), number_in(r, 4)};
      });
}

Result<std::vector<AuditDevice>> AuditStore::devices(std::string_view reason, UnixSeconds from, std::string_view search,
                                                     std::string_view after, std::size_t limit) {
  return desk_->rows(
      fmt::format("SELECT d.client_id, d.username, d.address, g.decisions, g.last_id, g.first_at, g.last_at FROM "
                  "(SELECT client_id, count(*) AS decisions, max(id) AS last_id, min(at) AS first_at, max(at) AS "
                  "last_at FROM @decisions WHERE reason = ?1 AND at >= ?2 AND (?3 = '' OR {}) AND client_id > ?4 AND "
                  "verdict <> 'allow' GROUP BY client_id ORDER BY client_id LIMIT ?5) g JOIN @decisions d ON d.id = "
                  "g.last_id ORDER BY d.client_id",
                  desk_->holds("client_id", "?3", false)),
      {std::string(reason), from, std::string(search), std::string(after), static_cast<std::int64_t>(limit)},
      [](const Row& r) {
        return AuditDevice{text_in(r, 0),   text_in(r, 1),   text_in(r, 2),  number_in(r, 3),
                           number_in(r, 4), number_in(r, 5), number_in(r, 6)};
      });
}

Result<AuditStore::KeyUse> AuditStore::uses_of_key(std::string_view label, UnixSeconds from, std::size_t examples) {
  KeyUse out;
  if (Result<void> counted = desk_->each("SELECT count(*), count(DISTINCT client_id) FROM @decisions WHERE key = ?1 "
                                         "AND at >= ?2 AND verdict = 'allow'",
                                         {std::string(label), from},
                                         [&](const Row& r) {
                                           out.decisions = number_in(r, 0);
                                           out.devices = number_in(r, 1);
                                         });
      !counted)
    return unexpected(counted.error());
  Result<std::vector<std::string>> names = desk_->rows(
      "SELECT DISTINCT client_id FROM @decisions WHERE key = ?1 AND at >= ?2 AND verdict = 'allow' ORDER BY client_id "
      "LIMIT ?3",
      {std::string(label), from, static_cast<std::int64_t>(examples)}, [](const Row& r) { return text_in(r, 0); });
  if (!names) return unexpected(names.error());
  out.examples = std::move(*names);
  return out;
}

}  // namespace sallyport
