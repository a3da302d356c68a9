#include "detect/dashboards/answer_shape.h"

#include <gtest/gtest.h>

namespace firebreak::detect {
namespace {

TEST(JsonSketch, HoldsMembersAndTheFirstOfAnArray) {
  const auto sketch = sketchJson(R"({"a":{"b/c":"x"},"list":[{"id":1},{"id":2,"late":true}]})");
  EXPECT_EQ(sketch.at("/a/b~1c"), "x");
  EXPECT_EQ(sketch.at("/list/0/id"), "1");
  EXPECT_FALSE(sketch.contains("/list/1/id"));
  EXPECT_FALSE(sketch.contains("/list/0/late"));
}

TEST(JsonSketch, KeepsWhatStandsBeforeTheCut) {
  const auto sketch = sketchJson(R"({"status":"success","data":{"yaml":"global: and so on)");
  EXPECT_EQ(sketch.at("/status"), "success");
  EXPECT_TRUE(sketch.contains("/data/yaml"));
}

TEST(JsonSketch, TextThatIsNoJsonGivesNothing) {
  EXPECT_TRUE(sketchJson("<html>{\"a\":1}</html>").empty());
  EXPECT_TRUE(sketchJson("").empty());
  EXPECT_TRUE(sketchJson("]").empty());
}

TEST(JsonSketch, DeepAndWideTextIsBounded) {
  std::string deep(20000, '[');
  EXPECT_LE(sketchJson(deep).size(), 5U);
  std::string wide = "{";
  for (int i = 0; i < 20000; ++i) wide += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_LE(sketchJson(wide).size(), 4097U);
}

TEST(AnswerShape, EveryPartMustHold) {
  AnswerShape shape{.contentType = "json", .keys = {"/a"}, .texts = {"x"}, .absent = {"secret"}};
  ProbeAnswer answer;
  answer.outcome = ProbeAnswer::Outcome::kAnswered;
  answer.status = 200;
  answer.contentType = "application/JSON; charset=utf-8";
  answer.body = R"({"a":"x"})";
  EXPECT_TRUE(matches(shape, answer));
  ProbeAnswer other = answer;
  other.status = 201;
  EXPECT_FALSE(matches(shape, other));
  other = answer;
  other.contentType = "text/html";
  EXPECT_FALSE(matches(shape, other));
  other = answer;
  other.body = R"({"a":"x","b":"secret"})";
  EXPECT_FALSE(matches(shape, other));
  other = answer;
  other.outcome = ProbeAnswer::Outcome::kTimedOut;
  EXPECT_FALSE(matches(shape, other));
}

}  // namespace
}  // namespace firebreak::detect
