#include "sensor/cpu_window.h"

#include <gtest/gtest.h>

namespace firebreak::sensor {
namespace {

MonoTime at(int seconds) { return MonoTime{std::chrono::seconds(seconds)}; }

TEST(CpuWindow, GivesTheShareOfACoreAndItsEvenness) {
  CpuWindow flat;
  for (int i = 0; i <= 10; ++i) flat.add(at(i * 5), static_cast<uint64_t>(i) * 100, 100);
  EXPECT_NEAR(flat.cores(), 0.2, 1e-9);
  EXPECT_NEAR(flat.variation(), 0, 1e-9);
  EXPECT_NEAR(flat.seconds(), 50, 1e-9);

  CpuWindow bursts;
  uint64_t ticks = 0;
  for (int i = 0; i <= 10; ++i) bursts.add(at(i * 5), ticks += i % 2 == 0 ? 0U : 200U, 100);
  EXPECT_GT(bursts.variation(), 0.9);
}

TEST(CpuWindow, ForgetsWhatIsOlderThanAMinute) {
  CpuWindow window;
  for (int i = 0; i <= 20; ++i) window.add(at(i * 5), i < 8 ? 0 : static_cast<uint64_t>(i - 8) * 500, 100);
  EXPECT_NEAR(window.cores(), 1.0, 1e-9);
}

TEST(CpuWindow, SaysNothingBeforeItKnows) {
  CpuWindow window;
  EXPECT_EQ(window.cores(), 0);
  window.add(at(1), 100, 100);
  EXPECT_EQ(window.cores(), 0);
  EXPECT_EQ(window.variation(), -1);
  window.add(at(1), 200, 100);  // the same instant again
  EXPECT_EQ(window.seconds(), 0);
}

TEST(CpuWindow, StartsAnewWhenTheCounterGoesBack) {
  CpuWindow window;
  window.add(at(0), 1000, 100);
  window.add(at(5), 1500, 100);
  window.add(at(10), 10, 100);
  EXPECT_EQ(window.cores(), 0);
}

}  // namespace
}  // namespace firebreak::sensor
