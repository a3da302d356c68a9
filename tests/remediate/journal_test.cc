#include "remediate/journal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "remediate/fields.h"

namespace firebreak::remediate {
namespace {

const JournalKeys kKeys = {{"k2", std::string(32, 'b')}, {"k1", std::string(32, 'a')}};

Remediation remediation() {
  Remediation r;
  r.name = "miner-web-1";
  r.uid = "r-uid";
  r.status.episode = 1;
  return r;
}

Step relabel() {
  Step step;
  step.name = "strip-labels";
  step.object = {"v1", "Pod", "shop", "web", "uid-1"};
  step.edits = {{"/metadata/labels/app", "web", std::nullopt},
                {"/metadata/labels/q", std::nullopt, "r1"}};
  return step;
}

StepRecord recordOf(const Remediation& r, const JournalKeys& keys) {
  StepRecord record;
  record.name = "strip-labels";
  record.state = StepState::kApplied;
  record.before = beforeText(relabel(), {{"owner", {{"kind", "ReplicaSet"}}}});
  record.mac = seal(keys, r.uid, r.status.episode, record.name, record.before);
  return record;
}

TEST(Journal, ABeforeImageComesBackAsItWasSealed) {
  Remediation r = remediation();
  r.status.steps = {recordOf(r, kKeys)};
  auto images = sealedImages(kKeys, r);
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(images[0].edits, relabel().edits);
  EXPECT_EQ(sealedContext(kKeys, r)["owner"]["kind"], "ReplicaSet");
}

TEST(Journal, ASealOfTheOlderKeyStillHolds) {
  Remediation r = remediation();
  EXPECT_TRUE(sealHolds(kKeys, r, recordOf(r, {kKeys[1]})));
}

TEST(Journal, WhoeverChangesAnythingBreaksTheSeal) {
  Remediation r = remediation();
  StepRecord good = recordOf(r, kKeys);
  StepRecord other = good;
  other.before.replace(other.before.find("web"), 3, "bad");
  EXPECT_FALSE(sealHolds(kKeys, r, other));
  other = good;
  other.name = "another-step";
  EXPECT_FALSE(sealHolds(kKeys, r, other));
  Remediation elsewhere = r;
  elsewhere.uid = "another";
  EXPECT_FALSE(sealHolds(kKeys, elsewhere, good));
  Remediation later = r;
  later.status.episode = 2;
  EXPECT_FALSE(sealHolds(kKeys, later, good));
  other = good;
  other.mac = "";
  EXPECT_FALSE(sealHolds(kKeys, r, other));
  EXPECT_FALSE(sealHolds({}, r, good));
}

TEST(Journal, RewindLeavesAloneWhatSomebodyElseChanged) {
  Remediation r = remediation();
  r.status.steps = {recordOf(r, kKeys)};
  Json live = {{"metadata", {{"uid", "uid-1"}, {"labels", {{"app", "theirs"}, {"q", "r1"}}}}}};
  Json back = rewind(live, sealedImages(kKeys, r));
  EXPECT_EQ(back["metadata"]["labels"], Json({{"app", "theirs"}}));
}

TEST(Fields, AStepIsPresentAbsentForeignOrGone) {
  Json before = {{"metadata", {{"uid", "uid-1"}, {"labels", {{"app", "web"}}}}}};
  EXPECT_EQ(observeStep(relabel(), before), Effect::kAbsent);
  Json after = before.patch(Json::parse(patchText(relabel())));
  EXPECT_EQ(observeStep(relabel(), after), Effect::kPresent);
  Json foreign = before;
  foreign["metadata"]["labels"]["app"] = "other";
  EXPECT_EQ(observeStep(relabel(), foreign), Effect::kForeign);
  Json namesake = before;
  namesake["metadata"]["uid"] = "uid-2";
  EXPECT_EQ(observeStep(relabel(), namesake), Effect::kGone);
  EXPECT_EQ(observeStep(relabel(), Json()), Effect::kGone);
}

TEST(Fields, SomebodyElsesObjectOfTheSameNameIsForeign) {
  Step step;
  step.type = PatchType::kCreate;
  step.manifest = {{"metadata", {{"annotations", {{"firebreak.dev/remediation", "r"}}}}},
                   {"spec", {{"podSelector", {{"matchLabels", {{"a", "b"}}}}}}}};
  EXPECT_EQ(observeStep(step, Json()), Effect::kAbsent);
  EXPECT_EQ(observeStep(step, step.manifest), Effect::kPresent);
  Json theirs = step.manifest;
  theirs["metadata"].erase("annotations");
  EXPECT_EQ(observeStep(step, theirs), Effect::kForeign);
}

// Undo of an applied plan gives back labels and annotations byte for byte, whatever they were.
RC_GTEST_PROP(JournalProperty, UndoOfAppliedEditsGivesTheObjectBack, ()) {
  // Any characters that JSON text can hold, among them those that a JSON pointer escapes.
  auto text = rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~' + 1));
  auto labels = *rc::gen::container<std::map<std::string, std::string>>(rc::gen::nonEmpty(text), text);
  Json object = {{"metadata", {{"uid", "uid-1"}, {"labels", Json::object()}}}};
  Step step;
  step.object.uid = "uid-1";
  for (const auto& [key, value] : labels) {
    object["metadata"]["labels"][key] = value;
    step.edits.push_back({"/metadata/labels/" + escapePointerToken(key), Json(value), std::nullopt});
  }
  std::string mark = "/metadata/labels/firebreak.dev~1quarantine";
  if (labels.count("firebreak.dev/quarantine") == 0) {
    step.edits.push_back({mark, std::nullopt, Json("r1")});
  }
  Json changed = object.patch(Json::parse(patchText(step)));
  RC_ASSERT(observeStep(step, changed) == Effect::kPresent);
  RC_ASSERT(changed.patch(Json::parse(undoText(step))) == object);
  auto image = parseBefore(beforeText(step, Json::object()));
  RC_ASSERT(image.has_value());
  RC_ASSERT(rewind(changed, {*image}) == object);
}

}  // namespace
}  // namespace firebreak::remediate
