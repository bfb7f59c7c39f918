#include "admin/setting_values.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "codec/base64url.h"

namespace sallyport {
namespace {

using nlohmann::json;

TomlNode node(const std::string& text) { return parse_toml("x = " + text, "t").value().members.at(0).value; }
const Setting& setting(const char* name) { return *find_setting(name); }

TEST(SettingValuesTest, GoToJsonAndBack) {
  for (const std::string text :
       {"\"30s\"", "5", "true", "[\"a\", \"b\"]", "{ \"/a/b\" = \"c\", username = \"%u\" }", "[{ a = 1 }]"}) {
    const json value = to_json(node(text), false);
    const auto back = to_toml_draft(value, setting("jwt.claims"), nullptr);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(to_toml(*back), text);
  }
}

TEST(SettingValuesTest, ASecretLeavesAsAMark) {
  EXPECT_EQ(to_json(node("\"s3cret\""), true), set_mark());
  EXPECT_EQ(to_json(node("{ sealed = \"abc\" }"), true), set_mark());
  EXPECT_EQ(to_shown_toml(node("\"s3cret\""), true), "(set)");
  EXPECT_EQ(to_json(node("{ env = \"NAME\" }"), true), (json{{"env", "NAME"}}));
  const json issuers = to_json(node("[{ name = \"a\", secret = \"s3cret\", audience = \"m\" }]"), true);
  EXPECT_EQ(issuers, (json::array({{{"name", "a"}, {"secret", set_mark()}, {"audience", "m"}}})));
  const json headers = to_json(node("{ Authorization = \"Bearer s3cret\" }"), true);
  EXPECT_EQ(headers, (json{{"Authorization", set_mark()}}));
  EXPECT_EQ(to_shown_toml(node("[{ secret = \"s3cret\" }]"), true).find("s3cret"), std::string::npos);
}

TEST(SettingValuesTest, AMarkThatComesBackIsTheSecretThatWasThere) {
  const TomlNode before = node("\"s3cret\"");
  const auto kept = to_toml_draft(set_mark(), setting("jwt.secret"), &before);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->text, "s3cret");
  EXPECT_FALSE(to_toml_draft(set_mark(), setting("jwt.secret"), nullptr));
}

TEST(SettingValuesTest, AMarkInAListMeansTheOneOfTheSameNameAndNoOther) {
  const TomlNode before = node("[{ name = \"a\", secret = \"one\" }, { name = \"b\", secret = \"two\" }]");
  const json value = json::array({{{"name", "b"}, {"secret", set_mark()}}});
  const auto kept = to_toml_draft(value, setting("jwt.issuers"), &before);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->items[0].find("secret")->text, "two");
  const json renamed = json::array({{{"name", "c"}, {"secret", set_mark()}}});
  EXPECT_FALSE(to_toml_draft(renamed, setting("jwt.issuers"), &before));
}

TEST(SettingValuesTest, SecretsAreSealedAndNothingElseIs) {
  const Sealer sealer(std::string(32, 'k'));
  const auto secret = to_toml_node("s3cret", setting("jwt.secret"), nullptr, &sealer);
  ASSERT_TRUE(secret);
  const TomlNode* sealed = secret->find("sealed");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealer.open(decode_base64url(sealed->text).value())->view(), "s3cret");
  const auto issuers = to_toml_node(json::array({{{"name", "a"}, {"secret", "s3cret"}, {"audience", "m"}}}),
                                    setting("jwt.issuers"), nullptr, &sealer);
  ASSERT_TRUE(issuers);
  EXPECT_EQ(to_toml(*issuers).find("s3cret"), std::string::npos);
  EXPECT_EQ(issuers->items[0].find("audience")->text, "m");
  const auto leeway = to_toml_node("30s", setting("jwt.leeway"), nullptr, nullptr);
  ASSERT_TRUE(leeway);
  EXPECT_EQ(leeway->text, "30s");
  EXPECT_FALSE(to_toml_node("s3cret", setting("jwt.secret"), nullptr, nullptr));
}

TEST(SettingValuesTest, SecretsOfAFileAreSealedWhereverTheyStandAndStayAsTheyWereWhereTheyAreTheSame) {
  const Sealer sealer(std::string(32, 'k'));
  TomlNode secret = node("\"s3cret\"");
  EXPECT_EQ(seal_secrets(secret, setting("jwt.secret"), nullptr, &sealer).value(), 1u);
  const std::string kept = to_toml(secret);
  EXPECT_EQ(sealer.open(decode_base64url(secret.find("sealed")->text).value())->view(), "s3cret");
  TomlNode again = node("\"s3cret\""), other = node("\"another\"");
  EXPECT_EQ(seal_secrets(again, setting("jwt.secret"), &secret, &sealer).value(), 1u);
  EXPECT_EQ(to_toml(again), kept);
  EXPECT_EQ(seal_secrets(other, setting("jwt.secret"), &secret, &sealer).value(), 1u);
  EXPECT_NE(to_toml(other), kept);

  TomlNode issuers = node(
      "[{ name = \"a\", secret = \"one\", jwks_headers = { X = \"two\" }, audience = \"m\" }, { name = \"b\", "
      "secret_base64 = \"three\" }]");
  EXPECT_EQ(seal_secrets(issuers, setting("jwt.issuers"), nullptr, &sealer).value(), 3u);
  for (const char* word : {"one", "two", "three"}) EXPECT_EQ(to_toml(issuers).find(word), std::string::npos);
  EXPECT_EQ(issuers.items[0].find("audience")->text, "m");
  const std::string all = to_toml(issuers);
  EXPECT_EQ(seal_secrets(issuers, setting("jwt.issuers"), nullptr, &sealer).value(), 0u);
  EXPECT_EQ(to_toml(issuers), all);
}

TEST(SettingValuesTest, WhereASecretComesFromIsNotSealedAndWithoutAKeyNothingIsKept) {
  TomlNode place = node("{ env = \"NAME\" }"), headers = node("{ X = \"s3cret\" }"), leeway = node("\"5s\"");
  EXPECT_EQ(seal_secrets(place, setting("jwt.secret"), nullptr, nullptr).value(), 0u);
  EXPECT_EQ(seal_secrets(leeway, setting("jwt.leeway"), nullptr, nullptr).value(), 0u);
  const auto refused = seal_secrets(headers, setting("jwt.jwks_headers"), nullptr, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().hint.find("key_file"), std::string::npos);
}

TEST(SettingValuesTest, WhatTomlHasNotIsRefused) {
  EXPECT_FALSE(to_toml_draft(json::array({nullptr}), setting("jwt.audience"), nullptr));
  EXPECT_FALSE(to_toml_draft(json(std::uint64_t{1} << 63), setting("jwt.leeway"), nullptr));
  json deep = "x";
  for (int i = 0; i < 40; ++i) deep = json::array({deep});
  EXPECT_FALSE(to_toml_draft(deep, setting("jwt.audience"), nullptr));
}

}  // namespace
}  // namespace sallyport
