// What every Store promises, whatever its engine. An engine joins with a factory.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "store/testing.h"

namespace sallyport {
namespace {

using namespace testing_store;

struct Engine {
  std::string name;
  std::function<std::unique_ptr<StorePlace>()> place;
};

class StoreContractTest : public testing::TestWithParam<Engine> {
 protected:
  std::unique_ptr<StorePlace> place_ = GetParam().place();
};

std::vector<std::string> names(Store& store) {
  std::vector<std::string> found;
  EXPECT_TRUE(store.for_each_user([&](const UserRecord& u) {
    found.push_back(u.username);
    return true;
  }));
  return found;
}

TEST_P(StoreContractTest, KeepsAUserAsItWasGiven) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({{"ännä", "$6$x", false, true, 0}}, WriteMode::create_only));
  const auto found = store->find_user("ännä");
  ASSERT_TRUE(found);
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->hash, "$6$x");
  EXPECT_FALSE((*found)->enabled);
  EXPECT_TRUE((*found)->is_superuser);
  EXPECT_EQ((*found)->version, 1u);
  EXPECT_FALSE(*store->find_user("ännÄ"));  // byte for byte
  EXPECT_FALSE(*store->find_user("ann"));
}

TEST_P(StoreContractTest, WhatWasAcknowledgedIsThereForTheNextOne) {
  place_->open()->put_users({user("a")}, WriteMode::create_only).has_value();
  EXPECT_EQ(*place_->open(StoreAccess::read)->count_users(), 1u);
}

TEST_P(StoreContractTest, RefusesToCreateWhoIsThereAndNamesHim) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({user("b")}, WriteMode::create_only));
  const Result<void> refused = store->put_users({user("a"), user("b", "$6$new")}, WriteMode::create_only);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(refused.error().cause, "there is a user b already");
  // All or nothing: a was not kept either.
  EXPECT_EQ(names(*store), std::vector<std::string>{"b"});
  EXPECT_TRUE(store->put_users({user("a"), user("b", "$6$new")}, WriteMode::replace));
  EXPECT_EQ((*store->find_user("b"))->hash, "$6$new");
}

TEST_P(StoreContractTest, RefusesNamesThatMqttCannotCarry) {
  const auto store = place_->open();
  EXPECT_FALSE(store->put_users({user("")}, WriteMode::replace));
  EXPECT_FALSE(store->put_users({user(std::string("a\0b", 3))}, WriteMode::replace));
  EXPECT_FALSE(store->put_users({user(std::string(65536, 'a'))}, WriteMode::replace));
  EXPECT_TRUE(store->put_users({user(std::string(65535, 'a'))}, WriteMode::replace));
  EXPECT_FALSE(store->put_users({user("a", "")}, WriteMode::replace));
  EXPECT_EQ(*store->count_users(), 1u);
}

TEST_P(StoreContractTest, ListsInNameOrderByCursorAndSearch) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({user("d1"), user("a"), user("c"), user("d2"), user("b%")}, WriteMode::create_only));
  EXPECT_EQ(names(*store), (std::vector<std::string>{"a", "b%", "c", "d1", "d2"}));
  const auto page = store->list_users({"a", "", 2});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].username, "b%");
  EXPECT_EQ((*page)[1].username, "c");
  EXPECT_EQ(store->list_users({"", "d", 10})->size(), 2u);
  EXPECT_EQ(store->list_users({"", "%", 10})->size(), 1u);  // no wildcards
}

TEST_P(StoreContractTest, StopsWhereTheSinkHasEnough) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({user("a"), user("b"), user("c")}, WriteMode::create_only));
  int seen = 0;
  ASSERT_TRUE(store->for_each_user([&](const UserRecord&) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

TEST_P(StoreContractTest, ChangesOneFieldAndCountsTheVersionUp) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({user("a")}, WriteMode::create_only));
  const std::uint64_t first = (*store->find_user("a"))->version;
  ASSERT_TRUE(store->set_enabled("a", false));
  EXPECT_FALSE((*store->find_user("a"))->enabled);
  const std::uint64_t second = (*store->find_user("a"))->version;
  EXPECT_GT(second, first);
  // Somebody else's newer change wins over what was computed from the older record.
  const Result<void> late = store->set_hash("a", "$6$late", first);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kConflict);
  EXPECT_EQ((*store->find_user("a"))->hash, "$6$hash");
  EXPECT_TRUE(store->set_hash("a", "$6$good", second));
  EXPECT_TRUE(store->set_hash("a", "$6$any", 0));
  EXPECT_EQ((*store->find_user("a"))->hash, "$6$any");
  EXPECT_FALSE((*store->find_user("a"))->enabled);
}

