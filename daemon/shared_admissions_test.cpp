#include "daemon/shared_admissions.h"

#include <gtest/gtest.h>

#include <map>

#include "daemon/admission_record.h"

namespace sallyport::daemon {
namespace {

// What both stores of a node see; tests switch it off and look at it.
struct Database {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, StoredAdmission> rows;
  bool up = true, stuck = false;
  int puts = 0;
  std::int64_t now = 5'000'000'000'000;  // far ahead of this machine

  template <class F>
  void set(F&& f) {
    const std::lock_guard lock(mutex);
    f();
    changed.notify_all();
  }
  template <class F>
  bool eventually(F&& f) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), f);
  }
};

class FakeStore final : public AdmissionStore {
 public:
  explicit FakeStore(Database& db) : db_(db) {}
  Result<void> put(const std::vector<StoredAdmission>& all) override {
    std::unique_lock lock(db_.mutex);
    db_.changed.wait(lock, [&] { return !db_.stuck; });
    ++db_.puts;
    db_.changed.notify_all();
    if (!db_.up) return unexpected(Error{ErrorKind::kUnavailable, "away", "", ""});
    for (const StoredAdmission& one : all) {
      auto& row = db_.rows[one.key];
      if (row.at_ms <= one.at_ms) row = one;
    }
    return {};
  }
  Result<std::vector<StoredAdmission>> find(const std::vector<std::string>& keys) override {
    const std::lock_guard lock(db_.mutex);
    if (!db_.up) return unexpected(Error{ErrorKind::kUnavailable, "away", "", ""});
    std::vector<StoredAdmission> out;
    for (const std::string& key : keys)
      if (const auto row = db_.rows.find(key); row != db_.rows.end()) out.push_back(row->second);
    return out;
  }
  Result<Stored> stored_since(std::int64_t, std::size_t) override {
    const std::lock_guard lock(db_.mutex);
    if (!db_.up) return unexpected(Error{ErrorKind::kUnavailable, "away", "", ""});
    Stored out;
    out.now = db_.now;
    return out;
  }
  Result<std::size_t> sweep(UnixSeconds, std::size_t) override { return std::size_t{0}; }

 private:
  Database& db_;
};

class SharedAdmissionsTest : public testing::Test {
 protected:
  Database db;
  Admissions table{1000};
  SharedAdmissions shared{table, {std::make_unique<FakeStore>(db), std::make_unique<FakeStore>(db)}, 1000};
  void start() {
    ASSERT_TRUE(shared.start([this] { db.set([] {}); }));
  }
  static std::string key(const std::string& user) { return Admissions::key_of(Contract::emqx, {"", user, "c"}); }
  static Admission admission(std::int64_t at = 1) {
    Admission out;
    out.is_superuser = true;
    out.authenticator = Authenticator::jwt;
    out.at_ms = at;
    out.ends_at = 77;
    out.rights = std::make_shared<const SharedRights>(TopicRights());
    return out;
  }
};

TEST_F(SharedAdmissionsTest, AnAdmissionIsSettledOnceItIsStored) {
  db.stuck = true;
  start();
  const auto ticket = shared.offer(key("a"), admission());
  EXPECT_FALSE(shared.settled(ticket));
  db.set([&] { db.stuck = false; });
  EXPECT_TRUE(db.eventually([&] { return shared.settled(ticket); }));
  EXPECT_EQ(db.rows.size(), 1u);
  EXPECT_FALSE(shared.away());
}

TEST_F(SharedAdmissionsTest, WithTheStoreAwayNobodyWaitsAndNothingIsLost) {
  db.up = false;
  start();
  const auto ticket = shared.offer(key("a"), admission());
  EXPECT_TRUE(db.eventually([&] { return shared.settled(ticket); }));
  EXPECT_TRUE(shared.away());
  const auto next = shared.offer(key("b"), admission());
  EXPECT_TRUE(shared.settled(next));
  db.set([&] { db.up = true; });
  EXPECT_TRUE(db.eventually([&] { return db.rows.size() == 2 && !shared.away(); }));
  EXPECT_EQ(shared.waiting(), 0u);
  EXPECT_EQ(shared.dropped(), 0u);
}

