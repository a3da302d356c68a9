#include "sensor/run_demand.h"

#include <gtest/gtest.h>

namespace firebreak::sensor {
namespace {

MonoTime at(int seconds) { return MonoTime{std::chrono::seconds(seconds)}; }
constexpr uint64_t kSecond = 1000000000;

TEST(RunDemand, ReadsTimeOnACoreAndInTheQueue) {
  EXPECT_EQ(parseRunnable("1500 300 7\n"), 1800U);
  for (const char* text : {"", "x", "12", "12 ", "-1 2 3"}) EXPECT_FALSE(parseRunnable(text)) << text;
}

TEST(RunDemand, CountsThreadsThatNeverSleep) {
  RunDemand demand;
  demand.add(at(0), {{1, 0}, {2, 5}, {3, 9}});
  EXPECT_EQ(demand.cores(), 0);
  // One idles, two were runnable all the time.
  demand.add(at(10), {{1, kSecond / 100}, {2, 5 + 10 * kSecond}, {3, 9 + 99 * kSecond / 10}});
  EXPECT_EQ(demand.cores(), 2);
}

TEST(RunDemand, AServerThatWaitsInALongQueueStillSleeps) {
  RunDemand demand;
  demand.add(at(0), {{1, 0}});
  demand.add(at(10), {{1, 7 * kSecond}});
  EXPECT_EQ(demand.cores(), 0);
}

TEST(RunDemand, SaysNothingOfThreadsThatAreNew) {
  RunDemand demand;
  demand.add(at(0), {{1, 0}});
  demand.add(at(10), {{2, 10 * kSecond}});
  EXPECT_EQ(demand.cores(), 0);
}

}  // namespace
}  // namespace firebreak::sensor
