#include "detect/dashboards/address.h"

#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

TEST(ProbeAddress, ClusterAddressesMayBeProbed) {
  for (const char* address : {"10.96.0.1", "192.168.1.7", "203.0.113.9", "fd12:3456::7"}) {
    EXPECT_TRUE(isProbeableAddress(address)) << address;
  }
}

TEST(ProbeAddress, LoopbackLinkLocalAndMetadataAddressesMayNot) {
  for (const char* address :
       {"127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "169.254.1.1", "224.0.0.1",
        "255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192", "::", "::1", "fe80::1",
        "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254"}) {
    EXPECT_FALSE(isProbeableAddress(address)) << address;
  }
}

TEST(ProbeAddress, NamesAreNoAddresses) {
  for (const char* address : {"", "localhost", "console.example", "10.0.0", "10.0.0.1:80", "1"}) {
    EXPECT_FALSE(isProbeableAddress(address)) << address;
    EXPECT_FALSE(normalAddress(address).has_value()) << address;
  }
}

TEST(ProbeAddress, OneAddressHasOneForm) {
  EXPECT_EQ(normalAddress("fd00:0:0::0007"), "fd00::7");
  EXPECT_EQ(normalAddress("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(hostPort("fd00::7", 80), "[fd00::7]:80");
  EXPECT_EQ(hostPort("10.0.0.1", 80), "10.0.0.1:80");
}

}  // namespace
}  // namespace firebreak::detect