TEST_P(StoreContractTest, ChangingOrDeletingNobodyIsNotFound) {
  const auto store = place_->open();
  for (const Result<void>& result :
       {store->set_enabled("x", true), store->set_hash("x", "$6$h", 0), store->delete_user("x")}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(result.error().cause, "there is no user x");
  }
  EXPECT_EQ(store->load([](const UserRecord&) {})->sequence, 0);  // a refused change takes no number
}

TEST_P(StoreContractTest, GivesOutNobodyWhereThereAreMoreThanAreWantedAndFindsSomeByName) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({user("a"), user("b"), user("c")}, WriteMode::create_only));
  for (const std::size_t most : {std::size_t{2}, std::size_t{3}}) {
    std::size_t seen = 0;
    const auto state = store->load([&](const UserRecord&) { ++seen; }, most);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->too_many, most == 2);
    EXPECT_EQ(seen, most == 2 ? 0u : 3u);
    EXPECT_EQ(state->sequence, 1);
  }
  const auto found = store->find_users({"c", "nobody", "a"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 2u);
  EXPECT_TRUE(store->find_users({})->empty());
}

TEST_P(StoreContractTest, OneConnectionFollowsTheChangesOfAnother) {
  const auto writer = place_->open();
  const auto follower = place_->open(StoreAccess::read);
  ASSERT_TRUE(writer->put_users({user("a"), user("b")}, WriteMode::create_only));
  std::vector<std::string> loaded;
  Result<StoreChanges> state = follower->load([&](const UserRecord& u) { loaded.push_back(u.username); });
  ASSERT_TRUE(state);
  EXPECT_EQ(loaded, (std::vector<std::string>{"a", "b"}));
  std::int64_t at = state->sequence;
  const std::int64_t seen = *follower->data_version();
  EXPECT_EQ(*follower->data_version(), seen);

  ASSERT_TRUE(writer->set_enabled("a", false));
  EXPECT_NE(*follower->data_version(), seen);
  Result<StoreChanges> changes = follower->changes_after(at);
  ASSERT_TRUE(changes);
  EXPECT_FALSE(changes->from_scratch);
  ASSERT_EQ(changes->users.size(), 1u);  // b is not read again
  EXPECT_EQ(changes->users[0].username, "a");
  EXPECT_FALSE(changes->users[0].record->enabled);
  EXPECT_EQ(changes->users[0].record->version, static_cast<std::uint64_t>(changes->sequence));
  at = changes->sequence;

  ASSERT_TRUE(writer->delete_user("b"));
  changes = follower->changes_after(at);
  ASSERT_EQ(changes->users.size(), 1u);
  EXPECT_EQ(changes->users[0].username, "b");
  EXPECT_FALSE(changes->users[0].record);
  at = changes->sequence;

  // Deleted and back: the record, not the deletion.
  ASSERT_TRUE(writer->put_users({user("b", "$6$again")}, WriteMode::create_only));
  changes = follower->changes_after(at);
  ASSERT_EQ(changes->users.size(), 1u);
  ASSERT_TRUE(changes->users[0].record);
  EXPECT_EQ(changes->users[0].record->hash, "$6$again");
  at = changes->sequence;
  EXPECT_TRUE(follower->changes_after(at)->users.empty());
  EXPECT_FALSE(follower->changes_after(at)->settings);
}

TEST_P(StoreContractTest, ASequenceAheadOfTheStoreStartsFromScratch) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({user("a"), user("b")}, WriteMode::create_only));
  const auto changes = store->changes_after(99);
  EXPECT_TRUE(changes->from_scratch);
  EXPECT_TRUE(changes->users.empty());
  EXPECT_TRUE(store->changes_after(0)->from_scratch);
  EXPECT_FALSE(store->changes_after(1)->from_scratch);
}

