// What is SQLite's own: the file, its owner, other files in its place, locks, damage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/sqlite_migrations.h"
#include "store/store.h"

namespace sallyport {
namespace {

namespace fs = std::filesystem;

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() {
    std::string pattern = (fs::temp_directory_path() / "sp-sqlite-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    file_ = folder_ + "/users.db";
  }
  ~SqliteStoreTest() override { fs::remove_all(folder_); }

  Result<std::unique_ptr<Store>> open(StoreAccess access) const { return open_store("sqlite://" + file_, access); }
  std::unique_ptr<Store> writer() const {
    auto store = open(StoreAccess::write);
    EXPECT_TRUE(store) << (store ? "" : store.error().to_text());
    return std::move(*store);
  }
  void run(const char* sql) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  static UserRecord user(std::string name) { return {std::move(name), "$6$hash", true, false, 0}; }

  std::string folder_, file_;
};

TEST_F(SqliteStoreTest, RefusesUrlsThatNameNoAbsoluteFile) {
  for (const char* url : {"", "sqlite://", "sqlite://relative.db", "sqlite://:memory:", "sqlite:///", "sqlite:///tmp/",
                          "/tmp/x.db", "postgres://localhost/x"}) {
    const auto refused = open_store(url, StoreAccess::read);
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalid);
    EXPECT_NE(refused.error().hint, "");
  }
  EXPECT_TRUE(open_store("sqlite://" + file_, StoreAccess::read));
}

TEST_F(SqliteStoreTest, ReadingMakesNoFile) {
  ASSERT_TRUE(open(StoreAccess::read));
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(SqliteStoreTest, ANewStoreIsMadeWhileOthersLookForIt) {
  // A broker looks five times a second for the file that an administrator is about to make.
  for (int round = 0; round < 40; ++round) {
    std::atomic<bool> made{false};
    const auto look = [&] {
      while (!made) {
        const auto reader = open(StoreAccess::read);
        ASSERT_TRUE(reader) << reader.error().to_text();
      }
    };
    std::thread one(look), two(look);
    const auto store = open(StoreAccess::write);
    made = true;
    one.join();
    two.join();
    ASSERT_TRUE(store) << store.error().to_text();
    ASSERT_TRUE((*store)->put_users({user("ann")}, WriteMode::create_only));
    fs::remove_all(folder_);
    fs::create_directory(folder_);
  }
}

TEST_F(SqliteStoreTest, NamesTheFolderThatIsMissing) {
  const auto refused = open_store("sqlite://" + folder_ + "/none/users.db", StoreAccess::write);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(refused.error().cause, "the store's folder " + folder_ + "/none is not there");
}

TEST_F(SqliteStoreTest, TheFileIsForItsOwnerAndForTheGroupAsTheFolderAllows) {
  const auto mode_with_folder = [&](mode_t folder) {
    fs::remove(file_);
    EXPECT_EQ(chmod(folder_.c_str(), folder), 0);
    (void)writer();
    struct stat st {};
    EXPECT_EQ(stat(file_.c_str(), &st), 0);
    return st.st_mode & 07777;
  };
  const mode_t before = umask(0);
  EXPECT_EQ(mode_with_folder(0700), 0600u);
  EXPECT_EQ(mode_with_folder(0777), 0660u);
  EXPECT_EQ(mode_with_folder(0755), 0640u);
  umask(before);
}

TEST_F(SqliteStoreTest, MadeByRootItBelongsToTheFoldersOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(chown(folder_.c_str(), 65534, 65534), 0);
  const auto store = writer();
  ASSERT_TRUE(store->put_users({user("a")}, WriteMode::create_only));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat st {};
    ASSERT_EQ(stat((file_ + suffix).c_str(), &st), 0) << suffix;
    EXPECT_EQ(st.st_uid, 65534u) << suffix;
    EXPECT_EQ(st.st_mode & 07, 0u) << suffix;
  }
  // The broker's user can read it, and write what weak hashes are replaced by.
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(9);
    auto theirs = open(StoreAccess::read);
    if (!theirs) _exit(1);
    const auto count = (*theirs)->count_users();
    if (!count || *count != 1) _exit(2);
    _exit((*theirs)->set_hash("a", "$6$better", 0) ? 0 : 3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ((*store->find_user("a"))->hash, "$6$better");
}

TEST_F(SqliteStoreTest, AUserWhoMayOnlyReadReadsAndIsToldWhyHeCannotWrite) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  ASSERT_TRUE(writer()->put_users({user("a")}, WriteMode::create_only));
  for (const char* suffix : {"", "-wal", "-shm"})
    if (fs::exists(file_ + suffix)) fs::permissions(file_ + suffix, fs::perms(0644));
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(9);
    auto store = open(StoreAccess::read);
    if (!store) _exit(1);
    const auto count = (*store)->count_users();
    if (!count || *count != 1) _exit(2);
    const Result<void> refused = (*store)->set_enabled("a", false);
    if (refused || refused.error().kind != ErrorKind::kDenied) _exit(3);
    const auto denied = open(StoreAccess::write);
    if (denied || denied.error().cause.find("user nobody may not open the store") == std::string::npos) _exit(4);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(SqliteStoreTest, AUserWhoMayNotReadIsToldWhoseFileItIs) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  (void)writer();
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(9);
    const auto denied = open(StoreAccess::read);
    if (denied || denied.error().kind != ErrorKind::kDenied) _exit(1);
    _exit(denied.error().cause.find("belongs to root, mode 0600") == std::string::npos ? 2 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Whoever owns the folder could point root's writes at another file.
TEST_F(SqliteStoreTest, RefusesALinkInTheFilesPlaceAndFollowsOneInTheFolders) {
  fs::create_directory(folder_ + "/real");
  fs::create_symlink(folder_ + "/real", folder_ + "/linked");
  EXPECT_TRUE(open_store("sqlite://" + folder_ + "/linked/users.db", StoreAccess::write));
  EXPECT_TRUE(fs::exists(folder_ + "/real/users.db"));
  fs::create_symlink(folder_ + "/real/users.db", file_);
  for (const StoreAccess access : {StoreAccess::read, StoreAccess::write}) {
    const auto refused = open(access);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().cause, "the store " + file_ + " is a symbolic link");
  }
}

TEST_F(SqliteStoreTest, RefusesANewerSchemaAndLeavesItAsItIs) {
  (void)writer();
  run("PRAGMA user_version = 99");
  for (const StoreAccess access : {StoreAccess::read, StoreAccess::write}) {
    const auto refused = open(access);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalid);
    EXPECT_THAT(refused.error().cause, testing::HasSubstr("has schema 99"));
  }
  run(("PRAGMA user_version = " + std::to_string(newest_schema())).c_str());
  EXPECT_TRUE(open(StoreAccess::write));
}

TEST_F(SqliteStoreTest, AStoreOfTheFirstSchemaIsBroughtUpAndKeepsItsUsers) {
  ASSERT_TRUE(writer()->put_users({{"ann", "$6$x", true, false, 0}}, WriteMode::create_only));
  run("DROP TABLE bars");
  run("PRAGMA user_version = 1");
  BarRecord bar;
  bar.value = "a-1";
  const auto store = writer();
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->put_bar(bar));
  EXPECT_EQ(*store->count_bars(BarClass::revocation), 1u);
  EXPECT_EQ(*store->count_users(), 1u);
}

