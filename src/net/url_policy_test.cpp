#include "net/url_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace sallyport {
namespace {

sockaddr_storage socket_address(const char* text) {
  sockaddr_storage out{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&out, &v4, sizeof v4);
  } else if (::inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    std::memcpy(&out, &v6, sizeof v6);
  }
  return out;
}

std::optional<FetchOutcome> refusal(const char* url, const char* address, const FetchOptions& options = {}) {
  const sockaddr_storage a = socket_address(address);
  return refuse_address(reinterpret_cast<const sockaddr*>(&a), *parse_source_url(url), options);
}

TEST(UrlPolicyTest, PublicAndPrivateAddressesAreAsked) {
  for (const char* address : {"192.0.2.7", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "2001:db8::1",
                              "fd12:3456::1", "127.0.0.1", "::1"})
    EXPECT_EQ(refusal("https://id.example.com/", address), std::nullopt) << address;
}

TEST(UrlPolicyTest, LinkLocalAndMetadataAddressesAreNotAskedInAnyDress) {
  for (const char* address :
       {"169.254.169.254", "169.254.170.2", "169.254.1.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "fe80::1", "febf::1", "ff02::1", "::", "fd00:ec2::254", "fd20:ce::254",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"})
    EXPECT_EQ(refusal("https://id.example.com/", address), FetchOutcome::address_refused) << address;
}

TEST(UrlPolicyTest, AHostIsAllowedByNameAndNoOtherWithIt) {
  FetchOptions options;
  options.allow_hosts = {"meta.example.com", "169.254.10.7"};
  EXPECT_EQ(refusal("https://meta.example.com/", "169.254.169.254", options), std::nullopt);
  EXPECT_EQ(refusal("https://169.254.10.7/", "169.254.10.7", options), std::nullopt);
  EXPECT_EQ(refusal("https://other.example.com/", "169.254.10.7", options), FetchOutcome::address_refused);
}

TEST(UrlPolicyTest, HttpGoesToThisMachineAloneWhateverTheNameResolvesTo) {
  EXPECT_EQ(refuse_url(*parse_source_url("http://127.0.0.1:8080/"), {}), std::nullopt);
  EXPECT_EQ(refuse_url(*parse_source_url("http://localhost/"), {}), std::nullopt);
  EXPECT_EQ(refuse_url(*parse_source_url("http://id.example.com/"), {}), FetchOutcome::plain_http);
  EXPECT_EQ(refuse_url(*parse_source_url("https://id.example.com/"), {}), std::nullopt);
  EXPECT_EQ(refusal("http://localhost/", "127.0.0.1"), std::nullopt);
  EXPECT_EQ(refusal("http://localhost/", "::1"), std::nullopt);
  EXPECT_EQ(refusal("http://localhost/", "192.0.2.7"), FetchOutcome::plain_http)
      << "DNS says that localhost is elsewhere";
  FetchOptions open;
  open.allow_http = true;
  EXPECT_EQ(refuse_url(*parse_source_url("http://id.example.com/"), open), std::nullopt);
  EXPECT_EQ(refusal("http://id.example.com/", "192.0.2.7", open), std::nullopt);
  EXPECT_EQ(refusal("http://id.example.com/", "169.254.169.254", open), FetchOutcome::address_refused);
}

}  // namespace
}  // namespace sallyport