TEST_P(StoreContractTest, AStoreThatIsNotThereYetReadsAsEmptyAndIsFoundLater) {
  const auto follower = place_->open(StoreAccess::read);
  EXPECT_EQ(*follower->count_users(), 0u);
  EXPECT_FALSE(*follower->find_user("a"));
  EXPECT_FALSE(*follower->current_settings());
  const std::int64_t before = *follower->data_version();
  EXPECT_EQ(follower->changes_after(0)->sequence, 0);
  const auto writer = place_->open();
  ASSERT_TRUE(writer->put_users({user("a")}, WriteMode::create_only));
  EXPECT_NE(*follower->data_version(), before);
  EXPECT_TRUE(follower->changes_after(0)->from_scratch);
  EXPECT_EQ(names(*follower), std::vector<std::string>{"a"});
  EXPECT_EQ(follower->load([](const UserRecord&) {})->sequence, 1);
}

TEST_P(StoreContractTest, MoreChangesThanAreWorthTellingAreLoadedAnew) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({user("first")}, WriteMode::create_only));
  for (const int many : {20'000, 20'001}) {
    const std::int64_t at = store->load([](const UserRecord&) {})->sequence;
    ASSERT_TRUE(store->begin_bulk());
    for (int i = 0; i < many; ++i) ASSERT_TRUE(store->bulk_put(user("u" + std::to_string(i)), WriteMode::replace));
    ASSERT_TRUE(store->commit_bulk());
    const auto changes = store->changes_after(at);
    EXPECT_EQ(changes->from_scratch, many > 20'000);
    EXPECT_EQ(changes->users.size(), many > 20'000 ? 0u : 20'000u);
  }
}

TEST_P(StoreContractTest, ABulkIsInvisibleUntilItIsCommitted) {
  const auto writer = place_->open();
  const auto follower = place_->open(StoreAccess::read);
  ASSERT_TRUE(writer->put_users({user("old")}, WriteMode::create_only));
  const std::int64_t at = follower->load([](const UserRecord&) {})->sequence;
  ASSERT_TRUE(writer->begin_bulk());
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(writer->bulk_put(user("u" + std::to_string(i)), WriteMode::create_only));
  EXPECT_EQ(*follower->count_users(), 1u);
  // It holds no lock meanwhile.
  ASSERT_TRUE(place_->open()->put_users({user("other")}, WriteMode::create_only));
  ASSERT_TRUE(writer->commit_bulk());
  EXPECT_EQ(*follower->count_users(), 1002u);
  const auto changes = follower->changes_after(at);
  EXPECT_EQ(changes->users.size(), 1001u);
  EXPECT_EQ(changes->sequence, at + 2);  // one number for the other, one for the whole bulk
}

TEST_P(StoreContractTest, ABulkThatIsRolledBackLeavesNothing) {
  const auto store = place_->open();
  ASSERT_TRUE(store->begin_bulk());
  ASSERT_TRUE(store->bulk_put(user("a"), WriteMode::create_only));
  store->rollback_bulk();
  EXPECT_EQ(*store->count_users(), 0u);
  EXPECT_FALSE(store->commit_bulk());
  ASSERT_TRUE(store->begin_bulk());
  ASSERT_TRUE(store->bulk_put(user("a"), WriteMode::create_only));
  ASSERT_TRUE(store->commit_bulk());
  EXPECT_EQ(*store->count_users(), 1u);
}

TEST_P(StoreContractTest, ABulkNamesWhoIsThereAlreadyAndWhoComesTwice) {
  const auto store = place_->open();
  ASSERT_TRUE(store->put_users({user("there")}, WriteMode::create_only));
  ASSERT_TRUE(store->begin_bulk());
  ASSERT_TRUE(store->bulk_put(user("a"), WriteMode::create_only));
  EXPECT_EQ(store->bulk_put(user("a"), WriteMode::create_only).error().cause, "user a stands there twice");
  EXPECT_EQ(store->bulk_put(user("there"), WriteMode::create_only).error().cause, "there is a user there already");
  EXPECT_TRUE(store->bulk_put(user("b"), WriteMode::create_only));  // the bulk goes on
  EXPECT_TRUE(store->bulk_put(user("there", "$6$new"), WriteMode::replace));
  EXPECT_TRUE(store->bulk_put(user("a", "$6$last"), WriteMode::replace));
  ASSERT_TRUE(store->commit_bulk());
  EXPECT_EQ(names(*store), (std::vector<std::string>{"a", "b", "there"}));
  EXPECT_EQ((*store->find_user("a"))->hash, "$6$last");
  EXPECT_EQ((*store->find_user("there"))->hash, "$6$new");
}