TEST_F(SqliteStoreTest, RefusesAnotherProgramsDatabase) {
  run("CREATE TABLE precious (x)");
  const auto refused = open(StoreAccess::write);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().cause, testing::HasSubstr("is the database of another program"));
  run("INSERT INTO precious VALUES (1)");
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(file_) << std::string(5000, 'x');
  for (const StoreAccess access : {StoreAccess::read, StoreAccess::write}) {
    const auto refused = open(access);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().cause, testing::HasSubstr("is damaged or no store"));
  }
}

TEST_F(SqliteStoreTest, DamageIsAnErrorAndNotAnEmptyStore) {
  {
    const auto store = writer();
    std::vector<UserRecord> users;
    for (int i = 0; i < 500; ++i) users.push_back(user("user-" + std::to_string(i)));
    ASSERT_TRUE(store->put_users(users, WriteMode::create_only));
  }
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(static_cast<std::size_t>(fs::file_size(file_)) - 4096, '\xff');
  }
  auto store = open(StoreAccess::read);
  if (store) {
    const auto loaded = (*store)->load([](const UserRecord&) {});
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().cause, testing::HasSubstr("is damaged or no store"));
  } else {
    EXPECT_THAT(store.error().cause, testing::HasSubstr("is damaged or no store"));
  }
}

