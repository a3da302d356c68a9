#include "firebreak/plan.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace firebreak {
namespace {

Step relabel() {
  Step step;
  step.name = "strip-labels";
  step.object = {"v1", "Pod", "shop", "web", "uid-1"};
  step.edits = {{"/metadata/labels/app", "web", std::nullopt},
                {"/metadata/labels/firebreak.dev~1quarantine", std::nullopt, "r1"}};
  return step;
}

TEST(Plan, APatchTestsTheUidAndEveryValueItReplaces) {
  EXPECT_EQ(Json::parse(patchText(relabel())),
            Json::parse(R"([{"op":"test","path":"/metadata/uid","value":"uid-1"},
      {"op":"test","path":"/metadata/labels/app","value":"web"},
      {"op":"remove","path":"/metadata/labels/app"},
      {"op":"add","path":"/metadata/labels/firebreak.dev~1quarantine","value":"r1"}])"));
}

TEST(Plan, TheUndoIsTheInverseOfThePatch) {
  Json object = {{"metadata", {{"uid", "uid-1"}, {"labels", {{"app", "web"}, {"tier", "1"}}}}}};
  Json changed = object.patch(Json::parse(patchText(relabel())));
  EXPECT_NE(changed, object);
  EXPECT_EQ(changed.patch(Json::parse(undoText(relabel()))), object);
}

TEST(Plan, TheHashChangesWithTheUid) {
  Plan a{{relabel()}, "", {}};
  Plan b = a;
  b.steps[0].object.uid = "uid-2";
  EXPECT_NE(a.hash(), b.hash());
  EXPECT_EQ(a.hash(), Plan(a).hash());
}

}  // namespace
}  // namespace firebreak
