#include "engine/kept_claims.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sallyport {
namespace {

using nlohmann::json;

const KeptDigest kDigest("one key of a file"), kOther("another key of a file");

json kept(std::string text, std::optional<std::string_view> typ = "JWT", const KeptDigest& digest = kDigest) {
  JsonTape tape;
  EXPECT_EQ(tape.parse(text.data(), text.size()), JsonError::none);
  std::string out, pointer;
  keep_claims(tape.root(), typ, digest, out, pointer);
  return json::parse(out);
}

std::string of(const char* pointer, const char* text) { return claim_digest(kDigest, pointer, text, true); }

TEST(KeptClaimsTest, EqualValuesHaveEqualDigestsAndTheValueIsNotThere) {
  const json out = kept(R"({"sub":"canary-7","iss":"https://canary","aud":["canary-a","canary-b"],"exp":17,"iat":5})");
  EXPECT_EQ(out.dump().find("canary"), std::string::npos);
  EXPECT_EQ(out["claims"]["/sub"], of("/sub", "canary-7"));
  EXPECT_EQ(out["claims"]["/aud"], (json{of("/aud", "canary-a"), of("/aud", "canary-b")}));
  EXPECT_EQ(out["exp"], 17);
  EXPECT_EQ(out["iat"], 5);
  EXPECT_FALSE(out.contains("nbf"));
  EXPECT_EQ(out["typ"], "JWT");
  EXPECT_FALSE(out.contains("cut"));
}

TEST(KeptClaimsTest, DigestsOfTwoNamesOrUnderTwoKeysAreUnrelated) {
  const json out = kept(R"({"a":"x","b":"x"})");
  EXPECT_NE(out["claims"]["/a"], out["claims"]["/b"]);
  const json other = kept(R"({"a":"x"})", {}, kOther);
  EXPECT_NE(out["claims"]["/a"], other["claims"]["/a"]);
  EXPECT_NE(out["by"], other["by"]);
  EXPECT_NE(of("/ab", "c"), of("/a", "bc"));
}

TEST(KeptClaimsTest, NumbersAreNoTextsAndWhatNeverMatchesIsEmpty) {
  const json claims =
      kept(R"({"n":7,"f":7.5,"t":true,"z":null,"o":{"in":{"deep":"x"}},"m":[1,{},"a"],"e":[]})")["claims"];
  EXPECT_EQ(claims["/n"], "~" + of("/n", "7"));
  EXPECT_EQ(claims["/t"], "~" + of("/t", "true"));
  for (const char* none : {"/f", "/z", "/o", "/o/in"}) EXPECT_EQ(claims[none], "") << none;
  EXPECT_EQ(claims["/o/in/deep"], of("/o/in/deep", "x"));
  EXPECT_EQ(claims["/m"], (json{"~" + of("/m", "1"), "", of("/m", "a")}));
  EXPECT_EQ(claims["/e"], json::array());
}

TEST(KeptClaimsTest, NamesAreJsonPointers) {
  const json claims = kept(R"({"a/b":"x","c~d":"y"})")["claims"];
  EXPECT_TRUE(claims.contains("/a~1b"));
  EXPECT_TRUE(claims.contains("/c~0d"));
}

TEST(KeptClaimsTest, WhatIsTooMuchIsLeftOutAndSaid) {
  std::string many = "{\"x\":\"first\"";
  for (int i = 0; i < 200; ++i) many += ",\"c" + std::to_string(i) + "\":1";
  const json out = kept(many + "}");
  EXPECT_EQ(out["claims"].size(), 64u);
  EXPECT_EQ(out["cut"], true);
  EXPECT_EQ(kept("{\"" + std::string(300, 'n') + "\":1}")["cut"], true);
  EXPECT_EQ(kept(R"({"a":{"b":{"c":{"d":{"e":1}}}}})")["cut"], true);
}

}  // namespace
}  // namespace sallyport
