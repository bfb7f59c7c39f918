#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/schema.h"
#include "config/test_settings_file.h"

namespace sallyport {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";

std::string place(const Error& e) { return e.place.substr(e.place.rfind('/') + 1); }

class LoadTest : public testing::Test {
 protected:
  std::vector<Error> faults(const std::string& toml, std::optional<StoredSettings> stored = {}) {
    auto loaded = load_settings(folder.write("s.toml", toml), stored);
    return loaded ? std::vector<Error>{} : loaded.error().faults;
  }
  // The one fault of a text, as "place|cause|hint".
  std::string fault(const std::string& toml) {
    const auto all = faults(toml);
    if (all.empty()) return "loads";
    if (all.size() > 1) return "more than one: " + all[0].to_text() + "\n" + all[1].to_text();
    return place(all[0]) + "|" + all[0].cause + "|" + all[0].hint;
  }
  LoadedSettings load(const std::string& toml, std::optional<StoredSettings> stored = {}) {
    auto loaded = load_settings(folder.write("s.toml", toml), stored);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().faults[0].to_text();
      return {};
    }
    return std::move(*loaded);
  }
  std::string warnings(const std::string& toml) { return texts(load(toml).warnings); }
  std::string advice(const std::string& toml) { return texts(load(toml).advice); }
  std::string_view secret(const std::string& toml, std::optional<StoredSettings> stored = {}) {
    loaded_ = load(toml, std::move(stored));
    return loaded_.settings.jwt.secret.view();
  }
  // What the settings are, by the name of a setting.
  static const ShownValue& shown(const LoadedSettings& loaded, const std::string& name) {
    static const ShownValue none{};
    for (const ShownValue& v : loaded.values)
      if (v.name == name) return v;
    return none;
  }
  TempFolder folder;

 private:
  LoadedSettings loaded_;
};

TEST_F(LoadTest, ReadsEverySetting) {
  folder.write("key.pem", "");
  const auto loaded = load(
      "[store]\nurl = \"sqlite:///var/lib/x.db\"\n[chain]\nno_match = \"defer\"\n[password]\nenabled = false\n"
      "[jwt]\nenabled = true\nfrom = \"username\"\nsecret = \"0123456789abcdef0123456789abcdef\"\npublic_key_file = "
      "\"key.pem\"\n"
      "verify_claims = false\nissuer = \"me\"\naudience = [\"a\", \"b\"]\nprincipal_claims = [\"device\", "
      "\"/x/y\"]\nleeway = \"5m\"\n"
      "require_exp = true\nmax_lifetime = \"2h\"\ntyp = \"at+jwt\"\nnot_a_token = \"ignore\"\nallow_published_secrets "
      "= true\n"
      "allowed_algorithms = [\"HS256\", \"ES256\"]\nclaims = { username = \"%c\", \"/a/b\" = \"x-${clientid}\" }\n"
      "[gate]\nmode = \"observe\"\n[control]\nsocket = \"run/c.sock\"\n[log]\nlevel = \"debug\"\nformat = \"json\"\n");
  const Settings& s = loaded.settings;
  EXPECT_EQ(s.store.url, "sqlite:///var/lib/x.db");
  EXPECT_EQ(s.chain.no_match, NoMatch::defer);
  EXPECT_FALSE(s.password.enabled);
  EXPECT_EQ(s.jwt.enabled, true);
  EXPECT_EQ(s.jwt.from, TokenSource::username);
  EXPECT_EQ(s.jwt.secret.view(), kSecret);
  EXPECT_THAT(s.jwt.public_key_files, testing::ElementsAre(folder.path("key.pem")));
  EXPECT_FALSE(s.jwt.verify_claims);
  EXPECT_EQ(s.jwt.issuer, "me");
  EXPECT_THAT(s.jwt.audience, testing::ElementsAre("a", "b"));
  EXPECT_THAT(s.jwt.principal_claims, testing::ElementsAre("device", "/x/y"));
  EXPECT_EQ(s.jwt.leeway, 300);
  EXPECT_TRUE(s.jwt.require_exp);
  EXPECT_EQ(s.jwt.max_lifetime, 7200);
  EXPECT_EQ(s.jwt.typ, "at+jwt");
  EXPECT_EQ(s.jwt.not_a_token, NotAToken::ignore);
  EXPECT_TRUE(s.jwt.allow_published_secrets);
  EXPECT_EQ(s.jwt.allowed_algorithms, bit(Algorithm::HS256) | bit(Algorithm::ES256));
  ASSERT_EQ(s.jwt.claims.size(), 2u);
  EXPECT_EQ(s.jwt.claims[0].claim, "username");
  EXPECT_EQ(s.jwt.claims[1].expected, "x-${clientid}");
  EXPECT_EQ(s.gate.mode, GateMode::observe);
  EXPECT_EQ(s.control.socket, folder.path("run/c.sock"));
  EXPECT_EQ(s.log.level, LogLevel::debug);
  EXPECT_EQ(s.log.format, LogFormat::json);
}

