#include "keys/freshness.h"

namespace sallyport {
namespace {

FetchHeaders headers(std::string cache_control, std::string expires = {}, std::string date = {}, std::string age = {}) {
  FetchHeaders h;
  h.cache_control = std::move(cache_control);
  h.expires = std::move(expires);
  h.date = std::move(date);
  h.age = std::move(age);
  return h;
}

TEST(FreshnessTest, ReadsMaxAgeAsServersWriteIt) {
  EXPECT_EQ(fresh_for(headers("max-age=600")), 600);
  EXPECT_EQ(fresh_for(headers("public, max-age=21600, must-revalidate, no-transform")), 21'600);
  EXPECT_EQ(fresh_for(headers("Public , MAX-AGE = \"60\"")), 60);
  EXPECT_EQ(fresh_for(headers("max-age=600, max-age=60")), 60);
  EXPECT_EQ(fresh_for(headers("max-age=600", {}, {}, "500")), 100);
  EXPECT_EQ(fresh_for(headers("max-age=600", {}, {}, "700")), 0);
  EXPECT_EQ(fresh_for(headers("s-maxage=600")), std::nullopt);
  EXPECT_EQ(fresh_for(headers("max-age=-1")), std::nullopt);
  EXPECT_EQ(fresh_for(headers("max-age=x")), std::nullopt);
  EXPECT_EQ(fresh_for(headers("")), std::nullopt);
  EXPECT_EQ(fresh_for(headers("no-store, max-age=600")), 0);
  EXPECT_EQ(fresh_for(headers("no-cache")), 0);
  EXPECT_EQ(fresh_for(headers("max-age=99999999999999999999999")), 10LL * 365 * 86'400);
}

TEST(FreshnessTest, ReadsExpiresAgainstTheServersOwnDate) {
  const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT", later = "Sun, 06 Nov 1994 08:59:37 GMT";
  EXPECT_EQ(fresh_for(headers("", later, date)), 600);
  EXPECT_EQ(fresh_for(headers("", date, later)), 0);
  EXPECT_EQ(fresh_for(headers("", "0", date)), 0);
  EXPECT_EQ(fresh_for(headers("", "yesterday", date)), 0);
  EXPECT_EQ(fresh_for(headers("", later, "")), std::nullopt);
  EXPECT_EQ(fresh_for(headers("max-age=5", later, date)), 5);
}

TEST(FreshnessTest, ReadsRetryAfterAsSecondsOrAsADate) {
  FetchHeaders h;
  EXPECT_EQ(retry_after(h, 0), std::nullopt);
  h.retry_after = "120";
  EXPECT_EQ(retry_after(h, 0), 120);
  h.retry_after = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(retry_after(h, 784'111'777 - 30), 30);
  EXPECT_EQ(retry_after(h, 784'111'777 + 30), 0);
  h.date = "Sun, 06 Nov 1994 08:48:37 GMT";
  EXPECT_EQ(retry_after(h, 0), 60);
  h.retry_after = "soon";
  EXPECT_EQ(retry_after(h, 0), std::nullopt);
}

TEST(FreshnessTest, ReadsHttpDatesAndNothingThatOnlyLooksLikeOne) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(parse_http_date("Tue, 29 Feb 2028 12:00:00 GMT"), 1'835'438'400);
  for (const char* bad :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 0x Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"})
    EXPECT_EQ(parse_http_date(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace sallyport
