// What every Store promises, asked of PostgreSQL: the suite of store/, with another engine, and what is kept beside it.
#define SALLYPORT_STORE_ENGINES_ELSEWHERE
#include "postgres/postgres_store.h"
#include "postgres/testing.h"
#include "store/audit_store_test.cpp"
#include "store/console_store_test.cpp"
#include "store/store_contract_test.cpp"

namespace sallyport {
namespace {

using namespace testing_postgres;

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

}  // namespace
}  // namespace sallyport
