#include "keys/discovery.h"

namespace sallyport {
namespace {

TEST(DiscoveryTest, KnowsWhereProvidersPutTheirConfiguration) {
  EXPECT_THAT(discovery_addresses("https://id.example.com"),
              testing::ElementsAre("https://id.example.com/.well-known/openid-configuration",
                                   "https://id.example.com/.well-known/oauth-authorization-server"));
  EXPECT_THAT(discovery_addresses("https://id.example.com/realms/a/"),
              testing::ElementsAre("https://id.example.com/realms/a/.well-known/openid-configuration",
                                   "https://id.example.com/.well-known/openid-configuration/realms/a",
                                   "https://id.example.com/.well-known/oauth-authorization-server/realms/a"));
  EXPECT_TRUE(discovery_addresses("accounts.example.com").empty());
  EXPECT_TRUE(discovery_addresses("https://a/?x").empty());
}

TEST(DiscoveryTest, TakesTheAddressOnlyFromTheConfigurationOfThatVeryIssuer) {
  const auto read = [](const char* text) { return read_discovery(text, "https://id.example.com/a"); };
  EXPECT_EQ(read(R"({"issuer":"https://id.example.com/a","jwks_uri":"https://keys.example.com/k"})").jwks_uri,
            "https://keys.example.com/k");
  EXPECT_EQ(read(R"({"issuer":"https://id.example.com/a/","jwks_uri":"https://x/k"})").outcome,
            FetchOutcome::issuer_differs);
  EXPECT_EQ(read(R"({"issuer":"https://id.example.com/b","jwks_uri":"https://x/k"})").outcome,
            FetchOutcome::issuer_differs);
  EXPECT_EQ(read(R"({"jwks_uri":"https://x/k"})").outcome, FetchOutcome::no_discovery);
  EXPECT_EQ(read(R"({"issuer":"https://id.example.com/a"})").outcome, FetchOutcome::no_discovery);
  EXPECT_EQ(read(R"({"issuer":"https://id.example.com/a","jwks_uri":7})").outcome, FetchOutcome::no_discovery);
  EXPECT_EQ(read("<html>").outcome, FetchOutcome::not_json);
  EXPECT_EQ(read(R"({"issuer":"https://evil","issuer":"https://id.example.com/a","jwks_uri":"https://x/k"})").outcome,
            FetchOutcome::not_json)
      << "a name twice";
}

}  // namespace
}  // namespace sallyport
