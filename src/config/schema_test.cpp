#include "config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/load.h"
#include "config/nearest_name.h"
#include "config/test_settings_file.h"

namespace sallyport {
namespace {

std::string read_tree_file(const std::string& name) {
  std::ifstream in(std::string(SP_SOURCE_DIR) + "/" + name, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// All that the schema can set, as text.
std::string dump(const Settings& s) {
  std::ostringstream out;
  out << s.store.url << '|' << s.store.users_in_memory << '|' << int(s.chain.no_match) << '|' << s.password.enabled
      << '|' << int(s.jwt.enabled.value_or(false)) << s.jwt.enabled.has_value() << '|' << int(s.jwt.from) << '|'
      << s.jwt.secret.size() << '|' << s.jwt.public_key_files.size() << '|' << s.jwt.public_keys.size() << '|'
      << s.jwt.verify_claims << '|' << s.jwt.claims.size() << '|' << s.jwt.issuer.value_or("-") << '|'
      << s.jwt.audience.size() << '|' << s.jwt.jwks.url << '|' << s.jwt.jwks.discovery << '|' << s.jwt.jwks.files.size()
      << '|' << s.jwt.jwks.refresh << '|' << s.jwt.jwks.timeout << '|' << s.jwt.jwks.max_stale << '|'
      << s.jwt.jwks.cooldown << '|' << s.jwt.jwks.ca_file << '|' << s.jwt.jwks.client_cert << '|'
      << s.jwt.jwks.client_key << '|' << s.jwt.jwks.headers.size() << '|' << s.jwt.jwks.proxy << '|'
      << s.jwt.jwks.allow_http << '|' << s.jwt.jwks.allow_hosts.size() << '|' << s.jwt.jwks_cache << '|'
      << s.jwt.issuers.size() << '|';
  for (const auto& claim : s.jwt.principal_claims) out << claim << ',';
  out << '|' << s.jwt.leeway << '|' << s.jwt.require_exp << '|' << s.jwt.require_binding << '|'
      << s.jwt.max_lifetime.value_or(-1) << '|' << s.jwt.typ.value_or("-") << '|' << int(s.jwt.not_a_token) << '|'
      << s.jwt.allow_published_secrets << '|' << s.jwt.allowed_algorithms << '|' << int(s.gate.mode) << '|'
      << int(s.crypto.engine) << '|' << s.control.socket << '|' << int(s.log.level) << '|' << int(s.log.format) << '|';
  out << s.jwt.acl_claim << '|' << s.jwt.scope_claim << '|' << s.jwt.scope_patterns.size() << '|'
      << (s.jwt.may_grant ? std::to_string(s.jwt.may_grant->size()) : "-") << '|' << s.jwt.groups_claims.size() << '|'
      << s.jwt.superuser_claim << '|' << int(s.topics.no_match) << '|' << s.topic_rules.size() << '|'
      << s.session.end_at_exp << '|' << s.session.max_session.value_or(-1) << '|' << s.session.notice << '|';
  for (const auto& method : s.mqtt5.methods) out << method << ',';
  for (const auto& address : s.http.listen) out << address << ',';
  out << '|' << s.http.tls_cert << '|' << s.http.tls_key << '|' << s.http.client_ca << '|' << s.http.bearer_file << '|'
      << s.http.callers.size() << '|' << s.http.workers << '|' << s.http.control_socket << '|' << s.http.max_connections
      << '|' << s.http.max_admissions << '|' << s.http.drain << '|' << s.http.cache_max_age << '|'
      << s.http.without_client_id << '|' << s.http.rabbitmq_exchange << '|' << s.http.emqx_acl << '|'
      << s.brokers.size() << '|' << s.jwt.attributes.size() << '|' << s.store.key_file << '|'
      << s.console.listen.size() << '|' << s.console.tls_cert << '|' << s.console.tls_key << '|'
      << s.console.allow_plain << '|' << s.console.hosts.size() << '|' << s.console.folder << '|'
      << s.console.broker_sockets.size() << '|' << s.console.issuing.size() << '|' << s.audit.keep << '|'
      << s.audit.max_bytes;
  return out.str();
}

// Sets one value of the schema from TOML text; the faults as text.
std::string set(const Setting& setting, std::string_view value, Settings& settings) {
  const SettingsSource source{"test", "/folder", true, false};
  std::vector<Error> faults, warnings;
  const auto root = parse_toml("x = " + std::string(value), "test");
  if (!root) return root.error().to_text();
  ValueReader reader(source, faults, warnings);
  setting.set(settings, root->members.at(0).value, reader);
  return faults.empty() ? "" : faults[0].to_text();
}

TEST(SchemaTest, EveryDefaultEqualsTheDefaultOfSettings) {
  for (const Setting& setting : schema_settings()) {
    if (setting.fallback.empty()) continue;
    Settings settings;
    EXPECT_EQ(set(setting, setting.fallback, settings), "") << setting.name;
    EXPECT_EQ(dump(settings), dump(Settings{})) << setting.name;
  }
}

TEST(SchemaTest, EveryExampleIsValidAndDiffersFromTheDefault) {
  TempFolder folder;
  folder.write("secret.b64", "ZnJvbSBiYXNlNjQ=\n");
  folder.write("secret", "x\n");
  ::setenv("SALLYPORT_SECRET", "x", 1);
  for (const Setting& setting : schema_settings()) {
    const SettingsSource source{"test", folder.path(""), true, false};
    std::vector<Error> faults, warnings;
    const auto root = parse_toml("x = " + std::string(setting.example), "test");
    ASSERT_TRUE(root) << setting.name;
    Settings settings;
    ValueReader reader(source, faults, warnings);
    setting.set(settings, root->members.at(0).value, reader);
    EXPECT_TRUE(faults.empty()) << setting.name << ": " << faults[0].to_text();
    EXPECT_NE(dump(settings), dump(Settings{})) << setting.name;
  }
  ::unsetenv("SALLYPORT_SECRET");
}

TEST(SchemaTest, EverySettingIsInAKnownSectionOnceAndDocumented) {
  std::set<std::string_view> sections, names;
  for (const SectionDoc& section : schema_sections()) EXPECT_TRUE(sections.insert(section.name).second);
  for (const Setting& setting : schema_settings()) {
    EXPECT_TRUE(setting.section().empty() || sections.count(setting.section())) << setting.name;
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.doc.empty() || setting.type.empty() || setting.example.empty()) << setting.name;
  }
}

TEST(SchemaTest, TheDefaultFileLoadsAndChangesNothing) {
  TempFolder folder;
  const auto loaded = load_settings(folder.write("s.toml", default_settings_toml()), {});
  ASSERT_TRUE(loaded) << loaded.error().faults[0].to_text();
  EXPECT_EQ(dump(loaded->settings), dump(Settings{}));
  ASSERT_EQ(loaded->warnings.size(), 1u);
  EXPECT_EQ(loaded->warnings[0].cause, "nobody gets in: there is no store of users and no key for tokens");
  EXPECT_TRUE(loaded->advice.empty());
  for (const ShownValue& value : loaded->values) EXPECT_EQ(value.origin, ValueOrigin::fallback) << value.name;
}

TEST(SchemaTest, TheDefaultFileNamesEverySetting) {
  const std::string file = default_settings_toml();
  for (const Setting& setting : schema_settings())
    EXPECT_THAT(file, testing::HasSubstr("\n#" + std::string(setting.key()) + " = ")) << setting.name;
}

TEST(SchemaTest, TheReferenceInTheTreeIsTheOneOfTheSchema) {
  EXPECT_EQ(read_tree_file("docs/configuration.md"), settings_reference_markdown())
      << "run: sallyport config reference > docs/configuration.md";
}

TEST(ReasonsReferenceTest, TheTableInTheTreeIsTheOneOfTheCode) {
  EXPECT_EQ(read_tree_file("docs/reasons.md"), reasons_reference_markdown())
      << "run: sallyport reasons --markdown > docs/reasons.md";
}

TEST(ReasonsReferenceTest, HoldsEveryReasonOnce) {
  const std::string text = reasons_reference_markdown();
  for (const ReasonEntry& e : kReasons) {
    const std::string row = "\n| `" + std::string(e.name) + "` |";
    EXPECT_NE(text.find(row), std::string::npos) << e.name;
    EXPECT_EQ(text.find(row), text.rfind(row)) << e.name;
  }
}

TEST(NearestNameTest, CountsInsertDeleteReplaceAndSwapAsOne) {
  EXPECT_EQ(edit_distance("leeway", "leeway"), 0u);
  EXPECT_EQ(edit_distance("leway", "leeway"), 1u);
  EXPECT_EQ(edit_distance("leewayy", "leeway"), 1u);
  EXPECT_EQ(edit_distance("laeway", "leeway"), 1u);
  EXPECT_EQ(edit_distance("elewayy", "leeway"), 2u);
  EXPECT_EQ(edit_distance("frmo", "from"), 1u);
  EXPECT_EQ(edit_distance("Public-Key", "public_key"), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
}

TEST(NearestNameTest, FindsTheNearestAndSaysWhetherItIsClose) {
  EXPECT_EQ(nearest_name("isuer", {"audience", "issuer", "secret"}).name, "issuer");
  EXPECT_TRUE(nearest_name("isuer", {"audience", "issuer"}).close);
  EXPECT_FALSE(nearest_name("zzzzzzzz", {"audience", "issuer"}).close);
  EXPECT_EQ(nearest_name("x", {}).name, "");
}

TEST(TomlTreeTest, WritesWhatItReads) {
  const std::string text = "{ a = [1, -2, \"x\\\"\\\\\\n\\u0007\"], \"b c\" = { d = true } }";
  const auto root = parse_toml("x = " + text, "t");
  ASSERT_TRUE(root) << root.error().to_text();
  EXPECT_EQ(to_toml(root->members[0].value), text);
}

TEST(TomlTreeTest, PlacesCountCharactersNotBytes) {
  const auto root = parse_toml("a = \"\xc3\xa9\xc3\xa9\"\nb = {x = \"\xc3\xa9\", y = 1}", "t");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->members[1].value.members[1].place.line, 2u);
  EXPECT_EQ(root->members[1].value.members[1].place.column, 15u);
}

}  // namespace
}  // namespace sallyport
