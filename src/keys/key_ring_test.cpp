#include "keys/key_ring.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

// A key that only has properties: which are tried is the ring's, whether they verify is not.
class NamedKey final : public VerificationKey {
 public:
  NamedKey(AlgorithmSet algorithms, std::optional<std::string> kid, std::string label) {
    algorithms_ = algorithms;
    kid_ = std::move(kid);
    label_ = std::move(label);
  }
  bool verify(Algorithm, std::string_view, std::string_view) const noexcept override { return false; }
};
KeyPtr key(Algorithm a, std::optional<std::string> kid, std::string label) {
  return std::make_shared<const NamedKey>(bit(a), std::move(kid), std::move(label));
}
std::vector<std::string> tried(const KeyRing& ring, Algorithm alg, std::optional<std::string_view> kid) {
  KeyRing::Candidates out;
  std::vector<std::string> labels;
  for (std::size_t i = 0, n = ring.candidates(alg, kid, out); i < n; ++i) labels.push_back(out[i]->label());
  return labels;
}
using Labels = std::vector<std::string>;

TEST(KeyRingTest, AKidSelectsKeysOfThatKidAndKeysThatHaveNoneInTheOrderOfTrial) {
  const KeyRing ring({key(Algorithm::RS256, std::nullopt, "file"), key(Algorithm::RS256, "a", "a"),
                      key(Algorithm::RS256, "b", "b"), key(Algorithm::RS256, std::nullopt, "last")},
                     1);
  EXPECT_EQ(tried(ring, Algorithm::RS256, "a"), (Labels{"file", "a", "last"}));
  EXPECT_EQ(tried(ring, Algorithm::RS256, "zz"), (Labels{"file", "last"}));
  EXPECT_EQ(tried(ring, Algorithm::RS256, std::nullopt), (Labels{"file", "a", "b", "last"}));
}

TEST(KeyRingTest, AKeyOfAnotherKindIsNeverTriedWhateverItsKid) {
  const KeyRing ring({key(Algorithm::HS256, "a", "secret"), key(Algorithm::ES256, "a", "ec")}, 1);
  EXPECT_EQ(tried(ring, Algorithm::ES256, "a"), (Labels{"ec"}));
  EXPECT_EQ(tried(ring, Algorithm::RS256, "a"), Labels{});
  EXPECT_FALSE(ring.can_serve(Algorithm::RS256));
}

TEST(KeyRingTest, NeverNamesMoreThanOneOverTheBound) {
  std::vector<KeyPtr> many;
  for (int i = 0; i < 100; ++i) many.push_back(key(Algorithm::RS256, std::nullopt, std::to_string(i)));
  EXPECT_EQ(tried(KeyRing(many, 1), Algorithm::RS256, std::nullopt).size(), std::size_t{kMaxSignatureChecks} + 1);
}

}  // namespace
}  // namespace sallyport