TEST_F(SharedAdmissionsTest, AStoreThatHangsHoldsNobodyAfterTheFirstHasWaitedLongEnough) {
  db.stuck = true;
  start();
  const auto ticket = shared.offer(key("a"), admission());
  shared.gave_up_writing();
  EXPECT_TRUE(shared.settled(ticket));
  EXPECT_TRUE(shared.settled(shared.offer(key("b"), admission())));
  db.set([&] { db.stuck = false; });
  EXPECT_TRUE(db.eventually([&] { return db.rows.size() == 2; }));
}

TEST_F(SharedAdmissionsTest, WhoIsNotKnownHereIsLookedUp) {
  start();
  db.set([&] { db.rows[key("a")] = to_record(key("a"), admission()); });
  const auto known = shared.ask(key("a")), unknown = shared.ask(key("b"));
  ASSERT_TRUE(known && unknown);
  EXPECT_TRUE(db.eventually([&] { return known->done && unknown->done; }));
  const auto found = table.find(key("a"), 76);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_superuser);
  EXPECT_EQ(found->authenticator, Authenticator::jwt);
  EXPECT_FALSE(table.find(key("a"), 77));
  EXPECT_FALSE(table.find(key("b"), 76));
}

TEST_F(SharedAdmissionsTest, WithTheStoreAwayNobodyIsLookedUpUntilItIsBack) {
  db.up = false;
  start();
  const auto first = shared.ask(key("a"));
  EXPECT_TRUE(db.eventually([&] { return !first || first->done.load(); }));
  EXPECT_FALSE(shared.ask(key("a")));
  db.set([&] { db.up = true; });
  const auto ticket = shared.offer(key("b"), admission());
  EXPECT_TRUE(db.eventually([&] { return db.rows.contains(key("b")) && shared.settled(ticket); }));
  std::shared_ptr<SharedAdmissions::Lookup> lookup;
  for (int i = 0; i < 2000 && !(lookup = shared.ask(key("b"))); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // until the reader has looked again
  ASSERT_TRUE(lookup);
  EXPECT_TRUE(db.eventually([&] { return lookup->done.load(); }));
  EXPECT_TRUE(table.find(key("b"), 1));
}

TEST_F(SharedAdmissionsTest, DecisionsAreOrderedByTheStoresClockWhichNeverGoesBack) {
  start();
  const std::int64_t before = shared.now_ms();
  for (int i = 0; i < 2000 && shared.now_ms() < db.now; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const std::int64_t theirs = shared.now_ms();
  EXPECT_GE(theirs, db.now);
  EXPECT_GT(theirs, before);
  db.set([&] { db.now -= 1'000'000; });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_GE(shared.now_ms(), theirs);
}

TEST_F(SharedAdmissionsTest, ANoticeOfAnotherNodeTakesTheOlderAdmissionOut) {
  table.admit(key("a"), admission(10));
  shared.heard({{key("a"), 10}});
  EXPECT_TRUE(table.find(key("a"), 1));
  shared.heard({{key("a"), 11}});
  EXPECT_FALSE(table.find(key("a"), 1));
}

TEST_F(SharedAdmissionsTest, ARecordThatIsNotWholeIsNobodys) {
  const StoredAdmission whole = to_record(key("a"), admission());
  ASSERT_TRUE(from_record(whole));
  for (std::size_t size = 0; size < whole.record.size(); ++size) {
    StoredAdmission cut = whole;
    cut.record.resize(size);
    EXPECT_FALSE(from_record(cut)) << size;
  }
  StoredAdmission newer = whole;
  newer.record[0] = 99;
  EXPECT_FALSE(from_record(newer));
  StoredAdmission longer = whole;
  longer.record += 'x';
  EXPECT_FALSE(from_record(longer));
}

}  // namespace
}  // namespace sallyport::daemon
