// What the console's own store promises, whatever keeps it.
#include "store/console_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

namespace sallyport {
namespace {

// A fresh place for what is the console's own. An engine joins with a factory.
class ConsolePlace {
 public:
  ConsolePlace() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sp-console-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  virtual ~ConsolePlace() { std::filesystem::remove_all(folder_); }
  virtual std::string url() const { return "sqlite://" + folder_ + "/store.db"; }
  std::string file() const { return folder_ + "/console.db"; }
  std::unique_ptr<ConsoleStore> open() const {
    auto opened = ConsoleStore::open(url(), file());
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().to_text());
    return opened ? std::move(*opened) : nullptr;
  }

 private:
  std::string folder_;
};

struct ConsoleEngine {
  std::string name;
  std::function<std::unique_ptr<ConsolePlace>()> place;
};

class ConsoleStoreTest : public testing::TestWithParam<ConsoleEngine> {
 protected:
  void SetUp() override {
    place_ = GetParam().place();
    store_ = place_->open();
    ASSERT_TRUE(store_);
    ASSERT_TRUE(store_->add_administrator({"ada", "administrator", true, "hash", 1, {}, 1}));
  }
  std::unique_ptr<ConsolePlace> place_;
  std::unique_ptr<ConsoleStore> store_;
};

TEST_P(ConsoleStoreTest, TheLastKeeperStays) {
  EXPECT_FALSE(store_->remove_administrator("ada", true));
  auto ada = store_->find_administrator("ada").value().value();
  ada.enabled = false;
  EXPECT_FALSE(store_->change_administrator(ada, true));
  EXPECT_TRUE(store_->find_administrator("ada").value()->enabled);
  // One who was invited and has no password yet keeps nobody's place.
  ASSERT_TRUE(store_->add_administrator({"bob", "administrator", true, "", 1, {}, 1}));
  EXPECT_FALSE(store_->remove_administrator("ada", true));
  auto bob = store_->find_administrator("bob").value().value();
  bob.hash = "hash";
  ASSERT_TRUE(store_->change_administrator(bob, false));
  EXPECT_TRUE(store_->remove_administrator("ada", true));
}

TEST_P(ConsoleStoreTest, AChangeOfAnOldVersionIsAConflict) {
  const auto seen = store_->find_administrator("ada").value().value();
  ASSERT_TRUE(store_->change_administrator(seen, false));
  const auto late = store_->change_administrator(seen, false);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(late.error().place, "version");
}

TEST_P(ConsoleStoreTest, SessionsAndTokensGoWithTheirAdministrator) {
  ASSERT_TRUE(store_->add_administrator({"bob", "viewer", true, "hash", 1, {}, 1}));
  ASSERT_TRUE(store_->add_session({"digest", "bob", "csrf", 1, 1}));
  ASSERT_TRUE(store_->add_token({"id", "ci", "viewer", "bob", "token-digest", 1, 2, {}}));
  EXPECT_TRUE(store_->find_session("digest").value());
  ASSERT_TRUE(store_->remove_administrator("bob", true));
  EXPECT_FALSE(store_->find_session("digest").value());
  EXPECT_FALSE(store_->find_token("token-digest").value());
}

TEST_P(ConsoleStoreTest, AnInvitationIsTakenOnceAndANewOneTakesItsPlace) {
  ASSERT_TRUE(store_->put_invitation({"one", "ada", 10}));
  ASSERT_TRUE(store_->put_invitation({"two", "ada", 10}));
  EXPECT_FALSE(store_->find_invitation("one").value());
  EXPECT_TRUE(store_->take_invitation("two").value());
  EXPECT_FALSE(store_->take_invitation("two").value());
  // The first administrator is awaited at each node's own link.
  ASSERT_TRUE(store_->put_invitation({"at-one-node", "", 10}));
  ASSERT_TRUE(store_->put_invitation({"at-another", "", 10}));
  EXPECT_TRUE(store_->find_invitation("at-one-node").value());
}

TEST_P(ConsoleStoreTest, ListsActivityNewestFirst) {
  for (int i = 1; i <= 3; ++i)
    ASSERT_TRUE(store_->add_activity({0, i, i == 2 ? "bob" : "ada", "192.0.2.1", "addUser", "pump", "done", ""}));
  EXPECT_EQ(store_->list_activity({}).value().front().at, 3);
  ActivityQuery query;
  query.who = "ada";
  query.before = 3;
  const auto found = store_->list_activity(query).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].at, 1);
  query = {};
  query.what = "adduser";
  EXPECT_EQ(store_->list_activity(query).value().size(), 3u);
}

