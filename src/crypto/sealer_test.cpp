#include "crypto/sealer.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

const std::string kKey(32, 'k');

TEST(SealerTest, OpensWhatItSealed) {
  const Sealer sealer(kKey);
  for (const std::string secret : {"", "s", "a longer secret of some words"}) {
    const auto opened = sealer.open(sealer.seal(secret));
    ASSERT_TRUE(opened) << secret;
    EXPECT_EQ(opened->view(), secret);
  }
}

TEST(SealerTest, SealsTheSameSecretToAnotherTextEachTime) {
  const Sealer sealer(kKey);
  EXPECT_NE(sealer.seal("secret"), sealer.seal("secret"));
}

TEST(SealerTest, OpensNothingOfAnotherKeyOrWithOneBitChanged) {
  const Sealer sealer(kKey), other(std::string(32, 'K'));
  const std::string sealed = sealer.seal("secret");
  EXPECT_FALSE(other.open(sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(sealer.open(changed)) << i;
  }
  EXPECT_FALSE(sealer.open(""));
  EXPECT_FALSE(sealer.open(sealed.substr(0, sealed.size() - 4)));
  EXPECT_TRUE(sealer.open(sealed));
}

TEST(SealerTest, EveryByteOfTheKeyCounts) {
  const std::string sealed = Sealer(kKey + "1").seal("secret");
  EXPECT_FALSE(Sealer(kKey + "2").open(sealed));
  EXPECT_TRUE(Sealer(kKey + "1").open(sealed));
}

}  // namespace
}  // namespace sallyport
