#include "config/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "config/load.h"
#include "config/schema.h"
#include "config/test_settings_file.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kMosquittoUsers =
    "# made by mosquitto_passwd\n"
    "anna:$6$Wgl7cIdYIh245L13$ebHIFZWpoQzLdoJK+yKlMloJ6434lzL2+O3z7h6f0sbpU9wWAb1NcAtqbankh2tc/"
    "6g7ThLTWHxz4k3cThWcDA==\n"
    "bert:$7$101$Qe7kUii/wg3ka3So$lia9pl2BZh3Es9hOTeIf0wjRRGBGxZbUD5gVY/GkBoRVySk3qVicin/"
    "KcC7wyx22dWHLwE3RfgZ5j51dBdpjqA==\n";

class ConvertTest : public testing::Test {
 protected:
  Converted from(ConvertFrom source, const std::string& text, const std::map<std::string, std::string>& others = {}) {
    const ReadFile read = [&](const std::string& path) -> Result<std::string> {
      const auto at = others.find(path);
      if (at == others.end()) return unexpected(Error{ErrorKind::kNotFound, "no such file: " + path, "", ""});
      return at->second;
    };
    auto converted = convert(source, {{"in.conf", text}}, read);
    if (!converted) {
      ADD_FAILURE() << converted.error().to_text();
      return {};
    }
    return std::move(*converted);
  }
  static std::string value(const Converted& converted, std::string_view name) {
    for (const auto& [key, toml] : converted.settings)
      if (key == name) return toml;
    return "";
  }
  static std::string notes(const Converted& converted) {
    std::string out;
    for (const ConvertNote& n : converted.notes) out += n.place + "|" + n.what + "|" + n.why + "\n";
    return out;
  }
  // The faults of what came out.
  std::string loads(const Converted& converted) {
    const auto loaded = load_settings(folder.write("out.toml", converted_toml(converted, "x")), {});
    return loaded ? "" : loaded.error().faults[0].to_text();
  }
  TempFolder folder;
};

TEST_F(ConvertTest, TakesUsersOfAMosquittoPasswordFile) {
  const auto c = from(ConvertFrom::mosquitto, kMosquittoUsers);
  ASSERT_EQ(c.users.size(), 2u) << notes(c);
  EXPECT_TRUE(verify_password(c.users[0].hash, "pw"));
  EXPECT_TRUE(verify_password(c.users[1].hash, "pw"));
  EXPECT_FALSE(verify_password(c.users[1].hash, "px"));
  EXPECT_THAT(converted_users_csv(c), HasSubstr("username,password_hash,is_superuser\nanna,$6$Wgl7"));
  EXPECT_EQ(loads(c), "");
}

TEST_F(ConvertTest, FollowsMosquittosPasswordFileAndTellsWhatStays) {
  const auto c =
      from(ConvertFrom::mosquitto,
           "listener 1883\nallow_anonymous true\npassword_file /etc/mosquitto/passwd\nacl_file /etc/mosquitto/acl\n"
           "per_listener_settings true\nplugin /usr/lib/other.so\nplugin_opt_x secretvalue\nuse_identity_as_username "
           "true\ninclude_dir /etc/x\n",
           {{"/etc/mosquitto/passwd", kMosquittoUsers}});
  EXPECT_EQ(c.users.size(), 2u);
  EXPECT_EQ(value(c, "chain.no_match"), "\"allow\"");
  for (const char* said : {"in.conf:4|acl_file", "in.conf:5|per_listener_settings", "in.conf:6|plugin",
                           "in.conf:7|plugin_opt_x", "in.conf:8|use_identity_as_username", "in.conf:9|include_dir"})
    EXPECT_THAT(notes(c), HasSubstr(said));
  EXPECT_THAT(notes(c), Not(HasSubstr("secretvalue")));
  EXPECT_EQ(loads(c), "");
}

TEST_F(ConvertTest, APasswordFileThatIsNotThereIsAnErrorWithItsPlace) {
  const auto c = convert(ConvertFrom::mosquitto, {{"m.conf", "\npassword_file /gone\n"}},
                         [](const std::string&) -> Result<std::string> { return unexpected(invalid("no such file")); });
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().place, "m.conf:2");
}

