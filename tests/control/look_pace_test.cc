#include "control/look_pace.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace firebreak::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LookPace, TheIntervalIsATenthMoreOrLessAndAlwaysTheSameForOneKey) {
  std::set<milliseconds> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "uid-" + std::to_string(i);
    const milliseconds wait = untilNextLook(seconds(300), 0, key);
    EXPECT_GE(wait, seconds(270)) << key;
    EXPECT_LE(wait, seconds(330)) << key;
    EXPECT_EQ(wait, untilNextLook(seconds(300), 0, key));
    seen.insert(wait);
  }
  EXPECT_GT(seen.size(), 50U);
}

TEST(LookPace, SilenceIsAskedSoonThenLessAndLessOftenAndNeverBeyondTheInterval) {
  const milliseconds usual = untilNextLook(seconds(300), 0, "a");
  for (int looks = 1; looks <= 10; ++looks) {
    EXPECT_EQ(untilNextLook(seconds(300), looks, "a"), seconds(1)) << looks;
  }
  EXPECT_EQ(untilNextLook(seconds(300), 11, "a"), seconds(2));
  EXPECT_EQ(untilNextLook(seconds(300), 15, "a"), seconds(32));
  EXPECT_EQ(untilNextLook(seconds(300), 20, "a"), usual);
  EXPECT_EQ(untilNextLook(seconds(300), 1'000'000, "a"), usual);
}

TEST(LookPace, TheIntervalIsNeverShorterThanFiveSeconds) {
  SecurityPolicy policy;
  policy.dashboards.probeIntervalSeconds = 0;
  EXPECT_EQ(probeInterval(policy), seconds(5));
  policy.dashboards.probeIntervalSeconds = 60;
  EXPECT_EQ(probeInterval(policy), seconds(60));
}

}  // namespace
}  // namespace firebreak::control
