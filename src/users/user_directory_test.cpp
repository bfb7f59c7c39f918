#include "users/user_directory.h"

#include <gtest/gtest.h>

#include <chrono>

#include "users/password_hash.h"

namespace sallyport {
namespace {

constexpr const char* kHash =
    "$argon2id$v=19$m=2048,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

UserRecord user(std::string name, std::uint64_t version = 1, std::string hash = kHash) {
  return {std::move(name), std::move(hash), true, false, version};
}
UserChange put(UserRecord record) { return {record.username, std::move(record)}; }
UserChange gone(std::string name) { return {std::move(name), std::nullopt}; }

std::shared_ptr<const UserDirectory> directory_of(std::size_t users) {
  UserDirectory::Builder builder;
  for (std::size_t i = 0; i < users; ++i) builder.add(user("device-" + std::to_string(i), i + 1));
  return builder.build();
}

TEST(UserDirectoryTest, AnEmptyOneFindsNobody) {
  EXPECT_FALSE(UserDirectory().find("a"));
  EXPECT_FALSE(UserDirectory().find(""));
  EXPECT_EQ(UserDirectory().size(), 0u);
}

TEST(UserDirectoryTest, FindsWhatWasAddedAsItWasAdded) {
  UserDirectory::Builder builder;
  builder.add({"anna", "$6$x", false, true, 7});
  builder.add({"bert", kHash, true, false, 9});
  const auto directory = builder.build();
  const auto anna = directory->find("anna");
  ASSERT_TRUE(anna);
  EXPECT_EQ(anna->username, "anna");
  EXPECT_EQ(anna->hash, "$6$x");
  EXPECT_FALSE(anna->enabled);
  EXPECT_TRUE(anna->is_superuser);
  EXPECT_EQ(anna->version, 7u);
  EXPECT_TRUE(directory->find("bert")->enabled);
  EXPECT_FALSE(directory->find("bert")->is_superuser);
  EXPECT_FALSE(directory->find("Anna"));  // byte for byte
  EXPECT_FALSE(directory->find("ann"));
  EXPECT_FALSE(directory->find(std::string_view("anna\0", 5)));
  EXPECT_EQ(directory->size(), 2u);
}

TEST(UserDirectoryTest, HoldsTheLongestNameThatMqttCanCarry) {
  UserDirectory::Builder builder;
  const std::string longest(65535, 'n');
  builder.add(user(longest));
  const auto directory = builder.build();
  EXPECT_TRUE(directory->find(longest));
  EXPECT_FALSE(directory->find(longest.substr(1)));
}

TEST(UserDirectoryTest, ChangesLeaveTheOldDirectoryAsItWas) {
  const auto before = directory_of(1000);
  const std::vector<UserChange> changes = {put(user("device-7", 5000)), gone("device-8"), put(user("new", 5001))};
  const auto after = before->with(changes);
  EXPECT_EQ(before->find("device-7")->version, 8u);
  EXPECT_TRUE(before->find("device-8"));
  EXPECT_FALSE(before->find("new"));
  EXPECT_EQ(before->size(), 1000u);
  EXPECT_EQ(after->find("device-7")->version, 5000u);
  EXPECT_FALSE(after->find("device-8"));
  EXPECT_EQ(after->find("new")->version, 5001u);
  EXPECT_EQ(after->size(), 1000u);
}

TEST(UserDirectoryTest, TheLastChangeOfANameCounts) {
  const std::vector<UserChange> back = {put(user("a", 1)), gone("a"), put(user("a", 3))};
  EXPECT_EQ(UserDirectory().with(back)->find("a")->version, 3u);
  const std::vector<UserChange> away = {put(user("a", 1)), gone("a")};
  EXPECT_FALSE(UserDirectory().with(away)->find("a"));
  EXPECT_EQ(UserDirectory().with(away)->size(), 0u);
}

TEST(UserDirectoryTest, DeletingWhoIsNotThereChangesNothing) {
  const std::vector<UserChange> changes = {gone("nobody")};
  EXPECT_EQ(directory_of(3)->with(changes)->size(), 3u);
}

TEST(UserDirectoryTest, ANameAddedTwiceHasItsLastRecord) {
  UserDirectory::Builder builder;
  builder.add(user("a", 1, "$6$weak"));
  builder.add(user("a", 2));
  const auto directory = builder.build();
  EXPECT_EQ(directory->find("a")->version, 2u);
  EXPECT_EQ(directory->size(), 1u);
  const std::vector<UserChange> changes = {gone("a")};
  EXPECT_FALSE(directory->with(changes)->find("a"));
}

TEST(UserDirectoryTest, CountsWeakHashesAsTheyComeAndGo) {
  const std::string weak = "$plain$none$$cHc";
  UserDirectory::Builder builder;
  builder.add(user("a", 1, weak));
  builder.add(user("b", 1, weak));
  builder.add(user("c"));
  const auto directory = builder.build();
  EXPECT_EQ(directory->weak_hashes(), 2u);
  const std::vector<UserChange> changes = {put(user("a", 2))};
  EXPECT_EQ(directory->with(changes)->weak_hashes(), 1u);
}

TEST(UserDirectoryTest, GrowsFromNothingOneChangeAtATime) {
  auto directory = std::make_shared<const UserDirectory>();
  for (int i = 0; i < 3000; ++i) {
    const std::vector<UserChange> change = {put(user("u" + std::to_string(i), static_cast<std::uint64_t>(i)))};
    directory = directory->with(change);
  }
  EXPECT_EQ(directory->size(), 3000u);
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(directory->find("u" + std::to_string(i))) << i;
}

TEST(UserDirectoryTest, AMillionUsersTakeAtMost250BytesEachAndAChangeCostsLittle) {
  using clock = std::chrono::steady_clock;
  const auto directory = directory_of(1'000'000);
  EXPECT_EQ(directory->size(), 1'000'000u);
  EXPECT_LE(directory->memory_bytes() / 1'000'000, 250u);
  RecordProperty("bytes_per_user", static_cast<int>(directory->memory_bytes() / 1'000'000));
  auto best = clock::duration::max();
  auto next = directory;
  for (int i = 0; i < 20; ++i) {
    const std::vector<UserChange> change = {put(user("device-" + std::to_string(i * 37'111), 2'000'000))};
    const auto start = clock::now();
    next = next->with(change);
    best = std::min(best, clock::now() - start);
  }
  EXPECT_EQ(next->find("device-37111")->version, 2'000'000u);
  EXPECT_EQ(directory->find("device-37111")->version, 37'112u);
  EXPECT_EQ(next->size(), 1'000'000u);
  // Far under the cost of copying a million; loose, since sanitizers and busy machines run this too.
  EXPECT_LT(best, std::chrono::milliseconds(10));
  RecordProperty("change_us", static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(best).count()));
}

}  // namespace
}  // namespace sallyport
