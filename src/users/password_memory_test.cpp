#include "users/password_memory.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(PasswordMemoryTest, KnowsWhatItWasToldForThatUserThatVersionAndThatPasswordAlone) {
  PasswordMemory memory;
  EXPECT_FALSE(memory.knows("ann", 1, "pw"));
  memory.remember("ann", 1, "pw");
  EXPECT_TRUE(memory.knows("ann", 1, "pw"));
  EXPECT_FALSE(memory.knows("ann", 2, "pw"));
  EXPECT_FALSE(memory.knows("ann", 1, "pw2"));
  EXPECT_FALSE(memory.knows("bob", 1, "pw"));
}

TEST(PasswordMemoryTest, FieldsDoNotRunIntoEachOther) {
  PasswordMemory memory;
  memory.remember("ab", 1, "c");
  EXPECT_FALSE(memory.knows("a", 1, "bc"));
  EXPECT_TRUE(memory.knows("ab", 1, "c"));
}

TEST(PasswordMemoryTest, IsBounded) {
  PasswordMemory memory(16);
  for (int i = 0; i < 10'000; ++i) memory.remember("user" + std::to_string(i), 1, "pw");
  int known = 0;
  for (int i = 0; i < 10'000; ++i) known += memory.knows("user" + std::to_string(i), 1, "pw");
  EXPECT_LE(known, 20);
  EXPECT_GT(known, 0);
}

}  // namespace
}  // namespace sallyport
