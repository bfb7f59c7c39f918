#include "store/sqlite_store.h"

#include <fmt/format.h>

#include "store/sqlite_migrations.h"
#include "store/store_file.h"

namespace sallyport {

Result<void> SqliteStore::start() {
  const Result<SqliteConnection*> opened = connect();
  if (!opened) return unexpected(opened.error());
  return {};
}

Result<SqliteConnection*> SqliteStore::connect() {
  if (connection_) {
    const std::optional<FileIdentity> now = identify_file(path_);
    if (now && *now == connection_->identity() && !connection_->broken()) return connection_.get();
    // Deleted: what was read stays true for those who hold it; nothing new is known until a file is back.
    if (!now)
      return unexpected(Error{ErrorKind::kNotFound, fmt::format("the store {} was deleted", path_),
                              "put its backup back; users stay as they were read last", ""});
    rollback_bulk();
    connection_.reset();
  }
  if (access_ == StoreAccess::read) {
    const Result<std::string> resolved = resolve_store_file(path_);
    if (!resolved && resolved.error().kind != ErrorKind::kNotFound) return unexpected(resolved.error());
    if (!resolved || !identify_file(*resolved)) return static_cast<SqliteConnection*>(nullptr);
  }
  Result<std::unique_ptr<SqliteConnection>> opened = SqliteConnection::open(path_, access_);
  if (!opened) return unexpected(opened.error());
  const Result<int> version = schema_version(**opened);
  if (!version) return unexpected(version.error());
  if (*version == 0 && access_ == StoreAccess::read)
    return static_cast<SqliteConnection*>(nullptr);  // its maker is not done yet
  if (*version < newest_schema()) {
    if ((*opened)->read_only())
      return unexpected(
          Error{ErrorKind::kDenied,
                fmt::format("the store {} has an older schema and may not be written by this user", path_),
                "run once as its owner: sallyport user list --config FILE", ""});
    if (Result<void> done = migrate(**opened); !done) return unexpected(done.error());
  }
  connection_ = std::move(*opened);
  if (++opened_ > 1) replaced_ = true;
  return connection_.get();
}

Result<SqliteConnection*> SqliteStore::connect_to_write() {
  if (access_ != StoreAccess::write && !connection_) {
    Result<SqliteConnection*> opened = connect();
    if (!opened) return opened;
    if (!*opened) return unexpected(missing_store(path_));
  }
  Result<SqliteConnection*> opened = connect();
  if (opened && (*opened)->read_only()) return unexpected(denied_store(path_));
  return opened;
}

Result<std::int64_t> SqliteStore::next_sequence(SqliteConnection& connection) {
  if (Result<void> done = connection.execute("UPDATE meta SET sequence = sequence + 1"); !done)
    return unexpected(done.error());
  return connection.integer("SELECT sequence FROM meta");
}

Result<std::int64_t> SqliteStore::data_version() {
  const Result<SqliteConnection*> connection = connect();
  if (!connection) return unexpected(connection.error());
  if (!*connection) return 0;
  Result<std::int64_t> version = (*connection)->integer("PRAGMA data_version");
  if (!version) return version;
  // The pragma counts within one connection; files that come after one another may say the same.
  return opened_ * (std::int64_t{1} << 32) + (*version & 0xffffffff);
}

namespace {
std::vector<std::pair<std::string, StoreOpener>>& further_stores() {
  static std::vector<std::pair<std::string, StoreOpener>> all;
  return all;
}
}  // namespace

void register_store(std::string_view scheme, StoreOpener opener) { further_stores().emplace_back(scheme, opener); }

Result<std::unique_ptr<Store>> open_store(std::string_view url, StoreAccess access) {
  for (const auto& [scheme, opener] : further_stores())
    if (url.starts_with(scheme)) return opener(url, access);
  constexpr std::string_view scheme = "sqlite://";
  if (url.empty())
    return unexpected(
        invalid("no store is configured", "set [store] url = \"sqlite:///var/lib/sallyport/sallyport.db\""));
  if (!url.starts_with(scheme))
    return unexpected(invalid(url.starts_with("postgres") ? "this program has no PostgreSQL store"
                                                          : "the store's url has no scheme that is known",
                              "[store] url = \"sqlite:///absolute/path\""));
  const std::string path(url.substr(scheme.size()));
  if (!path.starts_with('/') || path.ends_with('/') || path.find('\0') != std::string::npos)
    return unexpected(invalid("the store's path is not an absolute path of a file",
                              "three slashes: [store] url = \"sqlite:///absolute/path\""));
  auto store = std::make_unique<SqliteStore>(path, access);
  if (Result<void> started = store->start(); !started) return unexpected(started.error());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace sallyport