TEST_F(SqliteStoreTest, ADeletedStoreIsAnErrorUntilOneIsBackAndThenReadFromScratch) {
  ASSERT_TRUE(writer()->put_users({user("a")}, WriteMode::create_only));
  auto follower = open(StoreAccess::read);
  ASSERT_TRUE(follower);
  const std::int64_t at = (*follower)->load([](const UserRecord&) {})->sequence;
  const std::int64_t seen = *(*follower)->data_version();
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file_ + suffix);
  const auto gone = (*follower)->data_version();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().cause, "the store " + file_ + " was deleted");
  EXPECT_FALSE((*follower)->changes_after(at));
  EXPECT_FALSE((*follower)->count_users());

  // The same sequence number in another file says nothing about this one.
  ASSERT_TRUE(writer()->put_users({user("b")}, WriteMode::create_only));
  const auto back = (*follower)->data_version();
  ASSERT_TRUE(back) << back.error().to_text();
  EXPECT_NE(*back, seen);
  const auto changes = (*follower)->changes_after(at);
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->from_scratch);
  std::vector<std::string> loaded;
  const auto state = (*follower)->load([&](const UserRecord& u) { loaded.push_back(u.username); });
  EXPECT_EQ(loaded, std::vector<std::string>{"b"});
  EXPECT_FALSE((*follower)->changes_after(state->sequence)->from_scratch);
}

TEST_F(SqliteStoreTest, AFileMovedOverTheStoreIsReadFromScratch) {
  ASSERT_TRUE(writer()->put_users({user("a")}, WriteMode::create_only));
  auto follower = open(StoreAccess::read);
  const std::int64_t at = (*follower)->load([](const UserRecord&) {})->sequence;
  const std::string other = folder_ + "/other.db";
  {
    auto store = open_store("sqlite://" + other, StoreAccess::write);
    ASSERT_TRUE((*store)->put_users({user("b")}, WriteMode::create_only));
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    fs::remove(other + suffix);
    fs::remove(file_ + suffix);
  }
  fs::rename(other, file_);
  const auto changes = (*follower)->changes_after(at);
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->from_scratch);
  EXPECT_TRUE(*(*follower)->find_user("b"));
  EXPECT_FALSE(*(*follower)->find_user("a"));
}

TEST_F(SqliteStoreTest, AnEmptyFileReadsAsAStoreThatIsNotThereYet) {
  std::ofstream(file_).flush();
  auto store = open(StoreAccess::read);
  ASSERT_TRUE(store);
  EXPECT_EQ(*(*store)->count_users(), 0u);
  ASSERT_TRUE(writer()->put_users({user("a")}, WriteMode::create_only));
  EXPECT_EQ(*(*store)->count_users(), 1u);
}

TEST_F(SqliteStoreTest, ReadersGoOnWhileAWriterHoldsTheLock) {
  const auto store = writer();
  ASSERT_TRUE(store->put_users({user("a")}, WriteMode::create_only));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  auto reader = open(StoreAccess::read);
  ASSERT_TRUE(reader) << reader.error().to_text();
  EXPECT_EQ(*(*reader)->count_users(), 1u);
  const Result<void> late = store->set_enabled("a", false);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(late.error().cause, "the store " + file_ + " is locked by another process");
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_TRUE(store->set_enabled("a", false));
}

TEST_F(SqliteStoreTest, ThreeThatStartAtOnceMakeOneStore) {
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      auto store = open(StoreAccess::write);
      if (!store) _exit(1);
      _exit((*store)->put_users({user("u" + std::to_string(i))}, WriteMode::create_only) ? 0 : 2);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(*writer()->count_users(), 3u);
}

}  // namespace
}  // namespace sallyport
