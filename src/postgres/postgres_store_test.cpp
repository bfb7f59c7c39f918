// What is PostgreSQL's own of a store: lost connections, tables made anew, what moves there and back.
#include "postgres/postgres_store.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "postgres/listener.h"
#include "postgres/testing.h"
#include "store/sqlite_connection.h"

namespace sallyport {
namespace {

using namespace testing_postgres;
using namespace testing_store;

TEST(PostgresStoreTest, ALostConnectionIsAnErrorOnceAndThenMadeAnew) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  const auto store = place.open();
  ASSERT_TRUE(store->put_users({user("a")}, WriteMode::create_only));
  auto admin = postgres::Connection::open(Server::the_one().url("postgres"));
  ASSERT_TRUE(
      (*admin)->execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
                        "datname <> 'postgres'"));
  const auto lost = store->count_users();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(*store->count_users(), 1u);
}

TEST(PostgresStoreTest, TablesThatWereMadeAnewAreAnotherStore) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  const auto writer = place.open();
  ASSERT_TRUE(writer->put_users({user("a")}, WriteMode::create_only));
  const auto follower = place.open(StoreAccess::read);
  const std::int64_t at = follower->load([](const UserRecord&) {})->sequence;
  const std::int64_t version = *follower->data_version();
  ASSERT_TRUE((*postgres::Connection::open(place.url()))->execute("UPDATE sallyport_meta SET instance = 'another'"));
  EXPECT_NE(*follower->data_version(), version);
  EXPECT_TRUE(follower->changes_after(at)->from_scratch);
}

TEST(PostgresStoreTest, EverythingGoesFromSqliteToPostgresAndBack) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const SqlitePlace first, last;
  const PostgresPlace between;
  const auto from = first.open(), through = between.open(), to = last.open();
  std::vector<UserRecord> many;
  for (int i = 0; i < 1500; ++i) many.push_back({"u" + std::to_string(i), "$6$h", i % 2 == 0, i % 3 == 0, 0});
  ASSERT_TRUE(from->put_users(many, WriteMode::create_only));
  ASSERT_TRUE(from->put_settings("a = 1\n", "cli:root", "why"));
  ASSERT_TRUE(move_all(*from, *through));
  EXPECT_EQ(dump_of(*through), dump_of(*from));
  ASSERT_TRUE(move_all(*through, *to));
  EXPECT_EQ(dump_of(*to), dump_of(*from));
}

TEST(PostgresStoreTest, EveryTableIsMovedOrSaidToStay) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  place.open();
  const SqlitePlace file;
  file.open();
  auto lite = SqliteConnection::open(file.url().substr(9), StoreAccess::read);
  ASSERT_TRUE(lite);
  std::vector<std::string> tables;
  auto rows = (*lite)->prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  ASSERT_TRUE(rows->each([&](const Statement& row) {
    tables.push_back(row.text(0));
    return true;
  }));
  const auto more =
      (*postgres::Connection::open(place.url()))
          ->query("SELECT substring(tablename from 11) FROM pg_tables WHERE tablename LIKE 'sallyport_%'");
  ASSERT_TRUE(more);
  for (std::size_t i = 0; i < more->size(); ++i) tables.emplace_back(more->bytes(i, 0));
  EXPECT_GE(tables.size(), 9u);
  for (const std::string& table : tables)
    EXPECT_TRUE(moved_table(table) || std::count(staying_tables().begin(), staying_tables().end(), table)) << table;
}

TEST(PostgresStoreTest, NamesAreBytesAndSqlIsNeverMadeOfThem) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  const auto store = place.open();
  std::string random;  // one that no index could hold whole
  for (int i = 0; i < 60'000; ++i)
    random += static_cast<char>('!' + static_cast<int>((static_cast<unsigned>(i) * 2654435761u >> 16) % 90));
  const std::vector<std::string> all = {"'; DROP TABLE sallyport_users; --", "%", "\\", "\xff\xfe", random};
  for (const std::string& name : all) {
    const Result<void> put = store->put_users({user(name)}, WriteMode::create_only);
    ASSERT_TRUE(put) << put.error().to_text();
  }
  for (const std::string& name : all) EXPECT_TRUE(*store->find_user(name)) << name.substr(0, 40);
  EXPECT_EQ(*store->count_users(), all.size());
}

TEST(PostgresStoreTest, AChangeRingsTheBellAndSoDoesAConnectionThatWasMadeAnew) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  const auto store = place.open();
  std::mutex mutex;
  std::condition_variable changed;
  int rung = 0, connected = 0;
  const auto count = [&](int& what) {
    const std::lock_guard lock(mutex);
    ++what;
    changed.notify_all();
  };
  postgres::Listener listener(place.url(), postgres::kChangeChannel,
                              {[&](std::string_view) { count(rung); }, [&] { count(connected); }});
  const auto wait = [&](auto what) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), what);
  };
  ASSERT_TRUE(wait([&] { return connected == 1; }));
  ASSERT_TRUE(store->put_users({user("a")}, WriteMode::create_only));
  EXPECT_TRUE(wait([&] { return rung == 1; }));
  EXPECT_FALSE(store->put_users({user("a")}, WriteMode::create_only));  // nothing changed: nobody is called
  auto admin = postgres::Connection::open(Server::the_one().url("postgres"));
  ASSERT_TRUE((*admin)->execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1'"));
  EXPECT_TRUE(wait([&] { return connected == 2; }));
  EXPECT_EQ(rung, 1);
}

}  // namespace
}  // namespace sallyport
