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

}  // namespace
}  // namespace sallyport
