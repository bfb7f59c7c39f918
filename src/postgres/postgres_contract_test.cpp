// What every Store promises, asked of PostgreSQL: the suite of store/, with another engine. It needs a server that the
// tests may make databases in: SALLYPORT_TEST_POSTGRES names it ("postgres:///postgres?host=/tmp/x"). Without it the
// suite starts one of its own, where PostgreSQL's programs are installed.
#include "postgres/postgres_store.h"

#define SALLYPORT_STORE_ENGINES_ELSEWHERE
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include "postgres/connection.h"
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
  EXPECT_EQ(refused.error().cause, "the store has schema 99, and this program knows schemas up to 1");
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

}  // namespace
}  // namespace sallyport
