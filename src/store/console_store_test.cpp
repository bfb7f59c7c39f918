#include "store/console_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace sallyport {
namespace {

class ConsoleStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("sp-console-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    auto opened = ConsoleStore::open((folder_ / "console.db").string());
    ASSERT_TRUE(opened) << opened.error().to_text();
    store_ = std::move(*opened);
    ASSERT_TRUE(store_->add_administrator({"ada", "administrator", true, "hash", 1, {}, 1}));
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::filesystem::path folder_;
  std::unique_ptr<ConsoleStore> store_;
};

TEST_F(ConsoleStoreTest, ItsFileIsForItsOwnerAlone) {
  struct stat st {};
  ASSERT_EQ(::stat((folder_ / "console.db").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
}

TEST_F(ConsoleStoreTest, TheLastKeeperStays) {
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

TEST_F(ConsoleStoreTest, AChangeOfAnOldVersionIsAConflict) {
  const auto seen = store_->find_administrator("ada").value().value();
  ASSERT_TRUE(store_->change_administrator(seen, false));
  const auto late = store_->change_administrator(seen, false);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(late.error().place, "version");
}

TEST_F(ConsoleStoreTest, SessionsAndTokensGoWithTheirAdministrator) {
  ASSERT_TRUE(store_->add_administrator({"bob", "viewer", true, "hash", 1, {}, 1}));
  ASSERT_TRUE(store_->add_session({"digest", "bob", "csrf", 1, 1}));
  ASSERT_TRUE(store_->add_token({"id", "ci", "viewer", "bob", "token-digest", 1, 2, {}}));
  EXPECT_TRUE(store_->find_session("digest").value());
  ASSERT_TRUE(store_->remove_administrator("bob", true));
  EXPECT_FALSE(store_->find_session("digest").value());
  EXPECT_FALSE(store_->find_token("token-digest").value());
}

TEST_F(ConsoleStoreTest, AnInvitationIsTakenOnceAndANewOneTakesItsPlace) {
  ASSERT_TRUE(store_->put_invitation({"one", "ada", 10}));
  ASSERT_TRUE(store_->put_invitation({"two", "ada", 10}));
  EXPECT_FALSE(store_->find_invitation("one").value());
  EXPECT_TRUE(store_->take_invitation("two").value());
  EXPECT_FALSE(store_->take_invitation("two").value());
}

TEST_F(ConsoleStoreTest, ListsActivityNewestFirst) {
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

}  // namespace
}  // namespace sallyport
