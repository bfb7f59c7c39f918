#include "postgres/postgres_store.h"

#include <functional>

#include "postgres/postgres_desk.h"
#include "postgres/schema.h"

namespace sallyport::postgres {

PostgresStore::PostgresStore(std::string url, StoreAccess access) : url_(std::move(url)), access_(access) {}
PostgresStore::~PostgresStore() = default;

Result<void> PostgresStore::start() {
  const Result<Connection*> opened = connect();
  if (!opened) return unexpected(opened.error());
  return {};
}

Result<Connection*> PostgresStore::connect() {
  if (connection_ && connection_->broken()) {
    connection_.reset();
    tables_there_ = bulk_open_ = false;
  }
  if (!connection_) {
    Result<std::unique_ptr<Connection>> opened = Connection::open(url_);
    if (!opened) return unexpected(opened.error());
    connection_ = std::move(*opened);
  }
  if (!tables_there_) {
    if (access_ == StoreAccess::write) {
      if (Result<void> done = migrate(*connection_); !done) return unexpected(done.error());
    } else {
      const Result<int> version = schema_version(*connection_);
      if (!version) return unexpected(version.error());
      if (*version == 0) return static_cast<Connection*>(nullptr);
      // An older program made them: they are brought up by whoever is first.
      if (Result<void> done = migrate(*connection_); !done) return unexpected(done.error());
    }
    const Result<Rows> instance = connection_->query("SELECT instance FROM sallyport_meta");
    if (!instance) return unexpected(instance.error());
    std::string now(instance->size() == 1 ? instance->bytes(0, 0) : std::string_view());
    if (!instance_.empty() && instance_ != now) replaced_ = true;
    instance_ = std::move(now);
    tables_there_ = true;
  }
  return connection_.get();
}

Result<Connection*> PostgresStore::connect_to_write() {
  Result<Connection*> opened = connect();
  if (opened && !*opened)
    return unexpected(Error{ErrorKind::kNotFound, "the store has no tables yet",
                            "make them with: sallyport user list --config FILE", ""});
  return opened;
}

Result<std::int64_t> PostgresStore::next_sequence(Connection& connection) {
  // The row's lock is held to the end of the transaction: writers take turns from here on. Who listens hears of it when
  // it is committed.
  const Result<Rows> next = connection.query(
      "UPDATE sallyport_meta SET sequence = sequence + 1 RETURNING sequence, pg_notify('sallyport_change', '')");
  if (!next) return unexpected(next.error());
  if (next->size() != 1) return unexpected(Error{ErrorKind::kInternal, "the store's own row is not there", "", ""});
  return next->integer(0, 0);
}

Result<std::int64_t> PostgresStore::data_version() {
  const Result<Connection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return 0;
  const Result<Rows> row = (*connection)->query("SELECT sequence, instance FROM sallyport_meta");
  if (!row) return unexpected(row.error());
  if (row->size() != 1) return 0;
  // Tables that were dropped and made again are another store, whatever their sequence.
  if (row->bytes(0, 1) != instance_) {
    instance_ = row->bytes(0, 1);
    replaced_ = true;
  }
  const auto mark = static_cast<std::int64_t>(std::hash<std::string>{}(instance_)&0x3fff'ff00'0000'0000);
  return mark + row->integer(0, 0) + 1;
}

namespace {
Result<std::unique_ptr<Store>> open_postgres(std::string_view url, StoreAccess access) {
  auto store = std::make_unique<PostgresStore>(std::string(url), access);
  if (Result<void> started = store->start(); !started) return unexpected(started.error());
  return std::unique_ptr<Store>(std::move(store));
}
}  // namespace

void register_postgres_store() {
  for (const char* scheme : {"postgres://", "postgresql://"}) {
    register_store(scheme, open_postgres);
    register_desk(scheme, open_postgres_desk);
  }
}

}  // namespace sallyport::postgres
