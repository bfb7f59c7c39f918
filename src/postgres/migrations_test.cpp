// Tables that are made and brought up: by several at once, whole or not at all.
#include "postgres/schema.h"
#include "postgres/testing.h"

namespace sallyport {
namespace {

using namespace testing_postgres;
using namespace testing_store;

void three_nodes_start(const PostgresPlace& place) {
  std::vector<std::thread> nodes;
  for (int i = 0; i < 3; ++i)
    nodes.emplace_back([&] {
      const auto store = open_store(place.url(), StoreAccess::write);
      EXPECT_TRUE(store) << (store ? "" : store.error().to_text());
    });
  for (std::thread& node : nodes) node.join();
}

TEST(PostgresStoreTest, ThreeNodesThatStartAtOnceMakeTheTablesOnce) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  three_nodes_start(place);
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

TEST(PostgresStoreTest, AnOlderSchemaIsBroughtUpByThreeNodesAtOnceAndKeepsWhatWasThere) {
  if (!Server::the_one().start()) GTEST_SKIP() << "PostgreSQL is not installed";
  const PostgresPlace place;
  auto connection = postgres::Connection::open(place.url());
  ASSERT_TRUE(postgres::migrate(**connection, 1));
  EXPECT_EQ(*postgres::schema_version(**connection), 1);
  ASSERT_TRUE((*connection)->execute("INSERT INTO sallyport_users VALUES (DEFAULT, 'kept', '$6$x', true, false, 1)"));
  three_nodes_start(place);
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