TEST_F(ConvertTest, NamesAUserWhoseHashCannotBeChecked) {
  const auto c = from(ConvertFrom::mosquitto,
                      "anna:$1$abc$def\nbert:$6$Wgl7cIdYIh245L13$ebHIFZWpoQzLdoJK+yKlMloJ6434lzL2+"
                      "O3z7h6f0sbpU9wWAb1NcAtqbankh2tc/6g7ThLTWHxz4k3cThWcDA==\n");
  EXPECT_EQ(c.users.size(), 1u);
  EXPECT_THAT(notes(c), HasSubstr("in.conf:1|user anna|"));
  EXPECT_THAT(notes(c), Not(HasSubstr("abc")));
}

// pbkdf2-sha512 of "pw", salt "salt0123456789ab", 1000 iterations.
constexpr const char* kGoAuthUsers =
    "test1:PBKDF2$sha512$1000$c2FsdDAxMjM0NTY3ODlhYg==$2g3DL+8xwOt4xE8X2Rz82FtPeyMS8vxP/"
    "MljojCV4lz3cNi6chbYobE7tTISnhmV02dgDdGJHkTjpX7MI1FfdQ==\n"
    "test2:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n";

TEST_F(ConvertTest, TakesGoAuthsFilesAndJwtBackends) {
  const auto c = from(
      ConvertFrom::go_auth,
      "auth_plugin /mosquitto/go-auth.so\nauth_opt_backends files, jwt, postgres\nauth_opt_files_password_path /pw\n"
      "auth_opt_files_acl_path /acl\nauth_opt_jwt_mode local\nauth_opt_jwt_secret "
      "canary-canary-canary-canary-canary1\nauth_opt_jwt_userfield Username\n"
      "auth_opt_jwt_userquery select count(*) from x\nauth_opt_jwt_skip_user_expiration true\nauth_opt_log_level "
      "warn\nauth_opt_cache true\n"
      "auth_opt_hasher pbkdf2\nauth_opt_check_prefix true\nauth_opt_unheard_of 1\n",
      {{"/pw", kGoAuthUsers}});
  ASSERT_EQ(c.users.size(), 2u) << notes(c);
  EXPECT_TRUE(verify_password(c.users[0].hash, "pw"));
  EXPECT_TRUE(verify_password(c.users[1].hash, "U*U"));
  EXPECT_EQ(value(c, "jwt.from"), "\"username\"");
  EXPECT_EQ(value(c, "jwt.secret"), "\"canary-canary-canary-canary-canary1\"");
  EXPECT_EQ(value(c, "jwt.principal_claims"), "[\"username\"]");
  EXPECT_EQ(value(c, "log.level"), "\"warning\"");
  for (const char* said :
       {"in.conf:2|postgres backend", "in.conf:4|auth_opt_files_acl_path", "in.conf:8|jwt_userquery",
        "in.conf:9|jwt_skip_user_expiration", "in.conf:11|auth_opt_cache", "in.conf:12|auth_opt_hasher",
        "in.conf:13|auth_opt_check_prefix", "in.conf:14|auth_opt_unheard_of|not known here"})
    EXPECT_THAT(notes(c), HasSubstr(said));
  EXPECT_THAT(notes(c), Not(HasSubstr("canary")));
  EXPECT_EQ(loads(c), "");
}

TEST_F(ConvertTest, GoAuthsRemoteJwtHasNoCounterpart) {
  const auto c = from(ConvertFrom::go_auth, "auth_opt_backends jwt\nauth_opt_jwt_mode remote\nauth_opt_jwt_secret x\n");
  EXPECT_EQ(value(c, "jwt.secret"), "");
  EXPECT_THAT(notes(c), HasSubstr("in.conf:2|jwt backend in remote mode"));
}

TEST_F(ConvertTest, TakesEmqx4sJwtSettings) {
  const auto c = from(
      ConvertFrom::emqx,
      "## Key\nauth.jwt.secret = emqxsecret\nauth.jwt.from = username\nauth.jwt.pubkey = etc/certs/jwt_public_key.pem\n"
      "auth.jwt.verify_claims = on\nauth.jwt.verify_claims.client = %c\nauth.jwt.verify_claims.site = "
      "\"plant-7\"\nauth.jwt.novelty = 1\n");
  EXPECT_EQ(value(c, "jwt.secret"), "\"emqxsecret\"");
  EXPECT_EQ(value(c, "jwt.from"), "\"username\"");
  EXPECT_EQ(value(c, "jwt.public_key_file"), "\"etc/certs/jwt_public_key.pem\"");
  EXPECT_EQ(value(c, "jwt.claims"), "{ \"client\" = \"%c\", \"site\" = \"plant-7\" }");
  EXPECT_EQ(value(c, "jwt.verify_claims"), "");
  EXPECT_THAT(notes(c), HasSubstr("in.conf:8|auth.jwt.novelty|not known here"));
  EXPECT_EQ(loads(c), "");
}

