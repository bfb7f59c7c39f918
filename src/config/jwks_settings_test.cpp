#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "config/test_settings_file.h"

namespace sallyport {
namespace {

using testing::HasSubstr;
using testing::Not;

class JwksSettingsTest : public testing::Test {
 protected:
  // All faults, or all warnings, or "well".
  std::string said(const std::string& toml) {
    auto loaded = load_settings(folder.write("s.toml", toml), {});
    if (!loaded) return "fault: " + texts(loaded.error().faults);
    const std::string warnings = texts(loaded->warnings);
    settings = std::move(loaded->settings);
    advice = texts(loaded->advice);
    return warnings.empty() ? "well" : "warning: " + warnings;
  }
  std::string jwt(const std::string& lines) {
    return said("[store]\nurl = \"sqlite:///var/lib/x/store.db\"\n[jwt]\nrequire_exp = true\n" + lines);
  }

  TempFolder folder;
  Settings settings;
  std::string advice;
};

TEST_F(JwksSettingsTest, AnAddressAndAnAudienceAreEnough) {
  EXPECT_EQ(jwt("jwks_url = \"https://id.example.com/jwks\"\naudience = \"mqtt\"\n"), "well");
  EXPECT_TRUE(settings.jwt.is_enabled());
  EXPECT_EQ(settings.jwt.jwks.refresh, 300);
  EXPECT_EQ(settings.jwt.jwks.timeout, 5);
  EXPECT_EQ(settings.jwt.jwks.max_stale, 86'400);
  EXPECT_EQ(settings.jwt.jwks.cooldown, 10);
}

TEST_F(JwksSettingsTest, RemoteKeysWithoutAnAudienceLetEverybodyInAndThatIsSaid) {
  EXPECT_THAT(jwt("jwks_url = \"https://id.example.com/jwks\"\n"),
              HasSubstr("s.toml:5:12: keys from a provider and no audience: every token that the provider makes"));
  EXPECT_EQ(jwt("jwks_url = \"https://id.example.com/jwks\"\nclaims = { client_id = \"abc\" }\n"), "well");
  EXPECT_THAT(
      jwt("jwks_url = \"https://id.example.com/jwks\"\nclaims = { client_id = \"abc\" }\nverify_claims = false\n"),
      HasSubstr("no audience"));
  // Whoever has a token of the provider has one with his own name in it.
  EXPECT_THAT(jwt("jwks_url = \"https://id.example.com/jwks\"\nclaims = { username = \"%u\", client_id = \"%c\" }\n"),
              HasSubstr("no audience"));
  EXPECT_EQ(
      jwt("jwks_url = \"https://id.example.com/jwks\"\nclaims = { username = \"%u\", \"/device/site\" = \"p7\" }\n"),
      "well");
  EXPECT_THAT(jwt("[[jwt.issuers]]\nname = \"a\"\nissuer = \"https://a\"\njwks_url = \"https://a/k\"\n"),
              HasSubstr("issuer a: keys from a provider and no audience"));
}

TEST_F(JwksSettingsTest, HttpIsForThisMachineUnlessOpenedOnPurpose) {
  EXPECT_EQ(jwt("jwks_url = \"http://127.0.0.1:8080/jwks\"\naudience = \"a\"\n"), "well");
  EXPECT_THAT(jwt("jwks_url = \"http://id.example.com/jwks\"\naudience = \"a\"\n"), HasSubstr("fault: "));
  EXPECT_THAT(jwt("jwks_url = \"http://id.example.com/jwks\"\naudience = \"a\"\njwks_allow_http = true\n"),
              HasSubstr("warning: "));
}

TEST_F(JwksSettingsTest, RefusesAddressesThatCannotBeAskedAndSaysNoValue) {
  for (const char* url : {"id.example.com", "ftp://a/", "https://user:pw-canary@a/", "https://a/#x", "https://a b/"}) {
    const std::string text = jwt("jwks_url = \"" + std::string(url) + "\"\naudience = \"a\"\n");
    EXPECT_THAT(text, HasSubstr("fault: ")) << url;
    EXPECT_THAT(text, Not(HasSubstr("pw-canary")));
  }
}

TEST_F(JwksSettingsTest, TheBoundsOfEachDuration) {
  const std::string url = "jwks_url = \"https://a/k\"\naudience = \"a\"\n";
  EXPECT_EQ(jwt(url + "jwks_refresh = \"10s\"\njwks_cooldown = \"10s\"\n"), "well");
  EXPECT_THAT(jwt(url + "jwks_refresh = \"9s\"\n"), HasSubstr("the least is \"10s\""));
  EXPECT_THAT(jwt(url + "jwks_cooldown = \"0s\"\n"), HasSubstr("the least is \"1s\""));
  EXPECT_THAT(jwt(url + "jwks_refresh = \"10s\"\njwks_cooldown = \"11s\"\n"),
              HasSubstr("jwks_cooldown is longer than jwks_refresh"));
  EXPECT_THAT(jwt(url + "jwks_max_stale = \"60s\"\n"), HasSubstr("warning: "));
}

TEST_F(JwksSettingsTest, DiscoveryNeedsAnIssuerThatIsAnAddressAndNoSecondAddress) {
  EXPECT_EQ(jwt("issuer = \"https://id.example.com/\"\nissuer_discovery = true\naudience = \"a\"\n"), "well");
  EXPECT_THAT(jwt("issuer_discovery = true\naudience = \"a\"\n"), HasSubstr("issuer_discovery needs the issuer"));
  EXPECT_THAT(jwt("issuer = \"accounts.example.com\"\nissuer_discovery = true\naudience = \"a\"\n"),
              HasSubstr("fault: "));
  EXPECT_THAT(jwt("issuer = \"https://id/\"\nissuer_discovery = true\njwks_url = \"https://id/k\"\naudience = \"a\"\n"),
              HasSubstr("contradict each other"));
}

TEST_F(JwksSettingsTest, HeadersComeFromTheEnvironmentOrAFileAndHoldNoLineEnd) {
  const std::string url = "jwks_url = \"https://a/k\"\naudience = \"a\"\n";
  EXPECT_EQ(jwt(url + "jwks_headers = { Authorization = { env = \"SALLYPORT_TEST_SECRET\" }, X-Tenant = { file = "
                      "\"present\" } }\n"),
            "well");
  ASSERT_EQ(settings.jwt.jwks.headers.size(), 2u);
  EXPECT_EQ(settings.jwt.jwks.headers[0].first, "Authorization");
  EXPECT_EQ(settings.jwt.jwks.headers[0].second.view(), "from the environment");
  EXPECT_THAT(jwt(url + "jwks_headers = { X = \"a\\r\\nEvil: 1\" }\n"), HasSubstr("line end"));
  EXPECT_THAT(jwt(url + "jwks_headers = { \"X Y\" = \"a\" }\n"), HasSubstr("no header"));
  EXPECT_THAT(jwt(url + "jwks_headers = { Host = \"a\" }\n"), HasSubstr("no header"));
  EXPECT_THAT(jwt(url + "jwks_client_cert = \"c.pem\"\n"), HasSubstr("belong together"));
}

TEST_F(JwksSettingsTest, ARevisionSendsNoFileAndNoEnvironmentAnywhere) {
  const std::string path = folder.write("s.toml", "[log]\nlevel = \"notice\"\n");
  const std::string url = "[jwt]\njwks_url = \"https://elsewhere/k\"\naudience = \"a\"\n";
  for (const char* from : {"{ file = \"present\" }", "{ env = \"SALLYPORT_TEST_SECRET\" }"}) {
    const auto loaded = check_revision(path, url + "jwks_headers = { X = " + from + " }\n", "revision");
    ASSERT_FALSE(loaded) << from;
    EXPECT_THAT(loaded.error().faults.at(0).cause, HasSubstr("cannot come from a file or the environment"));
    EXPECT_FALSE(check_revision(path,
                                "[[jwt.issuers]]\nname = \"a\"\nissuer = \"https://a\"\njwks_url = "
                                "\"https://elsewhere/k\"\naudience = \"a\"\njwks_headers = { X = " +
                                    std::string(from) + " }\n",
                                "revision"));
  }
  EXPECT_TRUE(check_revision(path, url + "jwks_headers = { X = \"its own\" }\n", "revision"));
}

TEST_F(JwksSettingsTest, TheFilesHeadersGoNowhereThatARevisionNames) {
  const std::string headers = "jwks_headers = { X = { file = \"present\" } }\n", home = "jwks_url = \"https://a/k\"\n";
  const std::string split = folder.write("s.toml", "[jwt]\naudience = \"a\"\n" + headers);
  const auto sent = check_revision(split, "[jwt]\njwks_url = \"https://elsewhere/k\"\n", "revision");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().faults.at(0).cause,
            "the settings file's jwks_headers would go where a revision's jwt.jwks_url says");
  const std::string whole = folder.write("t.toml", "[jwt]\naudience = \"a\"\n" + home + headers);
  EXPECT_FALSE(check_revision(whole, "[jwt]\njwks_proxy = \"http://elsewhere:3128\"\n", "revision"));
  EXPECT_FALSE(check_revision(whole, "[jwt]\njwks_ca_file = \"present\"\n", "revision"));
  EXPECT_TRUE(check_revision(whole, "[jwt]\nissuer = \"https://a\"\njwks_refresh = \"60s\"\n", "revision"));
}

TEST_F(JwksSettingsTest, HeadersAndIssuersAreNeverShown) {
  const auto loaded = load_settings(
      folder.write("s.toml",
                   "[jwt]\njwks_url = \"https://a/k\"\njwks_headers = { X = \"canary-1\" }\n[[jwt.issuers]]\nname = "
                   "\"a\"\nissuer = \"i\"\nsecret = \"canary-2-0123456789abcdef0123456789\"\n"),
      {});
  ASSERT_TRUE(loaded) << loaded.error().faults[0].to_text();
  for (const ShownValue& value : loaded->values) EXPECT_THAT(value.value, Not(HasSubstr("canary"))) << value.name;
}

TEST_F(JwksSettingsTest, IssuersHaveTheirOwnKeysAndRules) {
  EXPECT_EQ(jwt("[[jwt.issuers]]\nname = \"a\"\nissuer = \"https://a\"\naudience = [\"x\", \"y\"]\nsecret = "
                "\"0123456789abcdef0123456789abcdef\"\nleeway = \"5s\"\nrequire_exp = true\n"
                "claims = { device = \"%c\" }\nallowed_algorithms = [\"HS256\"]\n[[jwt.issuers]]\nname = \"b\"\nissuer "
                "= \"https://b\"\njwks_url = \"https://b/k\"\naudience = \"z\"\n"),
            "well");
  ASSERT_EQ(settings.jwt.issuers.size(), 2u);
  const IssuerSettings& a = settings.jwt.issuers[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.issuer, "https://a");
  EXPECT_EQ(a.audience.size(), 2u);
  EXPECT_EQ(a.leeway, 5);
  EXPECT_TRUE(a.require_exp);
  EXPECT_EQ(a.claims.size(), 1u);
  EXPECT_EQ(a.allowed_algorithms, bit(Algorithm::HS256));
  EXPECT_FALSE(a.jwks.remote());
  EXPECT_FALSE(settings.jwt.issuers[1].require_exp) << "its default, not the value of [jwt]";
  EXPECT_TRUE(settings.jwt.secret.empty()) << "an issuer's secret is his alone";
  EXPECT_TRUE(settings.jwt.is_enabled());
}

TEST_F(JwksSettingsTest, IssuersThatContradictEachOtherAreRefused) {
  const std::string a =
      "[[jwt.issuers]]\nname = \"a\"\nissuer = \"https://a\"\nsecret = \"0123456789abcdef0123456789abcdef\"\n";
  const auto with = [&](const std::string& second) { return jwt(a + "[[jwt.issuers]]\n" + second); };
  const std::string secret = "secret = \"0123456789abcdef0123456789abcdef\"\n";
  EXPECT_EQ(with("name = \"b\"\nissuer = \"https://b\"\n" + secret), "well");
  EXPECT_THAT(with("name = \"a\"\nissuer = \"https://b\"\n" + secret), HasSubstr("two issuers are named a"));
  EXPECT_THAT(with("name = \"b\"\nissuer = \"https://a\"\n" + secret), HasSubstr("have the same issuer"));
  EXPECT_THAT(with("name = \"b\"\n" + secret), HasSubstr("has no issuer"));
  EXPECT_THAT(with("issuer = \"https://b\"\n" + secret), HasSubstr("has no name"));
  EXPECT_THAT(with("name = \"b\\\"}\"\nissuer = \"https://b\"\n" + secret), HasSubstr("has no name"));
  EXPECT_THAT(with("name = \"b\"\nissuer = \"https://b\"\n"), HasSubstr("issuer b has no key"));
  EXPECT_THAT(with("name = \"b\"\nissuer = \"https://b\"\nsecret_file = \"present\"\n" + secret),
              HasSubstr("contradict each other"));
  EXPECT_THAT(with("name = \"b\"\nissuer = \"https://b\"\njwks_uri = \"https://b/k\"\n"),
              HasSubstr("did you mean \"jwks_url\"?"));
  EXPECT_THAT(with("name = \"b\"\nissuer = \"https://b\"\nfrom = \"password\"\n" + secret),
              HasSubstr("unknown name \"from\""));
}

TEST_F(JwksSettingsTest, WithoutAPlaceToKeepKeySetsThereIsAdvice) {
  EXPECT_EQ(said("[password]\nenabled = false\n[jwt]\njwks_url = \"https://a/k\"\naudience = \"a\"\n"), "well");
  EXPECT_THAT(advice, HasSubstr("no folder to keep key sets in"));
  EXPECT_EQ(
      said("[password]\nenabled = false\n[jwt]\njwks_url = \"https://a/k\"\naudience = \"a\"\njwks_cache = \"jwks\"\n"),
      "well");
  EXPECT_THAT(advice, Not(HasSubstr("no folder")));
}

}  // namespace
}  // namespace sallyport
