#include "users/import_words.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(ImportWordsTest, WhatIsLeftOutIsAutomatic) {
  const auto options = to_import_options({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->format, ImportFormat::automatic);
  EXPECT_EQ(options->hash, ImportHash::automatic);
  EXPECT_FALSE(options->salt_position);
  EXPECT_EQ(options->iterations, 0u);
}

TEST(ImportWordsTest, EachWordHasItsMeaning) {
  const auto options = to_import_options({.format = "emqx",
                                          .hash = "pbkdf2-sha256",
                                          .salt_position = "suffix",
                                          .salt_encoding = "hex",
                                          .iterations = 4096});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->format, ImportFormat::emqx);
  EXPECT_EQ(options->hash, ImportHash::pbkdf2_sha256);
  EXPECT_EQ(options->salt_position, SaltPosition::suffix);
  EXPECT_EQ(options->salt_encoding, SaltEncoding::hex);
  EXPECT_EQ(options->iterations, 4096u);
}

TEST(ImportWordsTest, AWordThatIsNoneIsToldWithThoseThatAre) {
  const auto hash = to_import_options({.hash = "crc32"});
  ASSERT_FALSE(hash);
  EXPECT_EQ(hash.error().place, "hash");
  EXPECT_NE(hash.error().cause.find("sha256"), std::string::npos);
  EXPECT_EQ(to_import_options({.format = "xml"}).error().place, "format");
  EXPECT_EQ(to_import_options({.salt_position = "middle"}).error().place, "salt_position");
  EXPECT_EQ(to_import_options({.salt_encoding = "rot13"}).error().place, "salt_encoding");
  EXPECT_EQ(to_import_options({.iterations = -1}).error().place, "iterations");
  EXPECT_EQ(to_import_options({.iterations = kMostImportIterations + 1}).error().place, "iterations");
  EXPECT_TRUE(to_import_options({.iterations = kMostImportIterations}));
}

}  // namespace
}  // namespace sallyport