TEST_F(ConvertTest, Emqx4ChecksNoClaimWhereItsSwitchIsOff) {
  const auto c = from(ConvertFrom::emqx,
                      "auth.jwt.secret = s\nauth.jwt.verify_claims = off\nauth.jwt.verify_claims.username = %u\n");
  EXPECT_EQ(value(c, "jwt.verify_claims"), "false");
  EXPECT_EQ(loads(c), "");
}

TEST_F(ConvertTest, TakesEmqx4sUsersAndTellsOfClientIdsAndDatabases) {
  const auto c = from(ConvertFrom::emqx,
                      "auth.mnesia.password_hash = sha256\nauth.client.1.clientid = id\nauth.client.1.password = "
                      "canary1\nauth.user.1.username = admin\nauth.user.1.password = pass,word\n"
                      "auth.mysql.server = 127.0.0.1:3306\nauth.mysql.username = root\nallow_anonymous = true\n");
  ASSERT_EQ(c.users.size(), 1u);
  EXPECT_EQ(converted_users_csv(c), "username,password,is_superuser\nadmin,\"pass,word\",false\n");
  EXPECT_THAT(notes(c), HasSubstr("in.conf:2|auth.client|"));
  EXPECT_THAT(notes(c), HasSubstr("in.conf:6|auth.mysql|"));
  EXPECT_THAT(notes(c), Not(HasSubstr("in.conf:7")));
  EXPECT_THAT(notes(c), Not(HasSubstr("canary1")));
  EXPECT_EQ(value(c, "chain.no_match"), "\"allow\"");
}

TEST_F(ConvertTest, TakesEmqx5sChainOfDatabaseAndJwt) {
  const auto c =
      from(ConvertFrom::emqx,
           "authentication = [\n  {\n    mechanism = password_based\n    backend = built_in_database\n    user_id_type "
           "= username\n"
           "    password_hash_algorithm { name = sha256, salt_position = prefix }\n    bootstrap_file = "
           "\"/boot.csv\"\n    bootstrap_type = hash\n  },\n"
           "  {\n    mechanism = jwt\n    from = password\n    algorithm = \"hmac-based\"\n    secret = "
           "\"emqx\\\"secret\"\n    secret_base64_encoded = false\n"
           "    use_jwks = false\n    verify_claims { username = \"${username}\", tier = gold }\n    "
           "disconnect_after_expire = true\n  }\n]\nauthorization { no_match = allow }\n",
           {{"/boot.csv",
             "user_id,password_hash,salt,is_superuser\nuser,"
             "5d27770029d5d1f2996c4e1da07aa77d5f668e4a00e2f4925dd41c1e51b8edef,5f3e,true\nbad,zz,,false\n"}});
  ASSERT_EQ(c.users.size(), 1u) << notes(c);
  EXPECT_TRUE(c.users[0].is_superuser);
  EXPECT_TRUE(verify_password(c.users[0].hash, "password"));
  EXPECT_EQ(value(c, "jwt.secret"), "\"emqx\\\"secret\"");
  EXPECT_EQ(value(c, "jwt.claims"), "{ \"username\" = \"${username}\", \"tier\" = \"gold\" }");
  EXPECT_THAT(notes(c), HasSubstr("/boot.csv, row 3"));
  EXPECT_THAT(notes(c), HasSubstr("in.conf:21:1|authorization"));
  EXPECT_EQ(loads(c), "");
}

TEST_F(ConvertTest, TakesEmqx5sOtherSpellings) {
  const char* key =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC "
      "KEY-----\n";
  const auto pem = from(
      ConvertFrom::emqx,
      std::string("authentication.1 { mechanism = jwt, algorithm = public-key, use_jwks = false, public_key = \"\"\"") +
          key + "\"\"\" }\n");
  EXPECT_THAT(value(pem, "jwt.public_key"), HasSubstr("BEGIN PUBLIC KEY"));
  EXPECT_EQ(loads(pem), "");
  const auto json = from(
      ConvertFrom::emqx,
      R"([{"mechanism":"jwt","from":"username","algorithm":"hmac-based","secret":"czNjcmV0","secret_base64_encoded":true,"use_jwks":false,"verify_claims":[{"name":"cid","value":"${clientid}"}]}])");
  EXPECT_EQ(value(json, "jwt.secret_base64"), "\"czNjcmV0\"");
  EXPECT_EQ(value(json, "jwt.claims"), "{ \"cid\" = \"${clientid}\" }");
  EXPECT_EQ(value(json, "jwt.from"), "\"username\"");
  EXPECT_EQ(loads(json), "");
}

