// What every Store promises, asked of PostgreSQL: the suite of store/, with another engine. It needs a server that the
// tests may make databases in: SALLYPORT_TEST_POSTGRES names it ("postgres:///postgres?host=/tmp/x"). Without it the
// suite starts one of its own, where PostgreSQL's programs are installed.
#include "postgres/postgres_store.h"

#define SALLYPORT_STORE_ENGINES_ELSEWHERE
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include "postgres/connection.h"
#include "postgres/listener.h"
#include "postgres/postgres_admissions.h"
#include "postgres/schema.h"
#include "store/audit_store_test.cpp"
#include "store/console_store_test.cpp"
#include "store/sqlite_connection.h"
#include "store/store_contract_test.cpp"

namespace sallyport {
namespace {

// A server in a folder of its own, on a Unix socket, as a user that is not root; ended with the tests.
class Server : public testing::Environment {
 public:
  static Server& the_one() {
    static Server* server = new Server;
    return *server;
  }
  std::string url(const std::string& database) const {
    return "postgres://" + user_ + "@/" + database + "?host=" + folder_ + "&application_name=sallyport-tests";
  }
  bool start() {
    if (tried_) return up_;
    tried_ = true;
    for (const char* place : {"/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"})
      if (std::filesystem::exists(place)) programs_ = place;
    if (programs_.empty()) return false;
    std::string pattern = "/tmp/sp-pg-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    const passwd* me = getpwuid(geteuid());
    user_ = me ? me->pw_name : "postgres";
    if (geteuid() == 0) {
      const passwd* nobody = getpwnam("postgres");
      if (!nobody) return false;
      user_ = "postgres";
      uid_ = nobody->pw_uid;
      gid_ = nobody->pw_gid;
      if (chown(folder_.c_str(), uid_, gid_) != 0) return false;
    }
    const std::string data = folder_ + "/data";
    if (wait_for(run({programs_ + "/initdb", "-D", data, "-U", user_, "-A", "trust", "-E", "UTF8", "--no-sync"})) != 0)
      return false;
    server_ = run({programs_ + "/postgres", "-D", data, "-k", folder_, "-c", "listen_addresses=", "-c", "fsync=off",
                   "-c", "max_connections=200"});
    for (int i = 0; i < 200 && !up_; ++i) {
      up_ = postgres::Connection::open(url("postgres")).has_value();
      if (!up_) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    std::atexit([] { the_one().stop(); });
    return up_;
  }
  void stop() {
    if (server_ > 0) {
      kill(server_, SIGINT);
      waitpid(server_, nullptr, 0);
      server_ = 0;
    }
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

 private:
  pid_t run(const std::vector<std::string>& words) {
    const pid_t child = fork();
    if (child != 0) return child;
    const int null = ::open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    if (uid_ && (setgid(gid_) != 0 || setuid(uid_) != 0)) _exit(1);
    if (chdir("/") != 0) _exit(1);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(1);
  }
  static int wait_for(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }
  std::string programs_, folder_, user_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  pid_t server_ = 0;
  bool tried_ = false, up_ = false;
};

class PostgresPlace final : public StorePlace {
 public:
  PostgresPlace() {
    static int count = 0;
    name_ = "place" + std::to_string(++count);
    auto admin = postgres::Connection::open(Server::the_one().url("postgres"));
    if (admin) {
      EXPECT_TRUE((*admin)->execute(("CREATE DATABASE " + name_).c_str()));
    }
  }
  std::string url() const override { return Server::the_one().url(name_); }

 private:
  std::string name_;
};

std::vector<Engine> engines() {
  postgres::register_postgres_store();
  std::vector<Engine> out;
  if (Server::the_one().start()) out.push_back({"postgres", [] { return std::make_unique<PostgresPlace>(); }});
  return out;
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreContractTest, testing::ValuesIn(engines()),
                         [](const auto& engine) { return engine.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContractTest);

class AuditInPostgres final : public AuditPlace {
 public:
  std::string url() const override { return place_.url(); }

 private:
  PostgresPlace place_;
};
std::vector<AuditEngine> audit_engines() {
  if (engines().empty()) return {};
  return {{"postgres", [] { return std::make_unique<AuditInPostgres>(); }}};
}
INSTANTIATE_TEST_SUITE_P(Engines, AuditStoreTest, testing::ValuesIn(audit_engines()),
                         [](const auto& engine) { return engine.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AuditStoreTest);

class ConsoleInPostgres final : public ConsolePlace {
 public:
  std::string url() const override { return place_.url(); }

 private:
  PostgresPlace place_;
};
std::vector<ConsoleEngine> console_engines() {
  if (engines().empty()) return {};
  return {{"postgres", [] { return std::make_unique<ConsoleInPostgres>(); }}};
}
INSTANTIATE_TEST_SUITE_P(Engines, ConsoleStoreTest, testing::ValuesIn(console_engines()),
                         [](const auto& engine) { return engine.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConsoleStoreTest);

TEST(PostgresStoreTest, WhatAdministratorsDidStays) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const ConsoleInPostgres place;
  ASSERT_TRUE(place.open()->add_activity({0, 1, "ada", "192.0.2.1", "addUser", "pump", "done", ""}));
  auto connection = postgres::Connection::open(place.url());
  for (const char* sql : {"DELETE FROM sallyport_console_activity", "UPDATE sallyport_console_activity SET who = 'x'",
                          "TRUNCATE sallyport_console_activity"})
    EXPECT_FALSE((*connection)->execute(sql)) << sql;
  EXPECT_EQ(place.open()->list_activity({})->size(), 1u);
}

TEST(PostgresStoreTest, KeptDecisionsGoOnAfterALostConnection) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const AuditInPostgres place;
  const auto store = AuditStore::open_to_write(place.url());
  ASSERT_TRUE(store);
  AuditRow one;
  one.client_id = "a";
  ASSERT_TRUE((*store)->add({one}));
  auto admin = postgres::Connection::open(Server::the_one().url("postgres"));
  ASSERT_TRUE(
      (*admin)->execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
                        "datname <> 'postgres'"));
  EXPECT_FALSE((*store)->add({one}));
  ASSERT_TRUE((*store)->add({one}));
  EXPECT_EQ((*store)->list({})->size(), 2u);
}

TEST(PostgresStoreTest, ThreeNodesThatStartAtOnceMakeTheTablesOnce) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  std::vector<std::thread> nodes;
  for (int i = 0; i < 3; ++i)
    nodes.emplace_back([&] {
      const auto store = open_store(place.url(), StoreAccess::write);
      EXPECT_TRUE(store) << (store ? "" : store.error().to_text());
    });
  for (std::thread& node : nodes) node.join();
  EXPECT_EQ(*place.open()->count_users(), 0u);
}

TEST(PostgresStoreTest, ANewerSchemaStopsTheProgramWithWords) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  place.open();
  ASSERT_TRUE((*postgres::Connection::open(place.url()))->execute("UPDATE sallyport_meta SET version = 99"));
  const auto refused = open_store(place.url(), StoreAccess::read);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, "the store has schema 99, and this program knows schemas up to " +
                                       std::to_string(postgres::newest_schema()));
}

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
  EXPECT_EQ(rows_of(*through), rows_of(*from));
  ASSERT_TRUE(move_all(*through, *to));
  EXPECT_EQ(rows_of(*to), rows_of(*from));
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

StoredAdmission admitted(const std::string& key, std::int64_t at, std::optional<UnixSeconds> end = std::nullopt) {
  return {std::string(32 - key.size(), '\0') + key, "record " + std::to_string(at), end, at};
}

TEST(PostgresAdmissionsTest, WhatOneNodeAdmitsAnotherFinds) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  postgres::PostgresAdmissions one(place.url(), "one"), two(place.url(), "two");
  ASSERT_TRUE(one.put({admitted("a", 10, 500), admitted("b", 10)}));
  const auto found = two.find({admitted("a", 0).key, admitted("b", 0).key, admitted("c", 0).key});
  ASSERT_TRUE(found) << found.error().to_text();
  ASSERT_EQ(found->size(), 2u);
  for (const StoredAdmission& row : *found) {
    EXPECT_EQ(row.record, "record 10");
    EXPECT_EQ(row.ends_at, row.key.back() == 'a' ? std::optional<UnixSeconds>(500) : std::nullopt);
  }
  // What was decided earlier and written later does not replace what was decided last.
  ASSERT_TRUE(two.put({admitted("a", 20, 600)}));
  ASSERT_TRUE(one.put({admitted("a", 15, 700)}));
  EXPECT_EQ(two.find({admitted("a", 0).key})->front().record, "record 20");
}

