// Admissions that nodes share.
#include "postgres/postgres_admissions.h"

#include <condition_variable>
#include <mutex>

#include "postgres/listener.h"
#include "postgres/testing.h"

namespace sallyport {
namespace {

using namespace testing_postgres;
using namespace testing_store;

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

}  // namespace
}  // namespace sallyport
