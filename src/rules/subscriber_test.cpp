#include "rules/subscriber.h"

#include <gtest/gtest.h>

#include <string>

#include "rules/ip_range.h"

namespace sallyport {
namespace {

std::string of(std::string_view address) { return std::string(Subscriber(address).text()); }

TEST(SubscriberTest, OfIpv6ItIsTheNetworkThatOneHasWhole) {
  EXPECT_EQ(of("2001:db8:0:1::1"), "2001:db8:0:1::/64");
  EXPECT_EQ(of("2001:db8:0:1:ffff:ffff:ffff:ffff"), "2001:db8:0:1::/64");
  EXPECT_EQ(of("2001:db8:0:2::1"), "2001:db8:0:2::/64");
  EXPECT_EQ(of("::1"), "::/64");
  EXPECT_EQ(of("fe80::1%eth0"), "fe80::/64");
}
TEST(SubscriberTest, OfIpv4ItIsTheAddressInEachSpelling) {
  EXPECT_EQ(of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(of("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(of("::ffff:c000:207"), "192.0.2.7");
}
TEST(SubscriberTest, ItsTextMeansItselfAndWhatIsNoAddressStays) {
  EXPECT_EQ(of(of("2001:db8:0:1::1")), "2001:db8:0:1::/64");
  for (const char* text : {"", "x", "a:b", "2001:db8::/32", "localhost:1883"}) EXPECT_EQ(of(text), text);
}

TEST(IpAddressTest, AZoneIsNoPartOfAnAddress) {
  EXPECT_EQ(parse_ip_address("fe80::1%eth0"), parse_ip_address("fe80::1"));
  EXPECT_TRUE(parse_ip_address("fe80::1%eth0"));
  EXPECT_TRUE(parse_ip_address("fe80::1%a-long-name-of-an-interface-that-does-not-matter"));
  EXPECT_FALSE(parse_ip_address("192.0.2.7%eth0"));
  EXPECT_FALSE(parse_ip_address("%eth0"));
  EXPECT_FALSE(IpRange::parse("fe80::1%eth0")) << "nobody writes it into a rule";
}

}  // namespace
}  // namespace sallyport
