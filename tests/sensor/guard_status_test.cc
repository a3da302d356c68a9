#include "sensor/guard_status.h"

#include <gtest/gtest.h>

namespace firebreak::sensor {
namespace {

using std::chrono::seconds;

MonoTime at(int second) { return MonoTime{seconds(1000 + second)}; }

TEST(GuardStatus, HasEmptyListsSoThatAMergePatchClearsWhatWas) {
  GuardStatus status;
  status.level = "Basic";
  const Json json = guardStatusJson(status, WallTime{});
  EXPECT_EQ(json["sightings"], Json::array());
  EXPECT_EQ(json["isolations"], Json::array());
  EXPECT_EQ(json["level"], "Basic");
}

TEST(WritePace, WritesChangesAtOnceAndAHeartbeatOtherwise) {
  WritePace pace;
  EXPECT_TRUE(pace.due(false, at(0)));
  EXPECT_FALSE(pace.due(false, at(1)));
  EXPECT_TRUE(pace.due(true, at(1)));
  EXPECT_TRUE(pace.due(true, at(2)));
  EXPECT_FALSE(pace.due(false, at(61)));
  EXPECT_TRUE(pace.due(false, at(62)));
}

TEST(WritePace, SlowsAFloodOfChangesDown) {
  WritePace pace;
  int writes = 0;
  for (int second = 0; second < 600; ++second) writes += pace.due(true, at(second)) ? 1 : 0;
  EXPECT_GT(writes, 100);
  EXPECT_LT(writes, 180);
}

}  // namespace
}  // namespace firebreak::sensor
