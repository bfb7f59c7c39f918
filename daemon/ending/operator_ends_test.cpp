// Clients whom an operator sends away, in a house without a door.
#include "daemon/ending/operator_ends.h"

#include <gtest/gtest.h>

#include <atomic>

#include "config/test_settings_file.h"
#include "daemon/ending/client_key.h"
#include "daemon/house.h"

namespace sallyport::daemon {
namespace {

class SteeredClock final : public Clock {
 public:
  UnixSeconds unix_seconds() const override { return 1'800'000'000 + ms_ / 1000; }
  std::int64_t monotonic_ms() const override { return ms_; }
  void forward(std::int64_t ms) { ms_ += ms; }

 private:
  std::atomic<std::int64_t> ms_{1'000'000};
};

class OperatorEndsTest : public ::testing::Test {
 protected:
  OperatorEndsTest() {
    EngineOptions options;
    options.config_path =
        folder.write("s.toml", "[jwt]\nsecret = \"a secret of this test that nobody has published\"\n");
    options.clock = &clock;
    engine = std::move(*Engine::open(std::move(options)));
    house = std::make_unique<House>(*engine, 1000, std::make_shared<const HouseRules>());
  }
  void admit(const std::string& id, const std::string& kid = "new", const std::string& username = "x") {
    Admission admission;
    admission.authenticator = Authenticator::jwt;
    admission.names = {"j-" + id, "p-" + id, kid, "https://id.example.com", std::nullopt, true};
    admission.key = key_mark("the key");
    put(id, username, std::move(admission));
  }
  void put(const std::string& id, const std::string& username, Admission admission) {
    const ClientName name{"/", username, id};
    std::string client;
    make_client_key(client, Contract::rabbitmq, name);
    house->admissions.admit(Admissions::key_of(Contract::rabbitmq, name), std::move(admission), client);
  }
  bool is_in(const std::string& id, const std::string& username = "x") {
    return house->admissions.find(Admissions::key_of(Contract::rabbitmq, {"/", username, id}), clock.unix_seconds())
        .has_value();
  }
  std::size_t give(std::vector<std::string> where, bool end, std::size_t a_second = 100) {
    const auto found = house->operator_ends.give({SessionQuery::parse(where).value(), end, a_second});
    EXPECT_TRUE(found);
    return found.value_or(std::size_t{0});
  }
  std::size_t those_in() {
    std::size_t n = 0;
    house->admissions.visit(clock.unix_seconds(), [&](std::string_view, const Admission&) { ++n; });
    return n;
  }

  SteeredClock clock;
  TempFolder folder;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<House> house;
};

TEST_F(OperatorEndsTest, CountsFirstAndEndsThenAtItsPace) {
  for (int i = 0; i < 30; ++i) admit("m-" + std::to_string(i));
  admit("other");
  EXPECT_EQ(give({"client_id=m-*"}, false), 30u);
  house->operator_ends.tick();
  EXPECT_EQ(those_in(), 31u);
  EXPECT_EQ(give({"client_id=m-*", "kid=new"}, true, 10), 30u);
  house->operator_ends.tick();
  EXPECT_EQ(those_in(), 30u);
  for (int i = 0; i < 4; ++i) {
    clock.forward(250);
    house->operator_ends.tick();
  }
  EXPECT_EQ(those_in(), 22u) << "two each time";
  clock.forward(5000);
  house->operator_ends.tick();
  EXPECT_EQ(those_in(), 1u);
  EXPECT_TRUE(is_in("other"));
  EXPECT_EQ(engine->metrics().ended_sessions.load(), 30u);
  const auto noted = engine->ring().by_client_id("m-7", 1);
  ASSERT_EQ(noted.size(), 1u);
  EXPECT_EQ(noted[0].reason, Reason::ended_by_operator);
  EXPECT_EQ(give({"client_id=m-*"}, false), 0u);
}

TEST_F(OperatorEndsTest, EachConditionMeansWhatItSays) {
  admit("a", "k1", "ann");
  admit("b", "k2", "bob");
  Admission by_password;
  by_password.authenticator = Authenticator::password;
  put("c", "carol", by_password);
  const std::pair<const char*, std::size_t> cases[] = {{"client_id=?", 3},
                                                       {"username=b*", 1},
                                                       {"principal=p-a", 1},
                                                       {"principal=carol", 1},
                                                       {"kid=k1", 1},
                                                       {"jti=j-b", 1},
                                                       {"key=the key", 2},
                                                       {"authenticator=jwt", 2},
                                                       {"authenticator=password", 1},
                                                       {"kid=k3", 0},
                                                       {"issuer=https://id.example.com", 2}};
  for (const auto& [where, found] : cases) EXPECT_EQ(give({where}, false), found) << where;
  EXPECT_FALSE(house->operator_ends.give({SessionQuery::parse({"address=192.0.2.0/24"}).value(), false, 1}))
      << "nobody, where it cannot be told, would be a lie";
}

TEST_F(OperatorEndsTest, WhoCameAgainMeanwhileWithWhatIsNotMeantStays) {
  admit("a", "old");
  admit("b", "old");
  EXPECT_EQ(give({"kid=old"}, true, 1000), 2u);
  admit("a", "new");
  clock.forward(250);
  house->operator_ends.tick();
  EXPECT_TRUE(is_in("a"));
  EXPECT_FALSE(is_in("b"));
  admit("b", "old");
  house->operator_ends.tick();
  EXPECT_TRUE(is_in("b")) << "nobody is kept out";
}

TEST_F(OperatorEndsTest, WhoIsOverIsNotCounted) {
  Admission over;
  over.ends_at = clock.unix_seconds();
  put("a", "x", over);
  over.ends_at = clock.unix_seconds() + 1;
  put("b", "x", over);
  EXPECT_EQ(give({"client_id=*"}, false), 1u);
}

}  // namespace
}  // namespace sallyport::daemon