struct FaultCase {
  const char* name;
  const char* bad;    // the text with the fault
  const char* place;  // where
  const char* cause;  // part of it
  const char* hint;   // part of it
  const char* good;   // the twin that loads
};
void PrintTo(const FaultCase& c, std::ostream* os) { *os << c.name; }

class FaultTest : public LoadTest, public testing::WithParamInterface<FaultCase> {};

TEST_P(FaultTest, IsNamedWithPlaceCauseAndHintAndItsTwinLoads) {
  const FaultCase& c = GetParam();
  const auto all = faults(c.bad);
  ASSERT_EQ(all.size(), 1u) << texts(all);
  EXPECT_EQ(place(all[0]), c.place);
  EXPECT_THAT(all[0].cause, HasSubstr(c.cause));
  EXPECT_THAT(all[0].hint, HasSubstr(c.hint));
  EXPECT_FALSE(all[0].hint.empty());
  EXPECT_THAT(texts(faults(c.good)), IsEmpty());
}

#define SECRET "secret = \"0123456789abcdef0123456789abcdef\"\n"
INSTANTIATE_TEST_SUITE_P(
    Config, FaultTest,
    testing::Values(
        FaultCase{"UnknownSection", "[jwtt]\n", "s.toml:1:2", "unknown section \"jwtt\"", "did you mean \"jwt\"",
                  "[jwt]\n"},
        FaultCase{"UnknownName", "[jwt]\n" SECRET "leway = \"1s\"\n", "s.toml:3:1", "unknown name \"leway\" in [jwt]",
                  "did you mean \"leeway\"", "[jwt]\n" SECRET "leeway = \"1s\"\n"},
        FaultCase{"UnknownFarName", "[jwt]\nqqqqqqqqqqqqqq = 1\n", "s.toml:2:1", "unknown name",
                  "the nearest known name is", "[jwt]\n"},
        FaultCase{"NameInTheWrongSection", "[password]\nleeway = \"1s\"\n", "s.toml:2:1", "unknown name",
                  "\"leeway\" belongs under [jwt]", "[jwt]\nleeway = \"1s\"\n"},
        FaultCase{"NameWithoutSection", "leeway = \"1s\"\n", "s.toml:1:1", "unknown name", "belongs under [jwt]",
                  "[jwt]\nleeway = \"1s\"\n"},
        FaultCase{"SectionThatIsNoTable", "jwt = 5\n", "s.toml:1:1", "expected the section [jwt], found an integer",
                  "[jwt]", "[jwt]\n"},
        FaultCase{"ListOfSections", "[[jwt]]\nleeway = \"1s\"\n", "s.toml:1:3", "found a list", "[jwt]",
                  "[jwt]\nleeway = \"1s\"\n"},
        FaultCase{"Unquoted", "[jwt]\nfrom = password\n", "s.toml:2:8", "syntax error", "between quotes",
                  "[jwt]\nfrom = \"password\"\n"},
        FaultCase{"NameTwice", "[jwt]\nleeway = \"1s\"\nleeway = \"2s\"\n", "s.toml:3:10", "cannot redefine",
                  "only once", "[jwt]\nleeway = \"1s\"\n"},
        FaultCase{"SectionTwice", "[jwt]\n[jwt]\n", "s.toml:2:1", "cannot redefine", "only once", "[jwt]\n"},
        FaultCase{"QuoteMissing", "[jwt]\nissuer = \"me\n", "s.toml:2:13", "syntax error", "a quote is missing",
                  "[jwt]\nissuer = \"me\"\n"},
        FaultCase{"TextForBoolean", "[jwt]\nrequire_exp = \"true\"\n", "s.toml:2:15",
                  "expected true or false, found text", "leave the quotes out", "[jwt]\nrequire_exp = true\n"},
        FaultCase{"BooleanForText", "[jwt]\nissuer = true\n", "s.toml:2:10", "expected text, found true or false",
                  "quotes", "[jwt]\nissuer = \"true\"\n"},
        FaultCase{"EmptyText", "[jwt]\nissuer = \"\"\n", "s.toml:2:10", "empty", "take the line out",
                  "[jwt]\nissuer = \"x\"\n"},
        FaultCase{"NulInText", "[jwt]\nissuer = \"a\\u0000b\"\n", "s.toml:2:10", "NUL", "u0000",
                  "[jwt]\nissuer = \"ab\"\n"},
        FaultCase{"IntegerForDuration", "[jwt]\nleeway = 30\n", "s.toml:2:10", "expected a duration", "\"30s\"",
                  "[jwt]\nleeway = \"30s\"\n"},
        FaultCase{"DurationWithoutUnit", "[jwt]\nleeway = \"30\"\n", "s.toml:2:10", "no unit", "\"30s\"",
                  "[jwt]\nleeway = \"30s\"\n"},
        FaultCase{"DurationInMilliseconds", "[jwt]\nleeway = \"250ms\"\n", "s.toml:2:10", "whole seconds", "\"30s\"",
                  "[jwt]\nleeway = \"250s\"\n"},
        FaultCase{"DurationOutOfRange", "[jwt]\nmax_lifetime = \"0s\"\n", "s.toml:2:16", "outside", "least",
                  "[jwt]\nmax_lifetime = \"1s\"\n"},
        FaultCase{"LeewayOutOfRange", "[jwt]\nleeway = \"366d\"\n", "s.toml:2:10", "outside", "most",
                  "[jwt]\nleeway = \"365d\"\n"},
        FaultCase{"WrongChoice", "[gate]\nmode = \"observer\"\n", "s.toml:2:8", "none of \"enforce\", \"observe\"",
                  "did you mean \"observe\"", "[gate]\nmode = \"observe\"\n"},
        FaultCase{"ChoiceOfAnotherType", "[chain]\nno_match = false\n", "s.toml:2:12",
                  "expected one of \"deny\", \"allow\", \"defer\"", "quotes", "[chain]\nno_match = \"deny\"\n"},
        FaultCase{"ListOfMixedTypes", "[jwt]\naudience = [\"a\", 7]\n", "s.toml:2:18",
                  "expected text, found an integer", "quotes", "[jwt]\naudience = [\"a\", \"7\"]\n"},
        FaultCase{"EmptyAudience", "[jwt]\naudience = []\n", "s.toml:2:12", "the list is empty", "take the line out",
                  "[jwt]\naudience = [\"a\"]\n"},
        FaultCase{"UnknownAlgorithm", "[jwt]\nallowed_algorithms = [\"HS256\", \"none\"]\n", "s.toml:2:32",
                  "does not verify", "nearest", "[jwt]\nallowed_algorithms = [\"HS256\"]\n"},
        FaultCase{"MisspeltAlgorithm", "[jwt]\nallowed_algorithms = \"hs256\"\n", "s.toml:2:22", "does not verify",
                  "did you mean \"HS256\"", "[jwt]\nallowed_algorithms = \"HS256\"\n"},
        FaultCase{"NoAlgorithm", "[jwt]\nallowed_algorithms = []\n", "s.toml:2:22", "the list is empty", "at least one",
                  "[jwt]\nallowed_algorithms = [\"ES256\"]\n"},
        FaultCase{"ClaimIsNoText", "[jwt]\nclaims = { level = 5 }\n", "s.toml:2:20", "found an integer", "quotes",
                  "[jwt]\nclaims = { level = \"5\" }\n"},
        FaultCase{"ClaimOfADeeperObject", "[jwt.claims.realm]\nsite = \"x\"\n", "s.toml:1:1", "found a table",
                  "JSON Pointer", "[jwt.claims]\n\"/realm/site\" = \"x\"\n"},
        FaultCase{"ClaimsAreNoTable", "[jwt]\nclaims = [\"username\"]\n", "s.toml:2:10", "expected a table of claims",
                  "%u", "[jwt]\nclaims = { username = \"%u\" }\n"},
        FaultCase{"UnknownPlaceholder", "[jwt]\nclaims = { username = \"${user}\" }\n", "s.toml:2:23", "user",
                  "${username}", "[jwt]\nclaims = { username = \"${username}\" }\n"},
        FaultCase{"BadPointer", "[jwt]\nclaims = { \"/a~b\" = \"x\" }\n", "s.toml:2:12", "JSON Pointer", "~0",
                  "[jwt]\nclaims = { \"/a~0b\" = \"x\" }\n"},
        FaultCase{"StoreOfAnotherKind", "[store]\nurl = \"mysql://x\"\n", "s.toml:2:7", "not of a kind", "sqlite://",
                  "[store]\nurl = \"sqlite:///x\"\n"},
        FaultCase{"StoreWithARelativePath", "[store]\nurl = \"sqlite://x.db\"\n", "s.toml:2:7", "not absolute",
                  "sqlite:///", "[store]\nurl = \"sqlite:///x.db\"\n"},
        FaultCase{"EmptySecret", "[jwt]\nsecret = \"\"\n", "s.toml:2:10", "the secret is empty", "openssl rand",
                  "[jwt]\n" SECRET},
        FaultCase{"TwoSecrets", "[jwt]\n" SECRET "secret_base64 = \"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"\n",
                  "s.toml:3:17", "secret and secret_base64 contradict", "keep one",
                  "[jwt]\nsecret_base64 = \"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"\n"},
        FaultCase{"SecretIsNoBase64", "[jwt]\nsecret_base64 = \"not base64!\"\n", "s.toml:2:17", "not base64",
                  "use secret", "[jwt]\nsecret_base64 = \"bm90IGJhc2U2NCE\"\n"},
        FaultCase{"SecretIsAPem", "[jwt]\nsecret = \"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\"\n",
                  "s.toml:2:10", "a public key in PEM", "public_key_file", "[jwt]\n" SECRET},
        FaultCase{"SecretIsAPrivateKey",
                  "[jwt]\nsecret = \"-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\"\n", "s.toml:2:10",
                  "a private key in PEM", "stays with the issuer", "[jwt]\n" SECRET},
        FaultCase{"SecretIsAJwk", "[jwt]\nsecret = ' {\"kty\":\"RSA\"}'\n", "s.toml:2:10", "a JWK", "public_key",
                  "[jwt]\n" SECRET},
        FaultCase{"SecretOfAnUnknownForm", "[jwt]\nsecret = { envv = \"X\" }\n", "s.toml:2:12", "unknown name \"envv\"",
                  "did you mean \"env\"", "[jwt]\nsecret = { env = \"SALLYPORT_TEST_SECRET\" }\n"},
        FaultCase{"SecretOfTwoForms", "[jwt]\nsecret = { env = \"X\", file = \"y\" }\n", "s.toml:2:10", "contradict",
                  "keep one", "[jwt]\nsecret = { env = \"SALLYPORT_TEST_SECRET\" }\n"},
        FaultCase{"SecretVariableNotSet", "[jwt]\nsecret = { env = \"SALLYPORT_TEST_NOT_SET\" }\n", "s.toml:2:18",
                  "SALLYPORT_TEST_NOT_SET is not set",
                  "Environment=", "[jwt]\nsecret = { env = \"SALLYPORT_TEST_SECRET\" }\n"},
        FaultCase{"SecretFileMissing", "[jwt]\nsecret_file = \"gone\"\n", "s.toml:2:15", "no such file",
                  "settings file", "[jwt]\nsecret_file = \"present\"\n"},
        FaultCase{"SecretFileIsAFolder", "[jwt]\nsecret = { file = \".\" }\n", "s.toml:2:19", "is a folder",
                  "name a file", "[jwt]\nsecret = { file = \"present\" }\n"},
        FaultCase{"KeyIsAPath", "[jwt]\npublic_key = \"key.pem\"\n", "s.toml:2:14", "neither PEM nor a JWK",
                  "public_key_file", "[jwt]\npublic_key_file = \"key.pem\"\n"},
        FaultCase{"TokensWithoutAKey", "[jwt]\nenabled = true\n", "s.toml:2:11", "has no key", "secret",
                  "[jwt]\nenabled = true\n" SECRET},
        FaultCase{"UserNameIsTheToken", "[jwt]\n" SECRET "from = \"username\"\nclaims = { sub = \"%u\" }\n",
                  "s.toml:4:18", "the user name is the token", "%c",
                  "[jwt]\n" SECRET "from = \"username\"\nclaims = { sub = \"%c\" }\n"},
        FaultCase{"SocketPathTooLong",
                  "[control]\nsocket = "
                  "\"/"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  "aaaaaaaa\"\n",
                  "s.toml:2:10", "107 bytes", "shorter", "[control]\nsocket = \"/a\"\n"}),
    [](const auto& c) { return c.param.name; });

TEST_F(LoadTest, FindsEveryFaultInOneGo) {
  const auto all = faults("[jwtt]\n[jwt]\nleeway = 30\nissuer = 7\nfrmo = 1\n[gate]\nmode = \"x\"\n");
  ASSERT_EQ(all.size(), 5u) << texts(all);
  EXPECT_EQ(place(all[0]), "s.toml:1:2");
  EXPECT_EQ(place(all[1]), "s.toml:3:10");
  EXPECT_EQ(place(all[2]), "s.toml:4:10");
  EXPECT_EQ(place(all[3]), "s.toml:5:1");
  EXPECT_EQ(place(all[4]), "s.toml:7:8");
}

TEST_F(LoadTest, AMissingFileIsNotFound) {
  const auto loaded = load_settings(folder.path("gone.toml"), {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().faults[0].kind, ErrorKind::kNotFound);
  EXPECT_THAT(loaded.error().faults[0].hint, HasSubstr("config default"));
}

TEST_F(LoadTest, AFileThatMayNotBeReadIsDenied) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const auto path = folder.write("s.toml", "");
  chmod(path.c_str(), 0);
  const auto loaded = load_settings(path, {});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().faults[0].kind, ErrorKind::kDenied);
}

