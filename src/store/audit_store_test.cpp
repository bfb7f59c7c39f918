#include "store/audit_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace sallyport {
namespace {

class AuditStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("sp-audit-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    auto opened = AuditStore::open_to_write(path());
    ASSERT_TRUE(opened) << opened.error().to_text();
    store_ = std::move(*opened);
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string path() const { return (folder_ / "audit.db").string(); }
  static AuditRow row(std::string client, UnixSeconds at, std::string reason = "expired",
                      std::string verdict = "deny") {
    AuditRow out;
    out.process = "test";
    out.at = at;
    out.client_id = std::move(client);
    out.reason = std::move(reason);
    out.verdict = std::move(verdict);
    out.key = "secret";
    out.steps = "[]";
    return out;
  }
  std::vector<std::string> clients(const AuditQuery& query) {
    std::vector<std::string> out;
    const auto listed = store_->list(query);
    for (const AuditRow& one : listed.value()) out.push_back(one.client_id);
    return out;
  }
  std::filesystem::path folder_;
  std::unique_ptr<AuditStore> store_;
};
using Clients = std::vector<std::string>;

TEST_F(AuditStoreTest, ListsNewestFirstAndEachFilterNarrows) {
  ASSERT_TRUE(store_->add({row("a", 10), row("b", 20, "token_ok", "allow"), row("c", 30)}));
  EXPECT_EQ(clients({}), (Clients{"c", "b", "a"}));
  AuditQuery q;
  q.reason = "expired";
  EXPECT_EQ(clients(q), (Clients{"c", "a"}));
  q.from = 20;
  EXPECT_EQ(clients(q), Clients{"c"});
  q = {};
  q.verdict = "allow";
  EXPECT_EQ(clients(q), Clients{"b"});
  q = {};
  q.after = 1;
  q.before = 3;
  EXPECT_EQ(clients(q), Clients{"b"});
  q = {};
  q.search = "c";
  EXPECT_EQ(clients(q), Clients{"c"});
  EXPECT_EQ(store_->newest().value(), 3);
  EXPECT_EQ(store_->find(2).value()->client_id, "b");
  EXPECT_FALSE(store_->find(9).value());
}

TEST_F(AuditStoreTest, GroupsRefusalsByCauseAndDevice) {
  ASSERT_TRUE(store_->add(
      {row("a", 10), row("a", 20), row("b", 30), row("c", 40, "bad_signature"), row("d", 50, "token_ok", "allow")}));
  const auto causes = store_->causes(0).value();
  ASSERT_EQ(causes.size(), 2u);
  EXPECT_EQ(causes[0].reason, "expired");
  EXPECT_EQ(causes[0].decisions, 3);
  EXPECT_EQ(causes[0].devices, 2);
  EXPECT_EQ(causes[0].first_at, 10);
  EXPECT_EQ(causes[0].last_at, 30);
  const auto devices = store_->devices("expired", 0, "", "", 10).value();
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0].client_id, "a");
  EXPECT_EQ(devices[0].decisions, 2);
  EXPECT_EQ(devices[0].last_id, 2);
  EXPECT_EQ(store_->devices("expired", 0, "", "a", 10).value().size(), 1u);
  EXPECT_EQ(store_->uses_of_key("secret", 0, 10).value().devices, 1);
}

TEST_F(AuditStoreTest, OldOnesGoAndTheFileStaysWithinItsSize) {
  std::vector<AuditRow> rows;
  for (int i = 0; i < 5000; ++i) {
    rows.push_back(row("client-" + std::to_string(i), i));
    rows.back().steps = std::string(500, 's');
  }
  ASSERT_TRUE(store_->add(rows));
  ASSERT_TRUE(store_->prune(100, 1'000'000'000));
  AuditQuery all;
  all.limit = 10'000;
  EXPECT_EQ(clients(all).size(), 4900u);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(store_->prune(0, 512 * 1024));
  const std::size_t left = clients(all).size();
  EXPECT_GT(left, 100u);
  EXPECT_LT(left, 1500u);
  EXPECT_EQ(clients({})[0], "client-4999") << "the newest stay";
}

TEST_F(AuditStoreTest, AReaderSeesWhatAnotherConnectionWrote) {
  auto reader = AuditStore::open_to_read(path());
  ASSERT_TRUE(reader && *reader);
  ASSERT_TRUE(store_->add({row("a", 10)}));
  EXPECT_EQ((*reader)->newest().value(), 1);
  EXPECT_FALSE(AuditStore::open_to_read((folder_ / "none.db").string()).value());
}

}  // namespace
}  // namespace sallyport
