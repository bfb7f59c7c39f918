// [[brokers]], and [jwt.attributes].
#include <gtest/gtest.h>

#include "config/load.h"
#include "config/test_settings_file.h"

namespace sallyport {
namespace {

std::string fault_of(const std::string& text) {
  TempFolder folder;
  const auto loaded = load_settings(folder.write("s.toml", text), {});
  return loaded ? "" : loaded.error().faults.at(0).cause;
}

const std::string kRabbit =
    "[[brokers]]\nname = \"r\"\nkind = \"rabbitmq\"\nurl = \"http://127.0.0.1:15672/\"\nuser = \"u\"\npassword_file = "
    "\"p\"\n";

TEST(BrokersSettingsTest, ABrokerHasKindAddressAndProof) {
  TempFolder folder;
  const auto loaded = load_settings(folder.write("s.toml", kRabbit), {});
  ASSERT_TRUE(loaded);
  const BrokerSetting& one = loaded->settings.brokers.at(0);
  EXPECT_EQ(one.kind, "rabbitmq");
  EXPECT_EQ(one.url, "http://127.0.0.1:15672");
  EXPECT_EQ(one.password_file, folder.path("p"));
  EXPECT_EQ(one.pace, 50);
}

TEST(BrokersSettingsTest, FaultsAreSaid) {
  const auto with = [](std::string from, const std::string& to) {
    std::string text = kRabbit;
    return fault_of(text.replace(text.find(from), from.size(), to));
  };
  EXPECT_EQ(with("\"rabbitmq\"", "\"rabitmq\""), "unknown kind \"rabitmq\"");
  EXPECT_EQ(with("\"rabbitmq\"", "\"nanomq\""), "NanoMQ's API has no way to end one client");
  EXPECT_EQ(with("127.0.0.1", "broker.example"), "the password of this API would cross the network in the clear");
  EXPECT_EQ(with("http://127.0.0.1", "https://broker.example"), "");
  EXPECT_EQ(with("15672/", "15672/?a=b"), "the address has a query");
  EXPECT_EQ(with("password_file = \"p\"", ""), "a broker has no password_file");
  EXPECT_EQ(with("user = \"u\"", ""), "a broker has no user");
  EXPECT_EQ(with("user = \"u\"", "user = \"u:v\""), "a user name with \":\" cannot be sent by Basic");
  EXPECT_EQ(with("name = \"r\"", ""), "a broker has no name, or one that is more than letters, digits, - _ and .");
  EXPECT_EQ(fault_of(kRabbit + kRabbit), "two brokers are named \"r\"");
  // VerneMQ's key is all of its proof.
  EXPECT_EQ(
      fault_of("[[brokers]]\nname = \"v\"\nkind = \"vernemq\"\nurl = \"http://[::1]:8888\"\npassword_file = \"p\"\n"),
      "");
}

TEST(AttributesSettingsTest, NamesAreWhatBrokersTakeAndClaimsAreNames) {
  EXPECT_EQ(fault_of("[jwt.attributes]\nsite = \"/site\"\n"), "");
  EXPECT_EQ(fault_of("[jwt.attributes]\n\"a b\" = \"/site\"\n"),
            "an attribute's name is more than letters, digits, - and _, or too long");
  EXPECT_NE(fault_of("[jwt.attributes]\nsite = 1\n"), "");
  EXPECT_NE(fault_of("[jwt]\nattributes = \"site\"\n"), "");
}

}  // namespace
}  // namespace sallyport