TEST_F(LoadTest, AFileOfMoreThanAMegabyteIsRefused) {
  const std::string comment(1024 * 1024 - 1, '#');
  EXPECT_THAT(texts(faults(comment + "##")), HasSubstr("longer than"));
  EXPECT_EQ(fault(comment), "loads");
}

TEST_F(LoadTest, AnEndlessDottedNameIsRefusedAndNotRecursedInto) {
  std::string name = "a";
  for (int i = 0; i < 400'000; ++i) name += ".a";
  EXPECT_THAT(fault(name + " = 1\n"), HasSubstr("more parts than any setting"));
}

TEST_F(LoadTest, NoFaultRepeatsAValue) {
  for (const std::string toml :
       {"[jwt]\nsecret = canary77\n", "[jwt]\nsecret = \"canary77\n", "[jwt]\nsecret = 7777777777777777777777\n",
        "[jwt]\nsecret = tcanary77\n", "[jwt]\nsecret = \"a\" canary77\n", "[jwt]\nsecret = [\"canary77\"]\n",
        "[jwt]\nfrom = \"canary77\"\n", "[jwt]\nsecret_base64 = \"canary77!\"\n", "[jwt]\npublic_key = \"canary77\"\n",
        "[store]\nurl = \"canary77\"\n", "[jwt]\nleeway = \"canary77\"\n", "[jwt]\nclaims = { a = 7777777777777777 }\n",
        "[jwt]\nsecret = \"-----BEGIN canary77\"\n", "[jwt]\nsecret = { env = [\"canary77\"] }\n"}) {
    const std::string said = texts(faults(toml));
    EXPECT_THAT(said, Not(IsEmpty())) << toml;
    EXPECT_THAT(said, Not(HasSubstr("canary77"))) << toml;
    EXPECT_THAT(said, Not(HasSubstr("7777777777"))) << toml;
  }
}

TEST_F(LoadTest, TakesASecretInEveryForm) {
  folder.write("line", "from a file\n");
  folder.write("lines", "two newlines\n\n");
  folder.write("base64", "ZnJvbSBiYXNlNjQ=\n");
  EXPECT_EQ(secret("[jwt]\nsecret = \"plain\"\n"), "plain");
  EXPECT_EQ(secret("[jwt]\nsecret = { env = \"SALLYPORT_TEST_SECRET\" }\n"), "from the environment");
  EXPECT_EQ(secret("[jwt]\nsecret = { file = \"line\" }\n"), "from a file");
  EXPECT_EQ(secret("[jwt]\nsecret_file = \"" + folder.path("line") + "\"\n"), "from a file");
  EXPECT_EQ(secret("[jwt]\nsecret_file = \"lines\"\n"), "two newlines\n");
  EXPECT_EQ(secret("[jwt]\nsecret_base64 = { file = \"base64\" }\n"), "from base64");
  EXPECT_EQ(secret("[jwt]\nsecret_base64 = \"_-8\"\n"), "\xff\xef");
}

TEST_F(LoadTest, WarnsOfSecretsThatOthersCanRead) {
  const std::string toml = std::string("[jwt]\nsecret = \"") + kSecret + "\"\n";
  const auto path = folder.write("s.toml", toml);
  chmod(path.c_str(), 0644);
  EXPECT_THAT(texts(load_settings(path, {})->warnings), HasSubstr("every user of this machine can read it"));
  chmod(path.c_str(), 0640);
  EXPECT_THAT(texts(load_settings(path, {})->warnings), Not(HasSubstr("every user")));
  const auto secret = folder.write("key", kSecret);
  chmod(secret.c_str(), 0644);
  EXPECT_THAT(warnings("[jwt]\nsecret_file = \"key\"\n"),
              HasSubstr("every user of this machine can read the secret in"));
  chmod(secret.c_str(), 0600);
  const auto named = folder.write("s.toml", "[jwt]\nsecret_file = \"key\"\n");
  chmod(named.c_str(), 0644);
  EXPECT_THAT(texts(load_settings(named, {})->warnings), Not(HasSubstr("every user")));
  chmod(named.c_str(), 0646);
  EXPECT_THAT(texts(load_settings(named, {})->warnings), HasSubstr("can change the settings"));
}

TEST_F(LoadTest, WarnsOfAShortSecret) {
  const auto shorter = load("[jwt]\nsecret = \"0123456789abcdef0123456789abcde\"\n");
  EXPECT_THAT(texts(shorter.warnings),
              HasSubstr("s.toml:2:10: the secret is shorter than its hash: 31 bytes of at least 32"));
  EXPECT_THAT(warnings(std::string("[jwt]\nsecret = \"") + kSecret + "\"\n"), Not(HasSubstr("shorter")));
  EXPECT_THAT(warnings(std::string("[jwt]\nallowed_algorithms = \"HS512\"\nsecret = \"") + kSecret + "\"\n"),
              HasSubstr("32 bytes of at least 64"));
}

TEST_F(LoadTest, WarnsOfAPublishedSecretOnceUnlessAllowed) {
  EXPECT_THAT(warnings("[jwt]\nsecret = \"secret\"\n"), HasSubstr("printed in public documents"));
  EXPECT_THAT(warnings("[jwt]\nsecret = \"secret\"\nallow_published_secrets = true\n"), Not(HasSubstr("printed")));
  EXPECT_THAT(warnings("[jwt]\nsecret = \"sesame\"\n"), Not(HasSubstr("printed")));
}

TEST_F(LoadTest, WarnsWhenNobodyGetsIn) {
  EXPECT_THAT(warnings(""), HasSubstr("nobody gets in: there is no store of users and no key"));
  EXPECT_THAT(warnings("[password]\nenabled = false\n"),
              HasSubstr("nobody gets in: [password] and [jwt] are both off"));
  EXPECT_THAT(warnings("[store]\nurl = \"sqlite:///x\"\n"), IsEmpty());
  const std::string keyed = std::string("[jwt]\nsecret = { env = \"SALLYPORT_TEST_LONG\" }\n");
  EXPECT_THAT(warnings(keyed), HasSubstr("[store] has no url, so there are no users"));
  EXPECT_THAT(warnings("[password]\nenabled = false\n" + keyed), IsEmpty());
}

TEST_F(LoadTest, AdvisesRequireExpWhereThereIsAKey) {
  const std::string keyed =
      "[topics]\nno_match = \"deny\"\n[jwt]\nclaims = { client_id = \"%c\" }\nsecret = { env = \"SALLYPORT_TEST_LONG\" "
      "}\n";
  EXPECT_THAT(advice(keyed), HasSubstr("require_exp is false"));
  EXPECT_THAT(advice(keyed + "require_exp = true\n"), IsEmpty());
  EXPECT_THAT(advice(""), IsEmpty());
}

TEST_F(LoadTest, AdvisesToBindTheClientIdAndToSayWhatMayBeDone) {
  const std::string keyed = "[jwt]\nrequire_exp = true\nsecret = { env = \"SALLYPORT_TEST_LONG\" }\n";
  const std::string tight = "[topics]\nno_match = \"deny\"\n" + keyed;
  EXPECT_THAT(advice(keyed), HasSubstr("no_match is \"allow\" under [topics]"));
  EXPECT_THAT(advice(tight), Not(HasSubstr("under [topics]")));
  EXPECT_THAT(advice(tight), HasSubstr("nothing binds the client id"));
  EXPECT_THAT(advice(tight + "claims = { id = \"${clientid}\" }\n"), IsEmpty());
  EXPECT_THAT(advice(tight + "claims = { id = \"%u%c\" }\n"), HasSubstr("nothing binds"));
  EXPECT_THAT(advice(tight + "claims = { id = \"%c\" }\nverify_claims = false\n"), HasSubstr("nothing binds"));
}

TEST_F(LoadTest, AdvisesWhereRulesTellClientsApartByWhatNoTokenProves) {
  const std::string keyed =
      "[topics]\nno_match = \"deny\"\n[jwt]\nrequire_exp = true\nsecret = { env = "
      "\"SALLYPORT_TEST_LONG\" }\n";
  const std::string bound = "claims = { client_id = \"%c\" }\n";
  const auto rule = [](const std::string& topics, const std::string& more = {}) {
    return "[[topic_rules]]\npermission = \"allow\"\ntopics = \"" + topics + "\"\n" + more;
  };
  const auto of_users = HasSubstr("speak of users or %u, and nothing binds these");
  const std::string nobody = "principal_claims = []\n";
  for (const std::string& one : {rule("a/%u"), rule("a/${username}/#"), rule("a", "users = [\"ann\"]\n")}) {
    EXPECT_THAT(advice(keyed + bound + nobody + one), of_users) << one;
    EXPECT_THAT(advice(keyed + bound + one), IsEmpty()) << one;
  }
  EXPECT_THAT(advice(keyed + bound + nobody + rule("a/%c")), IsEmpty());
  const auto of_client_ids = HasSubstr("speak of client_ids or %c, and nothing binds these");
  for (const std::string& one : {rule("a/%c"), rule("a/${clientid}"), rule("a", "client_ids = [\"c\"]\n")}) {
    EXPECT_THAT(advice(keyed + one), of_client_ids) << one;
    EXPECT_THAT(advice(keyed + bound + one), IsEmpty()) << one;
  }
  const std::string second =
      "[[jwt.issuers]]\nname = \"b\"\nissuer = \"https://b.example\"\nsecret = { env = "
      "\"SALLYPORT_TEST_LONG\" }\n" +
      bound;
  const auto of_issuers = HasSubstr("several issuers say who is who");
  EXPECT_THAT(advice(keyed + bound + second + rule("a/%u")), of_issuers);
  EXPECT_THAT(advice(keyed + bound + second + rule("a", "groups = [\"g\"]\n")), Not(of_issuers));
  EXPECT_THAT(advice(keyed + bound + rule("a/%u")), Not(of_issuers));
}

TEST_F(LoadTest, TopicRulesAreReadWithTheirFaultsAtTheirPlaces) {
  const auto loaded = load(
      "[topics]\nno_match = \"defer\"\n[[topic_rules]]\npermission = \"deny\"\naction = \"pub\"\ntopics = \"a/#\"\n"
      "[[topic_rules]]\npermission = \"allow\"\ntopics = [\"b/%u\", \"eq c/#\"]\nusers = [\"ann\"]\nqos = [0, 1]\n"
      "retain = false\nipaddr = \"10.0.0.0/8\"\n");
  ASSERT_EQ(loaded.settings.topic_rules.size(), 2u);
  const TopicRuleSetting &one = loaded.settings.topic_rules[0], &two = loaded.settings.topic_rules[1];
  EXPECT_FALSE(one.allows);
  EXPECT_EQ(one.actions, kMayPublish);
  EXPECT_EQ(two.actions, kMayBoth);
  EXPECT_EQ(two.topics.size(), 2u);
  EXPECT_EQ(two.retain, false);
  EXPECT_EQ(loaded.settings.topics.no_match, NoMatch::defer);
}

TEST_F(LoadTest, AFileNameIsPinnedAndTheRestIsTheStores) {
  const StoredSettings stored{"[jwt]\nleeway = \"7s\"\nissuer = \"store\"\n[gate]\nmode = \"observe\"\n", 4};
  const auto loaded = load("[jwt]\nissuer = \"file\"\n", stored);
  EXPECT_EQ(loaded.settings.jwt.issuer, "file");
  EXPECT_EQ(loaded.settings.jwt.leeway, 7);
  EXPECT_EQ(loaded.settings.gate.mode, GateMode::observe);
  EXPECT_EQ(loaded.revision, 4);
  EXPECT_EQ(shown(loaded, "jwt.issuer").value, "\"file\"");
  EXPECT_EQ(shown(loaded, "jwt.issuer").origin, ValueOrigin::file);
  EXPECT_THAT(shown(loaded, "jwt.issuer").place, HasSubstr("s.toml:2:10"));
  EXPECT_EQ(shown(loaded, "jwt.leeway").value, "\"7s\"");
  EXPECT_EQ(shown(loaded, "jwt.leeway").origin, ValueOrigin::store);
  EXPECT_EQ(shown(loaded, "jwt.leeway").place, "revision 4");
  EXPECT_EQ(shown(loaded, "jwt.require_exp").value, "false");
  EXPECT_EQ(shown(loaded, "jwt.require_exp").origin, ValueOrigin::fallback);
  EXPECT_EQ(shown(loaded, "jwt.require_exp").place, "");
}

TEST_F(LoadTest, AValueThatEqualsTheDefaultPinsToo) {
  EXPECT_EQ(load("[gate]\nmode = \"enforce\"\n", StoredSettings{"[gate]\nmode = \"observe\"\n", 1}).settings.gate.mode,
            GateMode::enforce);
}

TEST_F(LoadTest, TheClaimsTableCountsAsOneName) {
  const StoredSettings stored{"[jwt]\nclaims = { a = \"1\", b = \"2\" }\n", 1};
  const auto pinned = load("[jwt.claims]\nc = \"3\"\n", stored);
  ASSERT_EQ(pinned.settings.jwt.claims.size(), 1u);
  EXPECT_EQ(pinned.settings.jwt.claims[0].claim, "c");
  EXPECT_EQ(load("", stored).settings.jwt.claims.size(), 2u);
}

TEST_F(LoadTest, ASecretOfTheFilePinsEveryFormOfIt) {
  const StoredSettings stored{"[jwt]\nsecret_base64 = \"c3RvcmU\"\n", 1};
  EXPECT_EQ(secret("[jwt]\nsecret = \"file\"\n", stored), "file");
  EXPECT_EQ(secret("", stored), "store");
}

TEST_F(LoadTest, AFaultOfARevisionIsPlacedInIt) {
  const auto all = faults("", StoredSettings{"[jwt]\nleeway = 3\n", 12});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].place, "revision 12:2:10");
}

