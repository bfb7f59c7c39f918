// The schedule of ends, and the thread that has them done.
#include "daemon/ending/endings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "config/test_settings_file.h"

namespace sallyport::daemon {
namespace {

using ::testing::HasSubstr;

ClientName named(std::string_view id) { return {"/", "alice", id}; }

TEST(EndScheduleTest, GivesWhoseTimeItIs) {
  EndSchedule schedule(1000);
  EXPECT_TRUE(schedule.note(Contract::rabbitmq, named("b"), 20));
  EXPECT_TRUE(schedule.note(Contract::rabbitmq, named("a"), 10));
  EXPECT_TRUE(schedule.take_due(9, 10).empty());
  EXPECT_EQ(schedule.take_due(10, 10).at(0).client_id, "a");
  EXPECT_TRUE(schedule.note(Contract::rabbitmq, named("a"), 20));
  auto due = schedule.take_due(20, 10);
  ASSERT_EQ(due.size(), 2u);
  std::sort(due.begin(), due.end(), [](const auto& x, const auto& y) { return x.client_id < y.client_id; });
  EXPECT_EQ(due[0].client_id, "a");
  EXPECT_EQ(due[0].tenant, "/");
  EXPECT_EQ(due[0].username, "alice");
  EXPECT_EQ(due[1].client_id, "b");
  EXPECT_EQ(schedule.size(), 0u);
  EXPECT_TRUE(schedule.take_due(1000, 10).empty());
}

TEST(EndScheduleTest, HasOneEntryForWhoeverComesAgainAndAgain) {
  EndSchedule schedule(1000);
  for (UnixSeconds end = 10; end < 1000; ++end) EXPECT_TRUE(schedule.note(Contract::rabbitmq, named("a"), end));
  EXPECT_EQ(schedule.size(), 1u);
  EXPECT_EQ(schedule.take_due(10, 10).size(), 1u);
  // An earlier end replaces a later one.
  EXPECT_TRUE(schedule.note(Contract::rabbitmq, named("a"), 50));
  EXPECT_TRUE(schedule.note(Contract::rabbitmq, named("a"), 40));
  EXPECT_EQ(schedule.take_due(40, 10).size(), 1u);
  EXPECT_TRUE(schedule.take_due(60, 10).empty());
}

TEST(EndScheduleTest, SaysWhenItIsFull) {
  EndSchedule schedule(64);
  bool full = false;
  for (int i = 0; i < 500; ++i) full = full || !schedule.note(Contract::rabbitmq, named(std::to_string(i)), 1);
  EXPECT_TRUE(full);
  EXPECT_LE(schedule.size(), 64u);
}

TEST(EndScheduleTest, KnowsWhoHasNoEndAndForgetsWhoIsTaken) {
  EndSchedule schedule(1000);
  EXPECT_TRUE(schedule.note(Contract::emqx, {"t", "u", "c"}, std::nullopt));
  EXPECT_TRUE(schedule.take_due(1000, 10).empty());
  std::vector<std::string> seen;
  for (int round = 0; round < 2; ++round)
    for (std::size_t i = 0; i < EndSchedule::kShards; ++i)
      schedule.visit(i, [&](const EndedClient& client) {
        seen.push_back(client.tenant + client.username + client.client_id);
        return true;
      });
  EXPECT_EQ(seen, std::vector<std::string>{"tuc"});
  EXPECT_EQ(schedule.size(), 0u);
}

// A broker's API that tells who asked, and waits to be told what to say.
struct FakeBroker {
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::string> asked;
  std::vector<std::string> lines;
  int status = 204;
  std::set<std::string> back_again;  // client ids that are not to be ended any more

