// Any plan of reversible edits, applied by the patches that people see and undone by theirs, gives the
// object back byte for byte; and the journal's rewinding shows the planner the same object throughout.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "remediate/fields.h"
#include "remediate/journal.h"

namespace firebreak::remediate {
namespace {

const char* const kPointers[] = {
    "/metadata/labels/app",        "/metadata/labels/a~1b",  "/metadata/labels/tier",
    "/metadata/annotations/note",  "/spec/type",             "/spec/replicas",
    "/spec/template/metadata/annotations/firebreak.dev~1restartedAt",
};

Json randomValue() {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return "v" + std::to_string(*rc::gen::inRange(0, 9));
    case 1:
      return *rc::gen::inRange(0, 9);
    case 2:
      return Json::array({1, "two"});
    default:
      return Json{{"k", "v"}};
  }
}

Json randomObject() {
  Json object = {{"metadata",
                  {{"uid", "u1"}, {"labels", {{"zone", "x"}}}, {"annotations", {{"z", "y"}}}}},
                 {"spec", {{"template", {{"metadata", {{"annotations", {{"q", "r"}}}}}}}}}};
  for (const char* pointer : kPointers) {
    if (*rc::gen::arbitrary<bool>()) setField(object, pointer, randomValue());
  }
  return object;
}

std::vector<Step> randomPlan(const Json& object) {
  std::vector<Step> plan;
  Json state = object;
  int steps = *rc::gen::inRange(1, 5);
  for (int i = 0; i < steps; ++i) {
    Step step;
    step.name = "step-" + std::to_string(i);
    step.object = {"v1", "Service", "shop", "console", "u1"};
    for (const char* pointer : kPointers) {
      if (*rc::gen::inRange(0, 3) != 0) continue;
      FieldEdit edit{pointer, fieldAt(state, pointer), std::nullopt};
      if (!edit.before || *rc::gen::arbitrary<bool>()) edit.after = randomValue();
      if (edit.after == edit.before) continue;
      setField(state, pointer, edit.after);
      step.edits.push_back(std::move(edit));
    }
    if (!step.edits.empty()) plan.push_back(std::move(step));
  }
  return plan;
}

RC_GTEST_PROP(UndoProperty, GivesTheObjectBackByteForByte, ()) {
  Json before = randomObject();
  std::vector<Step> plan = randomPlan(before);
  Json now = before;
  std::vector<BeforeImage> images;
  for (const Step& step : plan) {
    now = now.patch(Json::parse(patchText(step)));
    auto image = parseBefore(beforeText(step, Json::object()));
    RC_ASSERT(image.has_value());
    images.push_back(*image);
    RC_ASSERT(observeStep(step, now) == Effect::kPresent);
    RC_ASSERT(dumpJson(rewind(now, images)) == dumpJson(before));
  }
  for (auto step = plan.rbegin(); step != plan.rend(); ++step) {
    now = now.patch(Json::parse(undoText(*step)));
  }
  RC_ASSERT(dumpJson(now) == dumpJson(before));
}

// Somebody else's later change of one field stays, and only that one.
RC_GTEST_PROP(UndoProperty, RewindingLeavesAForeignFieldAlone, ()) {
  Json before = randomObject();
  Step step;
  step.object = {"v1", "Service", "shop", "console", "u1"};
  step.edits = {{"/spec/type", fieldAt(before, "/spec/type"), Json("ours")},
                {"/metadata/labels/app", fieldAt(before, "/metadata/labels/app"), Json("ours")}};
  Json now = before.patch(Json::parse(patchText(step)));
  setField(now, "/spec/type", Json("theirs"));
  auto image = parseBefore(beforeText(step, Json::object()));
  Json rewound = rewind(now, {*image});
  Json expected = before;
  setField(expected, "/spec/type", Json("theirs"));
  RC_ASSERT(dumpJson(rewound) == dumpJson(expected));
}

}  // namespace
}  // namespace firebreak::remediate
