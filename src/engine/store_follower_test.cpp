#include "engine/store_follower.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace sallyport {
namespace {

namespace fs = std::filesystem;

class StoreFollowerTest : public testing::Test {
 protected:
  StoreFollowerTest() {
    std::string pattern = (fs::temp_directory_path() / "sp-follower-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~StoreFollowerTest() override { fs::remove_all(folder_); }

  std::string url() const { return "sqlite://" + folder_ + "/users.db"; }
  void put(const std::string& name) const {
    auto store = open_store(url(), StoreAccess::write);
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->put_users({{name, "$6$hash", true, false, 0}}, WriteMode::replace));
  }
  void remove_store() const {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(folder_ + "/users.db" + suffix);
  }

  std::string folder_;
};

TEST_F(StoreFollowerTest, AStoreThatIsNotThereYetHasNobodyAndIsFollowedOnceItIs) {
  StoreFollower follower(url());
  ASSERT_TRUE(follower.poll());
  EXPECT_EQ(follower.users()->size(), 0u);
  put("a");
  const auto update = follower.poll();
  ASSERT_TRUE(update);
  EXPECT_TRUE(update->users);
  EXPECT_TRUE(follower.users()->find("a"));
  EXPECT_FALSE(follower.poll()->users);
}

TEST_F(StoreFollowerTest, ADeletedStoreLeavesTheUsersThatAreKnownHoweverOftenItIsLookedFor) {
  put("a");
  StoreFollower follower(url());
  ASSERT_TRUE(follower.poll());
  remove_store();
  for (int i = 0; i < 3; ++i) {
    const auto update = follower.poll();
    ASSERT_FALSE(update);
    EXPECT_EQ(update.error().kind, ErrorKind::kNotFound);
    EXPECT_TRUE(follower.users()->find("a"));
  }
  // Another file with the same sequence number: the users are its own.
  put("b");
  ASSERT_TRUE(follower.poll());
  EXPECT_TRUE(follower.users()->find("b"));
  EXPECT_FALSE(follower.users()->find("a"));
}

TEST_F(StoreFollowerTest, OfAStoreWithTooManyOnlyThoseAreKeptWhoWereFetched) {
  for (int i = 0; i < 20; ++i) put("u" + std::to_string(i));
  StoreFollower follower(url(), 10);
  ASSERT_TRUE(follower.poll());
  ASSERT_TRUE(follower.absent());
  EXPECT_EQ(follower.users()->size(), 0u);
  const auto fetched = follower.fetch({"u3", "nobody"});
  ASSERT_TRUE(fetched);
  EXPECT_TRUE(fetched->users);
  EXPECT_TRUE(follower.users()->find("u3"));
  EXPECT_FALSE(follower.users()->find("nobody"));
  EXPECT_TRUE(follower.absent()->find("nobody"));
  EXPECT_FALSE(follower.absent()->find("u4"));  // not asked for: nothing is said of him
  // Who was nobody and is made now is somebody at once; who is deleted is nobody, and not unknown.
  put("nobody");
  ASSERT_TRUE(follower.poll());
  EXPECT_TRUE(follower.users()->find("nobody"));
  EXPECT_FALSE(follower.absent()->find("nobody"));
  ASSERT_TRUE((*open_store(url(), StoreAccess::write))->delete_user("u3"));
  ASSERT_TRUE(follower.poll());
  EXPECT_FALSE(follower.users()->find("u3"));
  EXPECT_TRUE(follower.absent()->find("u3"));
}

TEST_F(StoreFollowerTest, HoweverManyComeTheBoundIsKept) {
  auto store = open_store(url(), StoreAccess::write);
  std::vector<UserRecord> many;
  std::vector<std::string> names;
  for (int i = 0; i < 5000; ++i) many.push_back({"u" + std::to_string(i), "$6$hash", true, false, 0});
  for (const UserRecord& user : many) names.push_back(user.username);
  ASSERT_TRUE((*store)->put_users(many, WriteMode::create_only));
  StoreFollower follower(url(), 1000);
  ASSERT_TRUE(follower.poll());
  for (std::size_t at = 0; at < names.size(); at += 250) {
    const std::vector<std::string> some(names.begin() + static_cast<std::ptrdiff_t>(at),
                                        names.begin() + static_cast<std::ptrdiff_t>(at) + 250);
    ASSERT_TRUE(follower.fetch(some));
    EXPECT_LE(follower.users()->size(), 1000u);
  }
  EXPECT_GE(follower.users()->size(), 300u);
}

TEST_F(StoreFollowerTest, AStoreThatGrowsBeyondTheBoundIsKeptInPartFromThenOn) {
  for (int i = 0; i < 10; ++i) put("u" + std::to_string(i));
  StoreFollower follower(url(), 10);
  ASSERT_TRUE(follower.poll());
  EXPECT_FALSE(follower.absent());
  EXPECT_EQ(follower.users()->size(), 10u);
  EXPECT_FALSE(follower.fetch({"u1"})->users);  // everybody is here
  put("one more");
  ASSERT_TRUE(follower.poll());
  EXPECT_TRUE(follower.absent());
  EXPECT_LE(follower.users()->size(), 10u);
}

TEST_F(StoreFollowerTest, HearsOfBarsAndDropsThoseThatAreOver) {
  put("a");
  StoreFollower follower(url());
  ASSERT_TRUE(follower.poll());
  EXPECT_EQ(follower.bars()->blocks(), 0u);
  auto store = open_store(url(), StoreAccess::write);
  BarRecord block;
  block.kind = BarKind::client_id;
  block.value = "c1";
  block.until = SystemClock().unix_seconds() + 1'000;
  const auto kept = (*store)->put_bar(block);
  ASSERT_TRUE(kept);
  auto update = follower.poll();
  ASSERT_TRUE(update) << update.error().to_text();
  EXPECT_TRUE(update->bars);
  EXPECT_FALSE(update->users);
  EXPECT_TRUE(follower.bars()->find_client("c1", "", "", block.until - 1));
  EXPECT_FALSE(follower.sweep(block.until - 1));
  EXPECT_TRUE(follower.sweep(block.until));
  EXPECT_EQ(follower.bars()->blocks(), 0u);

  ASSERT_TRUE((*store)->put_bar(block));
  ASSERT_TRUE(follower.poll());
  EXPECT_EQ(follower.bars()->blocks(), 1u);
  ASSERT_TRUE((*store)->remove_bar(BarClass::block, kept->record.id));
  update = follower.poll();
  EXPECT_TRUE(update->bars);
  EXPECT_EQ(follower.bars()->blocks(), 0u);
  // One that comes to the store as a whole knows them, too.
  ASSERT_TRUE((*store)->put_bar(block));
  StoreFollower another(url());
  ASSERT_TRUE(another.poll());
  EXPECT_EQ(another.bars()->blocks(), 1u);
}

}  // namespace
}  // namespace sallyport
