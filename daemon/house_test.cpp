// Callers, routes, admissions, and the table of verdicts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/schema_http.h"
#include "daemon/admissions.h"
#include "daemon/callers.h"
#include "daemon/contract.h"
#include "daemon/route.h"
#include "daemon/testing.h"

namespace sallyport::daemon {
namespace {

using testing::Asked;

// -- callers

class CallersTest : public ::testing::Test {
 protected:
  CallersTest() {
    std::string name = ::testing::TempDir() + "callers-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~CallersTest() override { std::filesystem::remove_all(folder); }
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder + "/" + name) << text;
    ::chmod((folder + "/" + name).c_str(), 0600);
    return folder + "/" + name;
  }
  // Who the caller is, or "(nobody)".
  std::string who(const HttpSettings& settings, const std::string& headers, const PeerFacts& peer,
                  Contract contract = Contract::v1, std::string_view path_secret = {}) {
    auto callers = Callers::load(settings);
    if (!callers) return "(" + callers.error()[0].cause + ")";
    const Asked asked("GET", "/", "", headers);
    const auto grant = (*callers)->identify(asked.request, path_secret, peer, contract);
    return grant ? std::string(grant->caller) : "(nobody)";
  }
  static PeerFacts at(const std::string& address) {
    PeerFacts out;
    out.address = address;
    return out;
  }
  std::string folder;
  const PeerFacts far = at("192.0.2.7"), near = at("127.0.0.1");
};

TEST_F(CallersTest, WithoutCallersLoopbackAloneIsOpen) {
  const HttpSettings settings;
  EXPECT_EQ(who(settings, "", near), "loopback");
  EXPECT_EQ(who(settings, "", at("::1")), "loopback");
  EXPECT_EQ(who(settings, "", far), "(nobody)");
}

TEST_F(CallersTest, ABrowsersRequestsToLoopbackAreNobodys) {
  EXPECT_EQ(who({}, "origin: https://evil.example\r\n", near), "(nobody)");
  EXPECT_EQ(who({}, "sec-fetch-site: cross-site\r\n", near), "(nobody)");
  EXPECT_EQ(who({}, "origin: https://app.example\r\n", near, Contract::proxy), "loopback");
}

TEST_F(CallersTest, ABearerIsCompared) {
  HttpSettings settings;
  settings.bearer_file = file("bearer", "first-token-of-callers\nsecond-token-of-callers\n");
  EXPECT_EQ(who(settings, "authorization: Bearer first-token-of-callers\r\n", far), "bearer");
  EXPECT_EQ(who(settings, "authorization: bearer second-token-of-callers\r\n", far), "bearer");
  EXPECT_EQ(who(settings, "authorization: Bearer first-token-of-callerz\r\n", far), "(nobody)");
  EXPECT_EQ(who(settings, "authorization: Bearer first-token-of-caller\r\n", far), "(nobody)");
  EXPECT_EQ(who(settings, "authorization: Basic first-token-of-callers\r\n", far), "(nobody)");
  EXPECT_EQ(who(settings, "", near), "(nobody)");
  // There the header is the proxy's client's.
  EXPECT_EQ(who(settings, "authorization: Bearer first-token-of-callers\r\n", far, Contract::proxy), "(nobody)");
}

TEST_F(CallersTest, BasicIsWhatRabbitmqSends) {
  HttpSettings settings;
  HttpCallerSetting rabbit;
  rabbit.name = "rabbit";
  rabbit.basic_user = "rmq";
  rabbit.basic_password_file = file("password", "s3cr@t-of-the-rabbit\n");
  rabbit.contracts = {"rabbitmq"};
  settings.callers = {rabbit};
  const std::string right = "authorization: Basic cm1xOnMzY3JAdC1vZi10aGUtcmFiYml0\r\n";
  EXPECT_EQ(who(settings, right, far, Contract::rabbitmq), "rabbit");
  EXPECT_EQ(who(settings, right, far, Contract::v1), "(nobody)");
  EXPECT_EQ(who(settings, "authorization: Basic cm1xOnMzY3JAdC1vZi10aGUtcmFiYmlU\r\n", far, Contract::rabbitmq),
            "(nobody)");
}

TEST_F(CallersTest, EveryProofOfACallerMustHold) {
  HttpSettings settings;
  HttpCallerSetting nano;
  nano.name = "nano";
  nano.path_secret_file = file("segment", "a-segment-that-nobody-guesses");
  nano.addresses = {"192.0.2.0/24", "2001:db8::/32"};
  settings.callers = {nano};
  EXPECT_EQ(who(settings, "", far, Contract::nanomq, "a-segment-that-nobody-guesses"), "nano");
  EXPECT_EQ(who(settings, "", at("2001:db8::1"), Contract::nanomq, "a-segment-that-nobody-guesses"), "nano");
  EXPECT_EQ(who(settings, "", at("198.51.100.1"), Contract::nanomq, "a-segment-that-nobody-guesses"), "(nobody)");
  EXPECT_EQ(who(settings, "", far, Contract::nanomq, "a-segment-that-nobody-guessed"), "(nobody)");
  EXPECT_EQ(who(settings, "", far, Contract::nanomq), "(nobody)");
}

TEST_F(CallersTest, ASocketsOwnerAndRootAreKnownByTheirNumbers) {
  HttpSettings settings;
  settings.bearer_file = file("bearer", "first-token-of-callers");
  PeerFacts unix_peer;
  unix_peer.is_unix = true;
  unix_peer.uid = ::geteuid();
  EXPECT_EQ(who(settings, "", unix_peer), "owner");
  unix_peer.uid = 65'533;
  EXPECT_EQ(who(settings, "", unix_peer), "(nobody)");
}

TEST_F(CallersTest, ACertificateIsKnownByItsName) {
  HttpSettings settings;
  settings.client_ca = "/nowhere";
  PeerFacts peer = far;
  EXPECT_EQ(who(settings, "", peer), "(nobody)");
  peer.has_certificate = true;
  peer.certificate = "broker-1";
  EXPECT_EQ(who(settings, "", peer), "certificate");
  HttpCallerSetting named;
  named.name = "one";
  named.certificate = "broker-1";
  settings.callers = {named};
  EXPECT_EQ(who(settings, "", peer), "one");
  peer.certificate = "broker-2";
  EXPECT_EQ(who(settings, "", peer), "(nobody)");
}

TEST_F(CallersTest, SecretsThatCouldBeTriedOutAreNotTaken) {
  HttpSettings settings;
  settings.bearer_file = file("bearer", "short\n");
  EXPECT_EQ(who(settings, "", near), "(a secret has fewer than 16 characters)");
  settings.bearer_file = file("empty", "\n\n");
  EXPECT_EQ(who(settings, "", near), "(the file holds no secret)");
  settings.bearer_file = folder + "/absent";
  EXPECT_EQ(who(settings, "", near).substr(0, 14), "(no such file:");
}

// -- settings

TEST(HttpSettingsTest, AnOpenDaemonListensOnLoopbackAlone) {
  HttpSettings http;
  http.listen = {"127.0.0.1:1", "[::1]:1", "unix:/run/x.sock"};
  EXPECT_TRUE(http_contradictions(http).empty());
  http.listen = {"0.0.0.0:8080"};
  ASSERT_EQ(http_contradictions(http).size(), 1u);
  EXPECT_EQ(http_contradictions(http)[0].cause, "0.0.0.0:8080 is open to others and nobody is asked who he is");
  http.bearer_file = "/x";
  EXPECT_TRUE(http_contradictions(http).empty());
}

TEST(HttpSettingsTest, AnAddressHasOneReading) {
  for (const char* good : {"127.0.0.1:0", "0.0.0.0:65535", "[::]:80", "unix:/a"})
    EXPECT_TRUE(parse_listen(good)) << good;
  for (const char* bad : {"", "8080", ":8080", "localhost:8080", "::1:8080", "[127.0.0.1]:1",
                          "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "unix:a", "1.2.3.4:1x"})
    EXPECT_FALSE(parse_listen(bad)) << bad;
  EXPECT_TRUE(parse_listen("127.9.9.9:1")->loopback);
  EXPECT_FALSE(parse_listen("[::]:1")->loopback);
}

// -- routes

TEST(RouteTest, APathHasOneMeaning) {
  const Route user = route_of("/rabbitmq/user");
  EXPECT_EQ(user.kind, Route::Kind::contract);
  EXPECT_EQ(user.contract, Contract::rabbitmq);
  EXPECT_EQ(user.endpoint, "user");
  const Route secret = route_of("/k/S3/nanomq/acl");
  EXPECT_EQ(secret.contract, Contract::nanomq);
  EXPECT_EQ(secret.path_secret, "S3");
  EXPECT_EQ(secret.endpoint, "acl");
  EXPECT_EQ(route_of("/v1/decide/batch").endpoint, "decide/batch");
  EXPECT_EQ(route_of("/vernemq").endpoint, "");
  EXPECT_EQ(route_of("/health/alive").kind, Route::Kind::alive);
  for (const char* none : {"/", "", "x", "/k", "/k/", "/k/S3", "/k/S3/", "/k//", "/rabbit/user", "//rabbitmq/user",
                           "/RABBITMQ/user", "/health", "/health/x", "/k/a/k/b/v1/decide"})
    EXPECT_EQ(route_of(none).kind, Route::Kind::none) << none;
}

// -- admissions

Admission until(std::optional<UnixSeconds> end) {
  Admission out;
  out.ends_at = end;
  return out;
}

TEST(AdmissionsTest, AClientIsKnownByItsWholeName) {
  Admissions table(1000);
  table.admit(Admissions::key_of(Contract::rabbitmq, {"/", "alice", "c1"}), until(100));
  EXPECT_TRUE(table.find(Admissions::key_of(Contract::rabbitmq, {"/", "alice", "c1"}), 99));
  EXPECT_FALSE(table.find(Admissions::key_of(Contract::rabbitmq, {"/", "alice", "c1"}), 100));
  EXPECT_FALSE(table.find(Admissions::key_of(Contract::rabbitmq, {"/", "alice", "c2"}), 99));
  EXPECT_FALSE(table.find(Admissions::key_of(Contract::rabbitmq, {"/", "alic", "ec1"}), 99));
  EXPECT_FALSE(table.find(Admissions::key_of(Contract::rabbitmq, {"/a", "lice", "c1"}), 99));
  EXPECT_FALSE(table.find(Admissions::key_of(Contract::emqx, {"/", "alice", "c1"}), 99));
}

TEST(AdmissionsTest, TheLastOneCounts) {
  Admissions table(1000);
  table.admit(Admissions::key_of(Contract::emqx, {"", "a", "c"}), until(100));
  table.admit(Admissions::key_of(Contract::emqx, {"", "a", "c"}), until(200));
  EXPECT_TRUE(table.find(Admissions::key_of(Contract::emqx, {"", "a", "c"}), 150));
  EXPECT_EQ(table.size(), 1u);
}

TEST(AdmissionsTest, OfTwoNodesTheLaterDecisionCounts) {
  Admissions table(1000);
  const std::string key = Admissions::key_of(Contract::emqx, {"", "a", "c"});
  const auto decided = [](std::int64_t at, UnixSeconds end) {
    Admission out = until(end);
    out.at_ms = at;
    return out;
  };
  table.admit(key, decided(20, 200));
  table.admit(key, decided(10, 100));  // read from the store, and older
  EXPECT_TRUE(table.find(key, 150));
  table.forget_older(key, 20);
  EXPECT_TRUE(table.find(key, 150));
  table.forget_older(key, 21);
  EXPECT_FALSE(table.find(key, 150));
  table.admit(key, decided(30, 200));
  table.forget_all_older(30);
  EXPECT_EQ(table.size(), 1u);
  table.forget_all_older(31);
  EXPECT_EQ(table.size(), 0u);
}

TEST(AdmissionsTest, AFullTableForgetsWhoWasAskedAboutLongestAgo) {
  Admissions table(64);
  table.admit(Admissions::key_of(Contract::emqx, {"", "kept", "c"}), until({}));
  for (int i = 0; i < 5000; ++i) {
    table.admit(Admissions::key_of(Contract::emqx, {"", "u" + std::to_string(i), "c"}), until({}));
    ASSERT_TRUE(table.find(Admissions::key_of(Contract::emqx, {"", "kept", "c"}), 1)) << i;
  }
  EXPECT_LE(table.size(), 64u);
  EXPECT_GE(table.forgotten(), 4900u);
}

TEST(AdmissionsTest, WhatEndedIsSweptOut) {
  Admissions table(1000);
  for (int i = 0; i < 500; ++i)
    table.admit(Admissions::key_of(Contract::emqx, {"", std::to_string(i), "c"}), until(i % 2 ? 10 : 1000));
  for (int i = 0; i < 16; ++i) table.sweep(10);
  EXPECT_EQ(table.size(), 250u);
}

// -- the table

TEST(ContractTest, CannotDecideIsNeverAYesOrAServersError) {
  for (std::size_t c = 0; c + 1 < kContractCount; ++c)
    for (const Question q : {Question::connect, Question::topic}) {
      const auto contract = static_cast<Contract>(c);
      const Phrase p = phrase(contract, q, Verdict::unavailable);
      if (contract == Contract::v1) continue;
      EXPECT_NE(p.body, phrase(contract, q, Verdict::allow).body) << name(contract);
      if (contract == Contract::emqx4 && q == Question::connect)
        EXPECT_EQ(p.status, 503);  // CONNACK 3 there
      else
        EXPECT_LT(p.status, 500) << name(contract);
    }
}

TEST(ContractTest, TheDocumentsTableIsTheCodes) {
  std::ifstream file(std::string(SP_SOURCE_DIR) + "/docs/brokers/README.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), ::testing::HasSubstr(verdict_table_markdown()));
}

TEST(ContractTest, ARefusalOfEmqxIsATwoHundredThatDenies) {
  http::Response out;
  refuse(Contract::emqx, 401, "x", out);
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.body, R"({"result":"deny"})");
  out.clear();
  refuse(Contract::proxy, 413, "x", out);
  EXPECT_EQ(out.status, 403);
}

}  // namespace
}  // namespace sallyport::daemon