TEST(PostgresAdmissionsTest, WhatIsOverAndWhatIsTooMuchIsSweptOut) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  postgres::PostgresAdmissions store(place.url(), "one");
  ASSERT_TRUE(store.put({admitted("old", 1, 100), admitted("kept", 1, 101)}));
  EXPECT_EQ(*store.sweep(100, 10), 1u);
  EXPECT_TRUE(store.find({admitted("old", 0).key})->empty());
  EXPECT_EQ(store.find({admitted("kept", 0).key})->size(), 1u);
  for (const char* name : {"x", "y", "z"}) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));  // another moment of the store's clock
    ASSERT_TRUE(store.put({admitted(name, 1)}));
  }
  EXPECT_EQ(*store.sweep(100, 2), 2u);
  EXPECT_EQ(store.find({admitted("kept", 0).key, admitted("x", 0).key, admitted("z", 0).key})->size(), 1u);
}

TEST(PostgresAdmissionsTest, TheOthersHearOfItAtOnceAndWhoMissedItCatchesUp) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  postgres::PostgresAdmissions one(place.url(), "one"), two(place.url(), "two");
  const auto before = two.stored_since(INT64_MAX, 10);
  ASSERT_TRUE(before) << before.error().to_text();
  EXPECT_TRUE(before->admissions.empty());
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<AdmissionNotice> heard;
  bool connected = false;
  postgres::Listener listener(place.url(), postgres::kAdmissionChannel,
                              {[&](std::string_view payload) {
                                 const std::lock_guard lock(mutex);
                                 for (auto& notice : postgres::read_notice(payload, "two")) heard.push_back(notice);
                                 changed.notify_all();
                               },
                               [&] {
                                 const std::lock_guard lock(mutex);
                                 connected = true;
                                 changed.notify_all();
                               }});
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return connected; }));
  lock.unlock();
  std::vector<StoredAdmission> many;
  for (int i = 0; i < 400; ++i) many.push_back(admitted(std::to_string(1000 + i), 7));
  ASSERT_TRUE(two.put({admitted("own", 7)}));
  ASSERT_TRUE(one.put(many));
  lock.lock();
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return heard.size() == 400; })) << heard.size();
  EXPECT_EQ(heard.front().at_ms, 7);
  const auto missed = two.stored_since(before->now, 1000);
  EXPECT_EQ(missed->admissions.size(), 401u);
  EXPECT_GE(missed->now, before->now);
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

