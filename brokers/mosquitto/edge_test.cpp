#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "brokers/mosquitto/client_facts.h"
#include "brokers/mosquitto/fake_broker_testing.h"
#include "brokers/mosquitto/log_bridge.h"
#include "brokers/mosquitto/plugin_options.h"
#include "brokers/mosquitto/reply_codes.h"
#include "brokers/mosquitto/user_name.h"

namespace sallyport::mosquitto {
namespace {

constexpr Verdict kVerdicts[] = {Verdict::allow, Verdict::deny, Verdict::ignore, Verdict::unavailable};
constexpr BrokerGeneration kGenerations[] = {BrokerGeneration::v2_0, BrokerGeneration::v2_1};
constexpr int kVersions[] = {0, 3, 4, 5};

TEST(ReplyCodesTest, Rule1And8NoAnswerIsContinueDelayedOrIgnore) {
  for (const Verdict verdict : kVerdicts)
    for (const BrokerGeneration generation : kGenerations)
      for (const int version : kVersions) {
        const int code = basic_auth_reply(verdict, generation, version);
        EXPECT_GE(code, 0);
        EXPECT_NE(code, 32);
        EXPECT_EQ(code == 0, verdict == Verdict::allow);
      }
}

TEST(ReplyCodesTest, RefusedIsTheOneCodeThatEveryBrokerAnswersWithACode) {
  for (const BrokerGeneration generation : kGenerations)
    for (const int version : kVersions) EXPECT_EQ(basic_auth_reply(Verdict::deny, generation, version), MOSQ_ERR_AUTH);
}

TEST(ReplyCodesTest, CannotDecideIsToldApartOnMqtt5OfNewBrokersAndIsACloseElsewhere) {
  EXPECT_EQ(basic_auth_reply(Verdict::unavailable, BrokerGeneration::v2_1, 5), 136);
  for (const int version : {0, 3, 4})
    EXPECT_EQ(basic_auth_reply(Verdict::unavailable, BrokerGeneration::v2_1, version), MOSQ_ERR_UNKNOWN);
  for (const int version : kVersions)
    EXPECT_EQ(basic_auth_reply(Verdict::unavailable, BrokerGeneration::v2_0, version), MOSQ_ERR_UNKNOWN);
}

TEST(UserNameTest, TakesWhatAPersonMayBeCalled) {
  for (const char* name : {"a", "device-1", "m\xc3\xbcller", "\xf0\x9f\x9a\xaa", "auth0|x/y", "a b"})
    EXPECT_TRUE(is_sane_user_name(name)) << name;
}

TEST(UserNameTest, RefusesControlCharactersBrokenUtf8AndNoncharacters) {
  const std::string_view bad[] = {"",
                                  std::string_view("a\0b", 3),
                                  "a\nb",
                                  "\x7f",
                                  "\xc2\x85",
                                  "\xff",
                                  "\xc3",
                                  "\xc0\x80",
                                  "\xed\xa0\x80",
                                  "\xef\xbf\xbf",
                                  "\xef\xb7\x90",
                                  "\xf4\x90\x80\x80"};
  for (const std::string_view name : bad) EXPECT_FALSE(is_sane_user_name(name)) << name;
  EXPECT_TRUE(is_sane_user_name(std::string(65'535, 'x')));
  EXPECT_FALSE(is_sane_user_name(std::string(65'536, 'x')));
}

struct Written {
  std::vector<std::pair<int, std::string>> lines;
  LogBridge::Writer writer() {
    return [this](int level, const std::string& line) { lines.emplace_back(level, line); };
  }
};

TEST(LogBridgeTest, LinesOfTheBrokersThreadGoOutAtOnce) {
  Written out;
  LogBridge log(out.writer());
  log.write(LogLevel::warning, "hello 100 %s");
  ASSERT_EQ(out.lines.size(), 1u);
  EXPECT_EQ(out.lines[0].first, MOSQ_LOG_WARNING);
  EXPECT_EQ(out.lines[0].second, "sallyport: hello 100 %s");
}

TEST(LogBridgeTest, LinesOfOtherThreadsWaitForTheBrokersThread) {
  Written out;
  LogBridge log(out.writer());
  std::thread([&] { log.write(LogLevel::notice, "from elsewhere"); }).join();
  EXPECT_TRUE(out.lines.empty());
  log.write(LogLevel::error, "later");
  ASSERT_EQ(out.lines.size(), 2u);
  EXPECT_EQ(out.lines[0].second, "sallyport: from elsewhere");
  log.drain();
  EXPECT_EQ(out.lines.size(), 2u);
}

TEST(LogBridgeTest, AFloodOfOtherThreadsIsBoundedAndCounted) {
  Written out;
  LogBridge log(out.writer());
  std::thread([&] {
    for (std::size_t i = 0; i < LogBridge::kMaxQueued + 7; ++i) log.write(LogLevel::notice, "x");
  }).join();
  log.drain();
  ASSERT_EQ(out.lines.size(), LogBridge::kMaxQueued + 1);
  EXPECT_EQ(out.lines.back().second, "sallyport: 7 lines of other threads did not fit the queue and were lost");
}

TEST(LogBridgeTest, ALongLineGoesOutInPiecesThatTheBrokerDoesNotCut) {
  Written out;
  LogBridge log(out.writer());
  std::string line;
  while (line.size() < 2000) line += "\xc3\xa9";
  log.write(LogLevel::info, line);
  std::string together;
  for (const auto& [level, piece] : out.lines) {
    EXPECT_LE(piece.size(), 499u);
    const std::string_view rest = std::string_view(piece).substr(piece.starts_with("sallyport: ... ") ? 15 : 11);
    EXPECT_EQ(rest.size() % 2, 0u) << "cut within a character";
    together += rest;
  }
  EXPECT_EQ(together, line);
}

TEST(LogBridgeTest, ALineStaysOneLineAndJsonHasNothingBeforeIt) {
  Written out;
  LogBridge log(out.writer());
  log.write(LogLevel::info, "a\nb");
  log.write(LogLevel::info, "{\"a\":1}");
  ASSERT_EQ(out.lines.size(), 2u);
  EXPECT_EQ(out.lines[0].second, "sallyport: a b");
  EXPECT_EQ(out.lines[1].second, "{\"a\":1}");
}

TEST(ClientFactsTest, ThePasswordsLengthIsTheBrokersWhereItGivesOne) {
  std::string bytes("ab\0cd", 5);
  mosquitto_evt_basic_auth event{};
  event.password = bytes.data();
  EXPECT_EQ(password_of(event), "ab") << "up to 2.1.2 nobody can tell";
  const std::uint16_t given = 5;
  std::memcpy(&event.future2[0], &given, sizeof given);
  EXPECT_EQ(password_of(event), std::string_view("ab\0cd", 5));
  event.password = nullptr;
  EXPECT_EQ(password_of(event), std::nullopt);
}

TEST(ClientFactsTest, OnlyPlainMqttIsPlainMqtt) {
  ::mosquitto client;
  client.protocol = mp_mqtt;
  EXPECT_EQ(transport_of(&client), Transport::mqtt_tcp);
  client.protocol = mp_websockets;
  EXPECT_EQ(transport_of(&client), Transport::websocket);
  for (const int other : {1, 3, 4, 99}) {
    client.protocol = other;
    EXPECT_EQ(transport_of(&client), Transport::unknown);
  }
}

TEST(ClientFactsTest, NullIsAbsentAndElsewhereThePeerIsUnknown) {
  ::mosquitto client;
  client.address = "127.0.0.1";
  mosquitto_evt_basic_auth event{};
  event.client = &client;
  const ConnectAttempt here = attempt_of(event, true), elsewhere = attempt_of(event, false);
  EXPECT_FALSE(here.client_id || here.username || here.password);
  EXPECT_EQ(here.peer.address, "127.0.0.1");
  EXPECT_EQ(elsewhere.peer.address, "");
  EXPECT_EQ(elsewhere.peer.transport, Transport::unknown);
}

TEST(PluginOptionsTest, NamesTheOneOptionThatItTakes) {
  char config[] = "config", other[] = "secret", path[] = "/dev/null", gone[] = "\"/dev/null\"";
  mosquitto_opt options[] = {{config, path}, {other, path}};
  EXPECT_EQ(*settings_path(options, 1), "/dev/null");
  EXPECT_NE(settings_path(options, 2).error().cause.find("plugin_opt_secret"), std::string::npos);
  EXPECT_NE(settings_path(nullptr, 0).error().cause.find("missing"), std::string::npos);
  options[0].value = gone;
  EXPECT_NE(settings_path(options, 1).error().hint.find("quotes"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::mosquitto
