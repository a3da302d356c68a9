#include "remediate/rotate/windows.h"

#include <gtest/gtest.h>

#include "base/time_format.h"

namespace firebreak::rotate {
namespace {

// 2026-11-22 is a Sunday.
std::string next(const Json& windows, const char* now) {
  auto opens = nextWindow(windows, *parseTime(now));
  return opens ? formatTime(*opens) : "open";
}
Json window(const char* start, int64_t seconds, Json days = Json::array()) {
  Json made = {{"start", start}, {"durationSeconds", seconds}};
  if (!days.empty()) made["days"] = std::move(days);
  return Json::array({made});
}

TEST(Windows, WithoutAnyItIsAlwaysOpen) {
  EXPECT_EQ(next(Json::array(), "2026-11-22T12:00:00Z"), "open");
  EXPECT_EQ(next(Json(), "2026-11-22T12:00:00Z"), "open");
}

TEST(Windows, EveryDay) {
  Json night = window("02:30", 3600);
  EXPECT_EQ(next(night, "2026-11-22T02:29:59Z"), "2026-11-22T02:30:00Z");
  EXPECT_EQ(next(night, "2026-11-22T02:30:00Z"), "open");
  EXPECT_EQ(next(night, "2026-11-22T03:29:59Z"), "open");
  EXPECT_EQ(next(night, "2026-11-22T03:30:00Z"), "2026-11-23T02:30:00Z");
}

TEST(Windows, PastMidnightAndOnNamedDays) {
  Json late = window("23:00", 7200, {"Saturday", "Sunday"});
  EXPECT_EQ(next(late, "2026-11-22T00:30:00Z"), "open");  // began on Saturday
  EXPECT_EQ(next(late, "2026-11-22T01:00:00Z"), "2026-11-22T23:00:00Z");
  EXPECT_EQ(next(late, "2026-11-23T00:59:59Z"), "open");
  EXPECT_EQ(next(late, "2026-11-23T01:00:00Z"), "2026-11-28T23:00:00Z");
}

TEST(Windows, AWholeWeekNeverCloses) {
  Json all = window("00:00", 604800, {"Wednesday"});
  EXPECT_EQ(next(all, "2026-11-22T12:00:00Z"), "open");
  EXPECT_EQ(next(all, "2026-11-25T00:00:00Z"), "open");
}

TEST(Windows, TheNextOfSeveral) {
  Json two = window("05:00", 60);
  two.push_back(window("01:00", 60).front());
  EXPECT_EQ(next(two, "2026-11-22T03:00:00Z"), "2026-11-22T05:00:00Z");
  EXPECT_EQ(next(two, "2026-11-22T06:00:00Z"), "2026-11-23T01:00:00Z");
}

}  // namespace
}  // namespace firebreak::rotate
