// What each broker's API is asked, and how its answers are read.
#include "daemon/ending/broker_calls.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace sallyport::daemon {
namespace {

struct FakeApi {
  std::map<std::string, ApiAnswer> answers;  // by "METHOD path"
  std::vector<std::string> asked;
  AskApi ask() {
    return [this](const std::string& method, const std::string& path) {
      asked.push_back(method + " " + path);
      const auto it = answers.find(asked.back());
      return it == answers.end() ? ApiAnswer{.status = 404, .body = "{}", .fault = {}} : it->second;
    };
  }
};

EndedClient client(std::string tenant, std::string username, std::string id) {
  return {Contract::rabbitmq, std::move(tenant), std::move(username), std::move(id), EndCause::expired};
}
ApiAnswer ok(std::string body, int status = 200) { return {.status = status, .body = std::move(body), .fault = {}}; }

struct BrokerCallsTest : ::testing::Test {
  FakeApi api;
  std::string cause;
  EndResult end(const std::string& kind, const EndedClient& who) {
    cause.clear();
    return end_client(kind, who, api.ask(), cause);
  }
};

// As 3.10 answers: the user's connections at once and bare, each one whole after a moment.
TEST_F(BrokerCallsTest, RabbitmqEndsTheConnectionsOfThisClientAndNoOther) {
  api.answers["GET /api/connections/username/alice"] = ok(R"([
    {"name":"a -> b","vhost":"/","user":"alice"},{"name":"other vhost","vhost":"x"},{"name":"other","vhost":"/"},
    {"name":"newer","vhost":"/"},{"name":"amqp","vhost":"/"}])");
  api.answers["GET /api/connections/a%20-%3E%20b"] = ok(
      R"({"name":"a -> b","vhost":"/","protocol":"MQTT 3.1.1","variable_map":{"client_id":"c1"},"client_properties":{"client_id":"c1"}})");
  api.answers["GET /api/connections/other"] =
      ok(R"({"name":"other","vhost":"/","protocol":"MQTT 3.1.1","variable_map":{"client_id":"c2"}})");
  api.answers["GET /api/connections/newer"] =
      ok(R"({"name":"newer","vhost":"/","protocol":"MQTT 5-0","client_properties":{"client_id":"c9"}})");
  api.answers["GET /api/connections/amqp"] = ok(R"({"name":"amqp","vhost":"/","protocol":"AMQP 0-9-1"})");
  for (const char* one : {"a%20-%3E%20b", "newer", "amqp"})
    api.answers["DELETE /api/connections/" + std::string(one)] = ok("", 204);
  EXPECT_EQ(end("rabbitmq", client("/", "alice", "c1")), EndResult::ended);
  EXPECT_EQ(api.asked.back(), "DELETE /api/connections/a%20-%3E%20b");
  EXPECT_EQ(api.asked.size(), 6u);
  EXPECT_EQ(end("rabbitmq", client("/", "alice", "c9")), EndResult::ended);
  EXPECT_EQ(api.asked.back(), "DELETE /api/connections/newer");
  // Without a client id it is AMQP's.
  EXPECT_EQ(end("rabbitmq", client("/", "alice", "")), EndResult::ended);
  EXPECT_EQ(api.asked.back(), "DELETE /api/connections/amqp");
  EXPECT_EQ(end("rabbitmq", client("/", "alice", "c3")), EndResult::absent);
}

TEST_F(BrokerCallsTest, RabbitmqIsLookedAtAgainWhileItDoesNotKnowAConnectionYet) {
  api.answers["GET /api/connections/username/u"] = ok(R"([{"name":"n","vhost":"/"}])");
  EXPECT_EQ(end("rabbitmq", client("/", "u", "c1")), EndResult::unclear);
  api.answers["GET /api/connections/n"] = ok(R"({"name":"n","vhost":"/","protocol":"MQTT 5-0"})");
  EXPECT_EQ(end("rabbitmq", client("/", "u", "c1")), EndResult::unclear);
}