  BrokerEnderOptions options() {
    BrokerEnderOptions out;
    out.broker.name = "e";
    out.broker.kind = "emqx";
    out.broker.pace = 1000;
    out.first_backoff_ms = 1;
    out.longest_backoff_ms = 4;
    out.look_again_ms = 1;
    out.ask = [this](const std::string&, const std::string& path) {
      const std::lock_guard lock(mutex);
      asked.push_back(path.substr(path.rfind('/') + 1));
      came.notify_all();
      return ApiAnswer{.status = status, .body = {}, .fault = "refused"};
    };
    out.still_due = [this](const EndedClient& client) {
      const std::lock_guard lock(mutex);
      return back_again.count(client.client_id) == 0;
    };
    out.log = [this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex);
      lines.emplace_back(line);
      came.notify_all();
    };
    return out;
  }
  void say(int next) {
    const std::lock_guard lock(mutex);
    status = next;
  }
  bool await(const std::function<bool()>& what) {
    std::unique_lock lock(mutex);
    return came.wait_for(lock, std::chrono::seconds(10), what);
  }
};

EndedClient gone(std::string id, EndCause cause = EndCause::expired) {
  return {Contract::emqx, "", "u", std::move(id), cause};
}

TEST(BrokerEnderTest, EndsThemOneAfterTheOther) {
  FakeBroker broker;
  BrokerEnder ender(broker.options());
  ender.add(gone("a"));
  ender.add(gone("b"));
  ASSERT_TRUE(broker.await([&] { return broker.lines.size() == 2; }));
  EXPECT_EQ(broker.asked, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(broker.lines[0], "broker e: ended client \"a\" (expired)");
  EXPECT_EQ(ender.state().ended, 2u);
  EXPECT_EQ(ender.state().waiting, 0u);
}

TEST(BrokerEnderTest, TriesAgainUntilTheBrokerAnswersAndSaysSoOnce) {
  FakeBroker broker;
  broker.say(0);
  BrokerEnder ender(broker.options());
  ender.add(gone("a"));
  ASSERT_TRUE(broker.await([&] { return broker.asked.size() >= 4; }));
  EXPECT_TRUE(ender.state().away);
  EXPECT_EQ(ender.state().cause, "refused");
  EXPECT_EQ(ender.state().ended, 0u);
  broker.say(204);
  ASSERT_TRUE(broker.await([&] { return broker.lines.size() == 3; }));
  EXPECT_THAT(broker.lines[0], HasSubstr("connections cannot be ended there: refused"));
  EXPECT_EQ(broker.lines[1], "broker e: it answers again");
  EXPECT_FALSE(ender.state().away);
  EXPECT_EQ(ender.state().ended, 1u);
}

TEST(BrokerEnderTest, LeavesAloneWhoCameBackMeanwhile) {
  FakeBroker broker;
  broker.back_again.insert("a");
  BrokerEnder ender(broker.options());
  ender.add(gone("a"));
  ender.add(gone("b"));
  ASSERT_TRUE(broker.await([&] { return broker.lines.size() == 1; }));
  EXPECT_EQ(broker.asked, std::vector<std::string>{"b"});
}

TEST(BrokerEnderTest, LooksTwiceForWhoIsOutBeforeHisTime) {
  FakeBroker broker;
  broker.say(404);
  BrokerEnder ender(broker.options());
  ender.add(gone("a", EndCause::revoked));
  ender.add(gone("b", EndCause::expired));
  ASSERT_TRUE(broker.await([&] { return broker.asked.size() == 3; }));
  EXPECT_EQ(std::count(broker.asked.begin(), broker.asked.end(), "a"), 2);
}

TEST(BrokerEnderTest, IsBoundedAndGivesBackWhatItDidNotDo) {
  FakeBroker broker;
  broker.say(0);
  BrokerEnderOptions options = broker.options();
  options.most_waiting = 3;
  options.first_backoff_ms = options.longest_backoff_ms = 60'000;
  BrokerEnder ender(std::move(options));
  ender.add(gone("a"));
  ASSERT_TRUE(broker.await([&] { return broker.lines.size() == 1; }));
  for (const char* id : {"b", "c", "d", "e"}) ender.add(gone(id));
  EXPECT_EQ(ender.state().waiting, 3u);
  EXPECT_EQ(ender.state().lost, 2u);
  std::vector<std::string> left;
  for (const EndedClient& client : ender.stop()) left.push_back(client.client_id);
  EXPECT_EQ(left, (std::vector<std::string>{"a", "b", "c"}));
}

struct EndingsTest : ::testing::Test {
  std::map<std::string, Standing> standings;  // by client id
  UnixSeconds now = 100;
  TempFolder folder;
  Endings endings{[this](Contract, const ClientName& client, bool) {
                    const auto it = standings.find(std::string(client.client_id));
                    if (it == standings.end() || (it->second.ends_at && *it->second.ends_at <= now)) return Standing{};
                    return it->second;
                  },
                  [this] { return now; }, 10'000, [](LogLevel, std::string_view) {}};
  BrokerSetting broker(const std::string& kind) {
    BrokerSetting out;
    out.name = kind;
    out.kind = kind;
    out.url = "http://127.0.0.1:1";  // nobody is there
    out.user = "u";
    out.password_file = folder.write("p", "secret of the api\n");
    return out;
  }
  void admit(const std::string& id, std::optional<UnixSeconds> ends_at, Contract contract = Contract::rabbitmq) {
    standings[id] = {.may_stay = true, .ends_at = ends_at, .cause = {}};
    endings.admitted(contract, named(id), ends_at);
  }
  std::string page() {
    std::string out;
    endings.append_to(out);
    return out;
  }
};

TEST_F(EndingsTest, WhoseTokenWasRenewedIsLookedAtAgainAtItsEnd) {
  ASSERT_TRUE(endings.set_brokers({broker("rabbitmq")}).empty());
  admit("a", 110);
  admit("a", 120);
  now = 110;
  endings.tick();
  EXPECT_THAT(page(), HasSubstr("sallyport_ends_scheduled 1\n"));
  EXPECT_THAT(page(), HasSubstr("sallyport_broker_ends_waiting{broker=\"rabbitmq\"} 0\n"));
  now = 120;
  endings.tick();
  EXPECT_THAT(page(), HasSubstr("sallyport_ends_scheduled 0\n"));
}

TEST_F(EndingsTest, OthersContractsAreNothingToABroker) {
  admit("a", 110);  // there is no broker at all
  ASSERT_TRUE(endings.set_brokers({broker("rabbitmq"), broker("emqx")}).empty());
  admit("b", 110, Contract::nanomq);
  EXPECT_THAT(page(), HasSubstr("sallyport_ends_scheduled 0\n"));
  // EMQX ends its clients at exp by itself.
  admit("c", 110, Contract::emqx);
  now = 110;
  endings.tick();
  EXPECT_THAT(page(), HasSubstr("sallyport_ends_scheduled 1\n"));
}

TEST_F(EndingsTest, WhoIsOutBeforeHisTimeIsFoundWhenSomethingChanged) {
  ASSERT_TRUE(endings.set_brokers({broker("emqx")}).empty());
  for (int i = 0; i < 200; ++i) admit(std::to_string(i), std::nullopt, Contract::emqx);
  endings.tick();
  EXPECT_THAT(page(), HasSubstr("sallyport_ends_scheduled 200\n"));
  standings["7"] = {.may_stay = false, .ends_at = {}, .cause = EndCause::user_gone};
  endings.tick();
  EXPECT_THAT(page(), HasSubstr("sallyport_ends_scheduled 200\n"));
  endings.look_at_all();
  endings.tick();
  EXPECT_THAT(page(), HasSubstr("sallyport_ends_scheduled 199\n"));
}

TEST_F(EndingsTest, AnUnchangedBrokerGoesOnWithWhatItIsAt) {
  ASSERT_TRUE(endings.set_brokers({broker("rabbitmq")}).empty());
  admit("a", 110);
  now = 110;
  endings.tick();
  for (int i = 0; i < 2; ++i) {
    // Nobody is there: he waits.
    ASSERT_TRUE(endings.set_brokers({broker("rabbitmq")}).empty());
    EXPECT_EQ(endings.report().size(), 1u);
  }
  folder.write("p", "another secret of it\n");
  BrokerSetting changed = broker("rabbitmq");
  folder.write("p", "another secret of it\n");
  ASSERT_TRUE(endings.set_brokers({changed}).empty());
  EXPECT_THAT(endings.report().at(0).second, HasSubstr("1 waiting"));
  ASSERT_TRUE(endings.set_brokers({}).empty());
  EXPECT_TRUE(endings.report().empty());
}

TEST_F(EndingsTest, APasswordFileThatIsNoneIsAFault) {
  BrokerSetting one = broker("rabbitmq");
  folder.write("p", "one\ntwo\n");
  EXPECT_EQ(endings.set_brokers({one}).size(), 1u);
  one.password_file = folder.path("absent");
  EXPECT_EQ(endings.set_brokers({one}).size(), 1u);
}

}  // namespace
}  // namespace sallyport::daemon