TEST_F(LoadTest, ARevisionCannotNameTheStoreThatItIsIn) {
  const auto loaded = load("", StoredSettings{"[store]\nurl = \"sqlite:///elsewhere\"\n", 1});
  EXPECT_EQ(loaded.settings.store.url, "");
  EXPECT_THAT(texts(loaded.warnings), HasSubstr("a revision cannot set it"));
}

TEST_F(LoadTest, ARevisionToBeIsCheckedWithWhatTheFilePins) {
  const auto path = folder.write("s.toml", "[jwt]\nleeway = \"1s\"\n");
  const auto bad = check_revision(path, "[jwt]\nleeway = 7\n[gate]\nmode = \"x\"\n", "new.toml");
  ASSERT_FALSE(bad);
  ASSERT_EQ(bad.error().faults.size(), 2u) << texts(bad.error().faults);
  EXPECT_EQ(bad.error().faults[0].place, "new.toml:2:10");
  EXPECT_EQ(bad.error().faults[1].place, "new.toml:4:8");
  const auto good = check_revision(path, "[jwt]\nleeway = \"7s\"\n[gate]\nmode = \"observe\"\n", "new.toml");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->settings.jwt.leeway, 1);
  EXPECT_EQ(good->settings.gate.mode, GateMode::observe);
}

