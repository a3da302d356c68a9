#include "api/selector.h"

#include <gtest/gtest.h>

namespace firebreak {
namespace {

TEST(Selector, TheEmptySelectorMatchesEverything) {
  EXPECT_TRUE(LabelSelector{}.matches({}));
  EXPECT_TRUE(LabelSelector{}.matches({{"a", "b"}}));
}

TEST(Selector, OperatorsMeanWhatKubernetesMeans) {
  struct Case {
    const char* op;
    Json values;
    bool withLabel, withOther, withoutLabel;
  };
  const Case cases[] = {
      {"In", {"web"}, true, false, false},
      {"NotIn", {"web"}, false, true, true},
      {"Exists", Json::array(), true, true, false},
      {"DoesNotExist", Json::array(), false, false, true},
  };
  for (const Case& c : cases) {
    auto selector = selectorFromJson(
        {{"matchExpressions", {{{"key", "app"}, {"operator", c.op}, {"values", c.values}}}}},
        "spec");
    ASSERT_TRUE(selector.has_value()) << c.op;
    EXPECT_EQ(selector->matches({{"app", "web"}}), c.withLabel) << c.op;
    EXPECT_EQ(selector->matches({{"app", "db"}}), c.withOther) << c.op;
    EXPECT_EQ(selector->matches({}), c.withoutLabel) << c.op;
  }
}

}  // namespace
}  // namespace firebreak
