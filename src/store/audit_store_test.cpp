// What kept decisions promise, whatever keeps them.
#include "store/audit_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

namespace sallyport {
namespace {

// A fresh place for decisions, whatever keeps them. An engine joins with a factory.
class AuditPlace {
 public:
  virtual ~AuditPlace() = default;
  virtual std::string url() const = 0;
};

class AuditBesideSqlite final : public AuditPlace {
 public:
  AuditBesideSqlite() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sp-audit-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~AuditBesideSqlite() override { std::filesystem::remove_all(folder_); }
  std::string url() const override { return "sqlite://" + folder_ + "/store.db"; }

 private:
  std::string folder_;
};

struct AuditEngine {
  std::string name;
  std::function<std::unique_ptr<AuditPlace>()> place;
};

class AuditStoreTest : public testing::TestWithParam<AuditEngine> {
 protected:
  void SetUp() override {
    place_ = GetParam().place();
    auto opened = AuditStore::open_to_write(place_->url());
    ASSERT_TRUE(opened) << opened.error().to_text();
    store_ = std::move(*opened);
  }
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
  std::unique_ptr<AuditPlace> place_;
  std::unique_ptr<AuditStore> store_;
};
using Clients = std::vector<std::string>;

TEST_P(AuditStoreTest, ListsNewestFirstAndEachFilterNarrows) {
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

TEST_P(AuditStoreTest, GroupsRefusalsByCauseAndDevice) {
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

TEST_P(AuditStoreTest, OldOnesGoAndTheFileStaysWithinItsSize) {
  std::vector<AuditRow> rows;
  for (int i = 0; i < 5000; ++i) {
    rows.push_back(row("client-" + std::to_string(i), i));
    rows.back().steps.clear();
    // What a compressing engine cannot make small.
    for (unsigned c = 0; c < 500; ++c)
      rows.back().steps +=
          static_cast<char>('0' + ((static_cast<unsigned>(i) * 2654435761u + c * c * 40503u) >> 13) % 74);
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

TEST_P(AuditStoreTest, AReaderSeesWhatAnotherConnectionWrote) {
  auto reader = AuditStore::open_to_read(place_->url());
  ASSERT_TRUE(reader && *reader);
  ASSERT_TRUE(store_->add({row("a", 10)}));
  EXPECT_EQ((*reader)->newest().value(), 1);
}

TEST_P(AuditStoreTest, NamesAreBytesAndSqlIsNeverMadeOfThem) {
  const std::string odd = "'; DROP TABLE decisions; -- \xff\xfe \x01?1@";
  ASSERT_TRUE(store_->add({row(odd, 10), row("plain", 20)}));
  AuditQuery q;
  q.client_id = odd;
  EXPECT_EQ(clients(q), Clients{odd});
  q = {};
  q.search = "\xff\xfe";
  EXPECT_EQ(clients(q), Clients{odd});
  EXPECT_EQ(clients({}).size(), 2u);
}

TEST_P(AuditStoreTest, TwoWhoWriteAtOnceLeaveNoRowBehindAReader) {
  // What a reader has seen up to is never joined by a smaller number.
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w)
    writers.emplace_back([&, w] {
      auto own = AuditStore::open_to_write(place_->url());
      ASSERT_TRUE(own) << own.error().to_text();
      for (int i = 0; i < 40; ++i) {
        const Result<void> added = (*own)->add({row(std::to_string(w), i), row(std::to_string(w), i)});
        EXPECT_TRUE(added) << (added ? "" : added.error().to_text());
      }
    });
  std::size_t seen = 0;
  std::thread reader([&] {
    AuditQuery q;
    q.limit = 1000;
    for (bool last = false; !last;) {
      last = stop;
      const auto fresh = store_->list(q);
      ASSERT_TRUE(fresh);
      seen += fresh->size();
      if (!fresh->empty()) q.after = fresh->front().id;
    }
  });
  for (std::thread& one : writers) one.join();
  stop = true;
  reader.join();
  EXPECT_EQ(seen, 160u);
}

#ifndef SALLYPORT_STORE_ENGINES_ELSEWHERE
INSTANTIATE_TEST_SUITE_P(Engines, AuditStoreTest,
                         testing::Values(AuditEngine{"sqlite", [] { return std::make_unique<AuditBesideSqlite>(); }}),
                         [](const auto& engine) { return engine.param.name; });

TEST(AuditFileTest, WhereNothingWasKeptYetThereIsNothingToRead) {
  const AuditBesideSqlite place;
  EXPECT_FALSE(AuditStore::open_to_read(place.url()).value());
  EXPECT_FALSE(AuditStore::open_to_write("nonsense://"));
}
#endif

}  // namespace
}  // namespace sallyport