TEST_F(BrokerCallsTest, AUserWithAFleetOfConnectionsIsLookedUpInOneList) {
  std::string bare = "[", list = "[";
  for (int i = 0; i < 100; ++i) {
    bare += fmt::format(R"({}{{"name":"n{}","vhost":"/"}})", i ? "," : "", i);
    list += fmt::format(
        R"({}{{"name":"n{}","vhost":"/","user":"u","protocol":"MQTT 5-0","client_properties":{{"client_id":"c{}"}}}})",
        i ? "," : "", i, i);
  }
  list += R"(,{"name":"n200","vhost":"/","user":"v","protocol":"MQTT 5-0","client_properties":{"client_id":"c7"}})";
  api.answers["GET /api/connections/username/u"] = ok(bare + "]");
  api.answers["GET /api/connections?columns=name,vhost,user,protocol,variable_map.client_id"] = ok("[]");
  api.answers["GET /api/connections?columns=name,vhost,user,protocol,client_properties.client_id"] = ok(list + "]");
  api.answers["DELETE /api/connections/n7"] = ok("", 204);
  EXPECT_EQ(end("rabbitmq", client("/", "u", "c7")), EndResult::ended);
  EXPECT_EQ(api.asked.size(), 4u);
  EXPECT_EQ(end("rabbitmq", client("/", "u", "c100")), EndResult::absent);
}

TEST_F(BrokerCallsTest, RabbitmqsOddAnswersAreNoSuccess) {
  EXPECT_EQ(end("rabbitmq", client("/", "nobody", "c1")), EndResult::absent);
  api.answers["GET /api/connections/username/u"] = ok("no json");
  EXPECT_EQ(end("rabbitmq", client("/", "u", "c1")), EndResult::away);
  api.answers["GET /api/connections/username/u"] = ok("", 401);
  EXPECT_EQ(end("rabbitmq", client("/", "u", "c1")), EndResult::away);
  api.answers["GET /api/connections/username/u"] = {.status = 0, .body = {}, .fault = "connection refused"};
  EXPECT_EQ(end("rabbitmq", client("/", "u", "c1")), EndResult::away);
  EXPECT_EQ(cause, "connection refused");
  api.answers["GET /api/connections/username/u"] = ok(R"([{"name":"n","vhost":"/"}])");
  api.answers["GET /api/connections/n"] =
      ok(R"({"name":"n","vhost":"/","protocol":"MQTT 5-0","client_properties":{"client_id":"c1"}})");
  api.answers["DELETE /api/connections/n"] = ok("", 403);
  EXPECT_EQ(end("rabbitmq", client("/", "u", "c1")), EndResult::away);
}

TEST_F(BrokerCallsTest, EmqxIsAskedByClientId) {
  api.answers["DELETE /api/v5/clients/a%2Fb%2E%C3%A9"] = ok("", 204);
  EXPECT_EQ(end("emqx", client("", "u", "a/b.é")), EndResult::ended);
  EXPECT_EQ(end("emqx", client("", "u", "gone")), EndResult::absent);
  api.answers["DELETE /api/v5/clients/odd"] = ok("", 400);
  EXPECT_EQ(end("emqx", client("", "u", "odd")), EndResult::refused);
  api.answers["DELETE /api/v5/clients/busy"] = ok("", 503);
  EXPECT_EQ(end("emqx", client("", "u", "busy")), EndResult::away);
}

TEST_F(BrokerCallsTest, Emqx44AnswersInItsCode) {
  api.answers["DELETE /api/v4/clients/c1"] = ok(R"({"code":0})");
  EXPECT_EQ(end("emqx4", client("", "u", "c1")), EndResult::ended);
  api.answers["DELETE /api/v4/clients/c1"] = ok(R"({"code":112})");
  EXPECT_EQ(end("emqx4", client("", "u", "c1")), EndResult::absent);
}

TEST_F(BrokerCallsTest, VernemqIsAskedWithTheMountPoint) {
  api.answers["GET /api/v1/session/disconnect?client-id=c1"] = ok("{}");
  api.answers["GET /api/v1/session/disconnect?client-id=c%26x&--mountpoint=m%201"] = ok("{}");
  EXPECT_EQ(end("vernemq", client("", "u", "c1")), EndResult::ended);
  EXPECT_EQ(end("vernemq", client("m 1", "u", "c&x")), EndResult::ended);
}

TEST_F(BrokerCallsTest, NamesThatAPathCannotHoldAreRefused) {
  for (const char* id : {"", ".", ".."}) EXPECT_EQ(end("emqx", client("", "u", id)), EndResult::refused) << id;
  EXPECT_TRUE(api.asked.empty());
}

}  // namespace
}  // namespace sallyport::daemon