TEST_P(ConsoleStoreTest, WhatOneNodeChangesAnotherSees) {
  const auto other = place_->open();
  ASSERT_TRUE(store_->add_session({"digest", "ada", "csrf", 1, 1}));
  EXPECT_TRUE(other->find_session("digest").value());
  const auto taken = other->add_administrator({"ada", "viewer", true, "", 1, {}, 1});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(other->end_session("digest"));
  EXPECT_FALSE(store_->find_session("digest").value());
}

TEST_P(ConsoleStoreTest, OfTwoWhoTakeEachOtherOutAtOnceOneStays) {
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(store_->add_administrator({"bob", "administrator", true, "hash", 1, {}, 1}));
    const auto other = place_->open();
    Result<void> one, two;
    std::thread at_once([&] { two = other->remove_administrator("ada", true); });
    one = store_->remove_administrator("bob", true);
    at_once.join();
    EXPECT_NE(one.has_value(), two.has_value());
    EXPECT_EQ(store_->count_keepers().value(), 1);
    if (!two) continue;
    ASSERT_TRUE(store_->add_administrator({"ada", "administrator", true, "hash", 1, {}, 1}));
    ASSERT_TRUE(store_->remove_administrator("bob", true));
  }
}

TEST_P(ConsoleStoreTest, ARoleThatDoesNotExistIsNotKept) {
  EXPECT_FALSE(store_->add_administrator({"eve", "emperor", true, "hash", 1, {}, 1}));
  EXPECT_TRUE(store_->add_administrator({"eve", "viewer", true, "hash", 1, {}, 1}));
}

std::vector<NextRow> rows_of(ConsoleStore& store) {
  std::vector<NextRow> out;
  EXPECT_TRUE(store.dump([&](const Table& table, Row row) -> Result<void> {
    out.push_back({&table, std::move(row)});
    return {};
  }));
  return out;
}
Result<void> restore(ConsoleStore& store, std::vector<NextRow> rows, Result<void> rest) {
  std::size_t at = 1;
  const RowSource source = [&]() -> Result<NextRow> { return at < rows.size() ? rows[at++] : NextRow{}; };
  return store.restore(rows.at(0), source, [&](const NextRow&) { return rest; });
}

TEST_P(ConsoleStoreTest, GoesWholeIntoAnotherOrNotAtAll) {
  ASSERT_TRUE(store_->add_token({"id", "ci", "viewer", "ada", "token-digest", 1, 2, {}}));
  ASSERT_TRUE(store_->add_session({"digest", "ada", "csrf", 1, 1}));
  for (const char* what : {"first", "second"})
    ASSERT_TRUE(store_->add_activity({0, 1, "ada", "192.0.2.1", what, "\xff", "done", ""}));
  const std::vector<NextRow> rows = rows_of(*store_);
  EXPECT_EQ(rows.size(), 4u) << "whoever is signed in does not go along";
  const auto place = GetParam().place();
  const auto into = place->open();
  EXPECT_FALSE(restore(*into, rows, unexpected(invalid("the rest is spoiled"))));
  EXPECT_TRUE(rows_of(*into).empty());
  const Result<void> done = restore(*into, rows, {});
  ASSERT_TRUE(done) << (done ? "" : done.error().to_text());
  EXPECT_EQ(into->find_administrator("ada").value()->hash, "hash");
  EXPECT_EQ(into->find_token("token-digest").value()->owner, "ada");
  EXPECT_EQ(into->list_activity({}).value().front().what, "second");
  EXPECT_EQ(into->list_activity({}).value().front().subject, "\xff");
  ASSERT_TRUE(into->add_activity({0, 1, "ada", "", "third", "", "done", ""}));
  EXPECT_EQ(into->list_activity({}).value().front().what, "third");
  const Result<void> again = restore(*into, rows, {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
}

#ifndef SALLYPORT_STORE_ENGINES_ELSEWHERE
INSTANTIATE_TEST_SUITE_P(Engines, ConsoleStoreTest,
                         testing::Values(ConsoleEngine{"sqlite", [] { return std::make_unique<ConsolePlace>(); }}),
                         [](const auto& engine) { return engine.param.name; });

TEST(ConsoleFileTest, ItIsForItsOwnerAlone) {
  const ConsolePlace place;
  place.open();
  struct stat st {};
  ASSERT_EQ(::stat(place.file().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
}
#endif

}  // namespace
}  // namespace sallyport
