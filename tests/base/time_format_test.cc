#include "base/time_format.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(TimeFormat, RoundTripsWithMicroseconds) {
  auto time = parseTime("2026-11-22T15:04:05.000123Z");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(formatMicroTime(*time), "2026-11-22T15:04:05.000123Z");
  EXPECT_EQ(formatTime(*time), "2026-11-22T15:04:05Z");
}

TEST(TimeFormat, OffsetsAreApplied) {
  EXPECT_EQ(parseTime("2026-11-22T17:04:05+02:00"), parseTime("2026-11-22T15:04:05Z"));
}

TEST(TimeFormat, WhatIsNoTimeIsRefused) {
  for (const char* text : {"", "tomorrow", "2026-13-01T00:00:00Z", "2026-11-22T25:00:00Z",
                           "2026-11-22 15:04", "2026-11-22T15:04:05+2"}) {
    EXPECT_FALSE(parseTime(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace firebreak