TEST_F(LoadTest, ShowsSecretsAsSetAndNothingElse) {
  const auto loaded = load("[jwt]\nsecret = \"canary77canary77canary77canary77\"\n");
  for (const ShownValue& v : loaded.values) EXPECT_THAT(v.value, Not(HasSubstr("canary77")));
  EXPECT_EQ(shown(loaded, "jwt.secret").value, "(set)");
  EXPECT_EQ(shown(loaded, "jwt.enabled").value, "true");
  EXPECT_EQ(loaded.values.size(), schema_settings().size());
}

TEST_F(LoadTest, TheFileAloneGivesTheStoreWithoutReadingSecrets) {
  const auto path = folder.write(
      "s.toml", "[store]\nurl = \"sqlite:///x.db\"\n[jwt]\nsecret = { env = \"SALLYPORT_TEST_NOT_SET\" }\n");
  const auto settings = load_file_only(path);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->store.url, "sqlite:///x.db");
  const auto misspelt = load_file_only(folder.write("s.toml", "[stroe]\nurl = \"sqlite:///x.db\"\n"));
  ASSERT_FALSE(misspelt);
  EXPECT_THAT(misspelt.error().faults[0].hint, HasSubstr("\"store\""));
}

TEST_F(LoadTest, TheDigestChangesWithTheBytes) {
  const auto path = folder.write("s.toml", "[jwt]\n");
  const auto loaded = load_settings(path, {});
  EXPECT_EQ(loaded->file_digest, digest_file(path));
  EXPECT_EQ(loaded->file, path);
  folder.write("s.toml", "[JWT]\n");
  EXPECT_NE(loaded->file_digest, digest_file(path));
  EXPECT_EQ(digest_file(folder.path("gone")), "");
}

TEST(DurationTest, ReadsWholeSecondsMinutesHoursAndDays) {
  EXPECT_EQ(*parse_duration("0s"), 0);
  EXPECT_EQ(*parse_duration("30s"), 30);
  EXPECT_EQ(*parse_duration("5m"), 300);
  EXPECT_EQ(*parse_duration("2h"), 7200);
  EXPECT_EQ(*parse_duration("7d"), 604800);
}

TEST(DurationTest, RefusesEverythingElse) {
  for (const char* text : {"", "s", "30", "-1s", "+1s", "1.5s", "1h30m", "30 s", " 30s", "30S", "250ms",
                           "99999999999999999999s", "36501d"})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_TRUE(parse_duration("36500d"));
}

}  // namespace
}  // namespace sallyport