TEST_P(StoreContractTest, ABulkRefusesAtTheEndWhoWasCreatedMeanwhile) {
  const auto store = place_->open();
  ASSERT_TRUE(store->begin_bulk());
  ASSERT_TRUE(store->bulk_put(user("a"), WriteMode::create_only));
  ASSERT_TRUE(store->bulk_put(user("b"), WriteMode::create_only));
  ASSERT_TRUE(place_->open()->put_users({user("b", "$6$theirs")}, WriteMode::create_only));
  const Result<void> refused = store->commit_bulk();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(names(*store), std::vector<std::string>{"b"});
  EXPECT_EQ((*store->find_user("b"))->hash, "$6$theirs");
}

TEST_P(StoreContractTest, AWriterKilledInTheMiddleOfABulkLeavesAllOrNothing) {
  place_->open()->put_users({user("old")}, WriteMode::create_only).has_value();
  for (int round = 0; round < 6; ++round) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = open_store(place_->url(), StoreAccess::write);
      if (!store || !(*store)->begin_bulk()) _exit(1);
      for (int i = 0; i < 20'000; ++i)
        if (!(*store)->bulk_put(user("u" + std::to_string(i)), WriteMode::replace)) _exit(1);
      (void)!write(ready[1], "x", 1);
      (void)(*store)->commit_bulk();
      (void)!write(ready[1], "y", 1);
      pause();
      _exit(0);
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    // Killed at a different place of the commit in each round.
    std::this_thread::sleep_for(std::chrono::milliseconds(4 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
    const auto store = place_->open();
    const std::size_t count = *store->count_users();
    EXPECT_TRUE(count == 1 || count == 20'001) << count;
    EXPECT_TRUE(store->put_users({user("after")}, WriteMode::replace));
    EXPECT_TRUE(store->delete_user("after"));
  }
}

TEST_P(StoreContractTest, AnAcknowledgedChangeSurvivesTheKilledWriter) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto store = open_store(place_->url(), StoreAccess::write);
    if (!store || !(*store)->put_users({user("kept")}, WriteMode::create_only)) _exit(1);
    (void)!write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  EXPECT_TRUE(*place_->open(StoreAccess::read)->find_user("kept"));
}

TEST_P(StoreContractTest, NumbersRevisionsOfSettingsFromOne) {
  const auto store = place_->open();
  EXPECT_FALSE(*store->current_settings());
  const auto first = store->put_settings("a = 1\n", "cli:root", "start");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->number, 1);
  EXPECT_GT(first->created_at, 1'700'000'000);
  EXPECT_EQ(store->put_settings("a = 2\n", "cli:root", "")->number, 2);
  const auto current = *store->current_settings();
  ASSERT_TRUE(current);
  EXPECT_EQ(current->toml, "a = 2\n");
  EXPECT_EQ(current->author, "cli:root");
  const auto all = *store->list_settings(10);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].number, 2);
  EXPECT_EQ(all[1].comment, "start");
  EXPECT_EQ(store->list_settings(1)->size(), 1u);
}

TEST_P(StoreContractTest, RefusesSettingsMadeFromAnOlderRevision) {
  const auto store = place_->open();
  EXPECT_TRUE(store->put_settings("a = 1\n", "x", "", 0));
  const auto late = store->put_settings("a = 2\n", "x", "", 0);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(store->put_settings("a = 2\n", "x", "", 1));
}

