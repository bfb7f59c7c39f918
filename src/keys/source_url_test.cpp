#include "keys/source_url.h"

namespace sallyport {
namespace {

TEST(SourceUrlTest, ReadsWhatPeopleWrite) {
  const auto u = parse_source_url("https://ID.Example.com/realms/a/certs?x=1");
  ASSERT_TRUE(u);
  EXPECT_TRUE(u->https);
  EXPECT_EQ(u->host, "id.example.com");
  EXPECT_EQ(u->port, 443);
  EXPECT_EQ(u->path, "/realms/a/certs?x=1");
  EXPECT_EQ(parse_source_url("http://127.0.0.1:8080")->port, 8080);
  EXPECT_EQ(parse_source_url("http://127.0.0.1:8080")->path, "/");
  EXPECT_EQ(parse_source_url("https://[FD00::1]:8443/x")->host, "fd00::1");
  EXPECT_EQ(parse_source_url("https://a?b")->path, "/?b");
}

TEST(SourceUrlTest, RefusesWhatTwoParsersCouldReadInTwoWays) {
  for (const char* bad : {"",
                          "id.example.com/x",
                          "ftp://a/x",
                          "file:///etc/passwd",
                          "https://",
                          "https:///x",
                          "https://user@a/x",
                          "https://user:pw@a/x",
                          "https://a/x#y",
                          "https://a\\@b/x",
                          "https://a b/x",
                          "https://a/x\n",
                          "https://a:0/",
                          "https://a:65536/",
                          "https://a:x/",
                          "https://a:1:2/",
                          "https://[::1/x",
                          "https://[a]/x",
                          "https://[::1]x/",
                          "https://\xc3\xa9.example/",
                          "https://a%2eb/",
                          "gopher://a"})
    EXPECT_FALSE(parse_source_url(bad)) << bad;
  EXPECT_FALSE(parse_source_url("https://a/" + std::string(3000, 'x')));
}

TEST(SourceUrlTest, AnOriginIsSchemeHostAndPort) {
  const auto same = [](const char* a, const char* b) {
    return same_origin(*parse_source_url(a), *parse_source_url(b));
  };
  EXPECT_TRUE(same("https://a/x", "https://A:443/y"));
  EXPECT_FALSE(same("https://a/x", "http://a/x"));
  EXPECT_FALSE(same("https://a/x", "https://a:8443/x"));
  EXPECT_FALSE(same("https://a/x", "https://a.b/x"));
}

TEST(SourceUrlTest, LoopbackIsPlainlyLoopback) {
  for (const char* yes : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) EXPECT_TRUE(is_loopback_name(yes)) << yes;
  for (const char* no : {"localhost.example.com", "127.evil.example", "127.1", "127.0.0.1.nip.io", "0.0.0.0",
                         "::", "2130706433", "10.0.0.1"})
    EXPECT_FALSE(is_loopback_name(no)) << no;
}

}  // namespace
}  // namespace sallyport