TEST_F(ConvertTest, ARuleWithoutCounterpartKeepsTheSettingsFromLoading) {
  const auto c = from(
      ConvertFrom::emqx,
      "authentication = [{mechanism = jwt, secret = s, use_jwks = false, verify_claims { ip = \"${peerhost}\" }}]\n");
  EXPECT_THAT(notes(c), HasSubstr("verify_claims.ip"));
  EXPECT_THAT(loads(c), HasSubstr("peerhost"));
}

TEST_F(ConvertTest, TellsOfEmqx5sOtherAuthenticators) {
  const auto c = from(ConvertFrom::emqx,
                      "authentication = [\n{mechanism = password_based, backend = mysql, password = "
                      "canary1}\n{mechanism = scram, backend = built_in_database}\n"
                      "{mechanism = password_based, backend = built_in_database, user_id_type = "
                      "clientid}\n]\nlisteners.tcp.default.authentication = [{mechanism = jwt, secret = canary2}]\n");
  for (const char* said : {"in.conf:2:1|password_based with mysql", "in.conf:3:1|mechanism scram",
                           "user_id_type = clientid", "authentication of listener tcp.default"})
    EXPECT_THAT(notes(c), HasSubstr(said));
  EXPECT_THAT(notes(c), Not(HasSubstr("canary")));
  EXPECT_TRUE(c.settings.empty());
}

TEST_F(ConvertTest, JwksAreTakenOrSaidToBeMissing) {
  const auto c = from(ConvertFrom::emqx,
                      "authentication = [{mechanism = jwt, use_jwks = true, endpoint = "
                      "\"https://id.example.com/jwks\", refresh_interval = 300}]\n");
  if (find_setting("jwt.jwks_url")) {
    EXPECT_EQ(value(c, "jwt.jwks_url"), "\"https://id.example.com/jwks\"");
    EXPECT_EQ(value(c, "jwt.jwks_refresh"), "\"300s\"");
  } else {
    EXPECT_THAT(notes(c), HasSubstr("this version has no setting jwt.jwks_url yet"));
  }
}

TEST_F(ConvertTest, TheHeadOfTheSettingsNamesWhatWasLeftOutOnALineOfItsOwn) {
  Converted c;
  c.note("a\nb", "what", "why");
  EXPECT_THAT(converted_toml(c, "x"), HasSubstr("#  a?b: what\n#    why\n"));
}

TEST(HoconTest, MergesTablesAndReadsDottedNames) {
  const auto root = parse_hocon("a.b = 1\na { c : \"x\" } // note\na.b = 2, d = [1, {e = f g}] # end", "h");
  ASSERT_TRUE(root) << root.error().to_text();
  EXPECT_EQ(to_toml(*root), "{ a = { b = \"2\", c = \"x\" }, d = [\"1\", { e = \"f g\" }] }");
}

TEST(HoconTest, KeepsUrlsAndPlaceholdersWhole) {
  const auto root = parse_hocon("a = https://x/y\nb = ${username}-x\nc { d = ${clientid} }", "h");
  ASSERT_TRUE(root) << root.error().to_text();
  EXPECT_EQ(to_toml(*root), "{ a = \"https://x/y\", b = \"${username}-x\", c = { d = \"${clientid}\" } }");
}

TEST(HoconTest, SaysWhereItIsBroken) {
  const struct {
    const char *text, *place, *cause;
  } cases[] = {{"a = {\nb = 1\n", "h:3:1", "a } is missing"}, {"a = [1, 2", "h:1:10", "a ] is missing"},
               {"a = \"x", "h:1:7", "a quote is missing"},    {"a 1", "h:1:3", "expected ="},
               {"a = 1\n}", "h:2:1", "expected a name"},      {"include \"x\"", "h:1:9", "include"},
               {"a =", "h:1:4", "a value is missing"},        {"a..b = 1", "h:1:3", "a name is missing"}};
  for (const auto& c : cases) {
    const auto root = parse_hocon(c.text, "h");
    ASSERT_FALSE(root) << c.text;
    EXPECT_EQ(root.error().place, c.place) << c.text;
    EXPECT_THAT(root.error().cause, HasSubstr(c.cause)) << c.text;
  }
  EXPECT_FALSE(parse_hocon(std::string(100000, '{'), "h"));
  EXPECT_FALSE(parse_hocon("a = " + std::string(100000, '['), "h"));
}

}  // namespace
}  // namespace sallyport
