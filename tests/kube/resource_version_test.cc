#include "kube/resource_version.h"

#include <gtest/gtest.h>

namespace firebreak::kube {
namespace {

TEST(ResourceVersionTest, OrdersNumbersOfAnyLength) {
  EXPECT_TRUE(isOlder("9", "10"));
  EXPECT_TRUE(isOlder("99999999999999999999", "100000000000000000000")) << "beyond 64 bits";
  EXPECT_TRUE(isNewer("11", "10"));
  EXPECT_FALSE(isOlder("10", "10"));
  EXPECT_TRUE(isOlder("0", "1"));
}

TEST(ResourceVersionTest, KnowsOnlyEqualityOfAnythingElse) {
  for (const char* other : {"", "abc", "1a", "-1", "+1", "1.5", " 1", "01", "0x1"}) {
    EXPECT_FALSE(compareVersions(other, "5")) << other;
    EXPECT_FALSE(isOlder(other, "5")) << other;
    EXPECT_FALSE(isNewer(other, "5")) << other;
    EXPECT_EQ(compareVersions(other, other), std::strong_ordering::equal) << other;
  }
}

}  // namespace
}  // namespace firebreak::kube
