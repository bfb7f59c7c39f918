#include "engine/natural_end.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

BarRecord revoked_jti(std::string issuer = "") {
  BarRecord out;
  out.value = "a";
  out.issuer = std::move(issuer);
  out.created_at = 1'000'000;
  return out;
}

JwtSettings settings(std::optional<std::int64_t> plain, std::optional<std::int64_t> of_issuer) {
  JwtSettings jwt;
  jwt.public_keys = {"key"};
  jwt.max_lifetime = plain;
  IssuerSettings issuer;
  issuer.public_keys = {"key"};
  issuer.issuer = "https://i";
  issuer.max_lifetime = of_issuer;
  jwt.issuers.push_back(std::move(issuer));
  return jwt;
}

TEST(NaturalEndTest, IsTheLatestOfAllWhoseTokensItCanHit) {
  EXPECT_EQ(natural_end(revoked_jti(), settings(100, 200)), 1'000'000 + 200 + 86'400);
  EXPECT_EQ(natural_end(revoked_jti(), settings(200, 100)), 1'000'000 + 200 + 86'400);
}

TEST(NaturalEndTest, IsNotToldWhereOneOfThemLivesForEver) {
  EXPECT_FALSE(natural_end(revoked_jti(), settings({}, 200)));
  EXPECT_FALSE(natural_end(revoked_jti(), settings(100, {})));
  EXPECT_FALSE(natural_end(revoked_jti(), JwtSettings{}));
}

TEST(NaturalEndTest, AnIssuersRevocationAsksThatIssuerAndWhoeverTakesAnyIssuer) {
  EXPECT_EQ(natural_end(revoked_jti("https://i"), settings(100, 200)), 1'000'000 + 200 + 86'400);
  JwtSettings named = settings({}, 200);
  named.issuer = "https://other";
  EXPECT_EQ(natural_end(revoked_jti("https://i"), named), 1'000'000 + 200 + 86'400);
  EXPECT_FALSE(natural_end(revoked_jti("https://i"), settings({}, 200)));
}

}  // namespace
}  // namespace sallyport