TEST(PostgresStoreTest, AnOlderSchemaIsBroughtUpByThreeNodesAtOnceAndKeepsWhatWasThere) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  auto connection = postgres::Connection::open(place.url());
  ASSERT_TRUE(postgres::migrate(**connection, 1));
  EXPECT_EQ(*postgres::schema_version(**connection), 1);
  ASSERT_TRUE((*connection)->execute("INSERT INTO sallyport_users VALUES (DEFAULT, 'kept', '$6$x', true, false, 1)"));
  std::vector<std::thread> nodes;
  for (int i = 0; i < 3; ++i)
    nodes.emplace_back([&] {
      const auto store = open_store(place.url(), StoreAccess::write);
      EXPECT_TRUE(store) << (store ? "" : store.error().to_text());
    });
  for (std::thread& node : nodes) node.join();
  EXPECT_EQ(*postgres::schema_version(**connection), postgres::newest_schema());
  EXPECT_TRUE(*place.open(StoreAccess::read)->find_user("kept"));
}

TEST(PostgresStoreTest, AMigrationThatFailsLeavesNothingOfIt) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  auto connection = postgres::Connection::open(place.url());
  ASSERT_TRUE(postgres::migrate(**connection, 1));
  // Something else has the name that the second step wants.
  ASSERT_TRUE((*connection)->execute("CREATE TABLE sallyport_admissions (x int)"));
  EXPECT_FALSE(open_store(place.url(), StoreAccess::write));
  EXPECT_EQ(*postgres::schema_version(**connection), 1);
  EXPECT_EQ((*connection)->query("SELECT 1 FROM pg_proc WHERE proname = 'sallyport_now_ms'")->size(), 0u);
  ASSERT_TRUE((*connection)->execute("DROP TABLE sallyport_admissions"));
  EXPECT_TRUE(open_store(place.url(), StoreAccess::write));
}

}  // namespace
}  // namespace sallyport