TEST_P(StoreContractTest, ANewRevisionIsAChangeThatFollowersSee) {
  const auto writer = place_->open();
  const auto follower = place_->open(StoreAccess::read);
  ASSERT_TRUE(writer->put_users({user("a")}, WriteMode::create_only));
  const std::int64_t at = follower->load([](const UserRecord&) {})->sequence;
  ASSERT_TRUE(writer->put_settings("a = 1\n", "x", ""));
  const auto changes = follower->changes_after(at);
  EXPECT_TRUE(changes->users.empty());
  ASSERT_TRUE(changes->settings);
  EXPECT_EQ(changes->settings->number, 1);
  EXPECT_EQ(follower->load([](const UserRecord&) {})->settings->toml, "a = 1\n");
}

TEST_P(StoreContractTest, TwoWritersTakeTurns) {
  place_->open();
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w)
    writers.emplace_back([&, w] {
      const auto store = place_->open();
      for (int i = 0; i < 25; ++i) {
        const Result<void> done =
            store->put_users({user(std::to_string(w) + "-" + std::to_string(i))}, WriteMode::create_only);
        EXPECT_TRUE(done) << (done ? "" : done.error().to_text());
      }
    });
  for (std::thread& writer : writers) writer.join();
  const auto store = place_->open(StoreAccess::read);
  EXPECT_EQ(*store->count_users(), 50u);
  EXPECT_EQ(store->load([](const UserRecord&) {})->sequence, 50);
}

TEST_P(StoreContractTest, EverythingMovesToANewStoreAndFollowersOfThatOneReadItWhole) {
  const auto from = place_->open();
  ASSERT_TRUE(from->put_users({user("a"), {"b", "$6$b", false, true, 0}, user("ünï \"'%")}, WriteMode::create_only));
  ASSERT_TRUE(from->delete_user("a"));
  ASSERT_TRUE(from->put_settings("[chain]\nno_match = 'deny'\n", "cli:root", "first"));
  ASSERT_TRUE(from->put_settings("", "cli:root", "second"));
  const std::vector<std::string> before = dump_of(*from);
  EXPECT_EQ(before.size(), 4u);
  const auto second_place = GetParam().place();
  const auto to = second_place->open();
  const std::int64_t empty = to->load([](const UserRecord&) {})->sequence;
  ASSERT_TRUE(move_all(*from, *to));
  EXPECT_EQ(dump_of(*to), before);
  EXPECT_TRUE(to->changes_after(empty + 1)->from_scratch);
  const std::int64_t sequence = to->load([](const UserRecord&) {})->sequence;
  EXPECT_GT(sequence, from->load([](const UserRecord&) {})->sequence);
  EXPECT_EQ(to->current_settings().value()->number, 2);
  ASSERT_TRUE(to->set_enabled("b", true));
  EXPECT_EQ(to->changes_after(sequence)->users.size(), 1u);
  const auto faults = to->check();
  ASSERT_TRUE(faults) << faults.error().to_text();
  for (const std::string& fault : *faults) EXPECT_NE(fault.find("fsync"), std::string::npos) << fault;  // a test server
}

TEST_P(StoreContractTest, NothingIsMovedIntoAStoreThatHoldsSomethingAndAMoveThatBreaksOffLeavesNothing) {
  const auto store = place_->open();
  const auto broken = [](int rows) {
    return [left = rows]() mutable -> Result<NextRow> {
      if (left-- == 0) return unexpected(invalid("the file ends early"));
      return NextRow{moved_table("users"),
                     {"u" + std::to_string(left), "$6$x", std::int64_t{1}, std::int64_t{0}, std::int64_t{1}}};
    };
  };
  for (const int rows : {0, 1, 1200}) {
    const Result<void> cut = store->restore(broken(rows));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().cause, "the file ends early");
    EXPECT_EQ(*store->count_users(), 0u);
  }
  ASSERT_TRUE(store->put_users({user("here")}, WriteMode::create_only));
  const Result<void> refused = store->restore([]() -> Result<NextRow> { return NextRow{}; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(refused.error().cause, "the store is not empty: there is something in users");
}
#include "store/bars_contract_testing.h"

// Another room includes this file and brings an engine of its own.
#ifndef SALLYPORT_STORE_ENGINES_ELSEWHERE
INSTANTIATE_TEST_SUITE_P(Engines, StoreContractTest,
                         testing::Values(Engine{"sqlite", [] { return std::make_unique<SqlitePlace>(); }}),
                         [](const auto& engine) { return engine.param.name; });
#endif

}  // namespace
}  // namespace sallyport
