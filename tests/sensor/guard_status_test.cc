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
  EXPECT_TRUE(pace.due(Change::kNone, at(0)));
  EXPECT_FALSE(pace.due(Change::kNone, at(1)));
  EXPECT_TRUE(pace.due(Change::kDetail, at(1)));
  EXPECT_TRUE(pace.due(Change::kNews, at(2)));
  EXPECT_FALSE(pace.due(Change::kNone, at(61)));
  EXPECT_TRUE(pace.due(Change::kNone, at(62)));
}

TEST(WritePace, SlowsAFloodOfDetailsDownAndNewsToOneASecond) {
  const auto writes = [](Change change) {
    WritePace pace;
    int count = 0;
    for (int tenth = 0; tenth < 6000; ++tenth) {
      const MonoTime now = at(0) + std::chrono::milliseconds(100 * tenth);
      count += pace.due(change, now) ? 1 : 0;
    }
    return count;
  };
  EXPECT_GT(writes(Change::kDetail), 100);
  EXPECT_LT(writes(Change::kDetail), 180);
  EXPECT_GT(writes(Change::kNews), 550);
  EXPECT_LT(writes(Change::kNews), 650);
}

TEST(WritePace, NewsDoesNotWaitForAFloodOfDetailsToEnd) {
  WritePace pace;
  for (int second = 0; second < 60; ++second) pace.due(Change::kDetail, at(second));
  EXPECT_TRUE(pace.due(Change::kNews, at(60)));
}

Json statusOf(int score, const std::string& pod, const std::string& measureState) {
  const Json sighting = {{"podUID", pod}, {"score", score}, {"lastSeen", "t"}};
  const Json report = {{"measure", "Probe"}, {"state", measureState}};
  return {{"heartbeat", "t"},
          {"sightings", Json::array({sighting})},
          {"isolations", Json::array({report})}};
}

TEST(ChangeBetween, IsNewsWhereTheOperatorHasSomethingToDo) {
  const Json told = statusOf(80, "a", "Pending");
  EXPECT_EQ(changeBetween(Json(), told), Change::kNews);
  EXPECT_EQ(changeBetween(told, statusOf(80, "a", "Verified")), Change::kNews);
  EXPECT_EQ(changeBetween(told, statusOf(90, "a", "Pending")), Change::kNews);
  EXPECT_EQ(changeBetween(told, statusOf(80, "b", "Pending")), Change::kNews);
  EXPECT_EQ(changeBetween(told, statusOf(70, "a", "Pending")), Change::kDetail);
  Json another = told;
  another["sightings"].push_back({{"podUID", "a"}, {"score", 60}});
  EXPECT_EQ(changeBetween(told, another), Change::kDetail);
  Json later = told;
  later["heartbeat"] = "u";
  later["sightings"][0]["lastSeen"] = "u";
  EXPECT_EQ(changeBetween(told, later), Change::kNone);
}

}  // namespace
}  // namespace firebreak::sensor
