// A fix that somebody undoes again and again.
#include <gtest/gtest.h>

#include "remediate/drift.h"
#include "remediate/git_change.h"
#include "remediate/small_world.h"
#include "remediate/steps.h"

namespace firebreak::remediate {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

void undoIt(SmallWorld& world) { world.pod["metadata"]["labels"]["a"] = "old"; }

TEST(Drift, IsToldAppliedAgainAndAfterContendAfterTimesCalledContended) {
  SmallWorld world;
  world.contestedByGit = true;
  world.policy.contendAfter = 2;
  world.horizon = minutes(5);
  world.settle();
  for (int i = 0; i < 2; ++i) {
    undoIt(world);
    world.settle();
    EXPECT_EQ(world.status().phase, Phase::kContained);
  }
  EXPECT_TRUE(world.reasons.contains("DriftDetected"));
  EXPECT_FALSE(world.reasons.contains("Contended"));
  undoIt(world);
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kBlocked);
  EXPECT_EQ(world.status().blocked.reason, "Contended");
  EXPECT_EQ(world.status().outcome, Outcome::kIneffective);
  EXPECT_EQ(findCondition(world.status().conditions, "Verified")->status, "False");
  EXPECT_EQ(findCondition(world.status().conditions, "Stalled")->status, "True");
  EXPECT_TRUE(world.reasons.contains("Contended"));
  EXPECT_NE(world.status().message.find("kubectl"), std::string::npos);
  EXPECT_NE(world.status().message.find("Argo CD shop"), std::string::npos);
  EXPECT_NE(world.status().message.find("Change it in Git: in Pod shop/web set metadata.labels.a"),
            std::string::npos)
      << world.status().message;
  EXPECT_EQ(world.writes["set-a"], 3);
}

TEST(Drift, ContendedIsTriedOnceAnHourAndEndsWhenItHolds) {
  SmallWorld world;
  world.contestedByGit = true;
  world.policy.contendAfter = 1;
  world.horizon = minutes(5);
  world.settle();
  undoIt(world);
  world.settle();
  undoIt(world);
  world.settle();
  ASSERT_EQ(world.status().blocked.reason, "Contended");
  EXPECT_EQ(world.writes["set-a"], 2);
  int requests = world.requests;
  world.pass(minutes(30));
  world.settle();
  EXPECT_EQ(world.requests, requests);
  world.pass(minutes(31));
  world.settle();
  EXPECT_EQ(world.writes["set-a"], 3);
  EXPECT_EQ(world.status().phase, Phase::kContained);
  undoIt(world);
  world.settle();
  EXPECT_EQ(world.status().blocked.reason, "Contended");
  world.pod["metadata"]["labels"]["a"] = "new";  // changed in Git at last
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(findCondition(world.status().conditions, "Verified")->status, "True");
  EXPECT_EQ(world.writes["set-a"], 3);
}

TEST(Drift, WithoutGitTheRungThatATenantCannotUndoFollows) {
  SmallWorld world;
  Step last = world.plan.steps[1];
  last.name = "terminate";
  last.lastResort = true;
  last.edits[0].pointer = "/metadata/labels/dead";
  last.edits[0].before = std::nullopt;
  world.plan.steps.push_back(last);
  world.policy.contendAfter = 1;
  world.horizon = minutes(5);
  world.settle();
  EXPECT_EQ(world.writes.count("terminate"), 0U);
  undoIt(world);
  world.settle();
  undoIt(world);
  world.settle();
  EXPECT_EQ(world.writes["terminate"], 1);
}

TEST(Kept, TheLastResortFollowsWhenItsTimeIsOverAndTheModeStillAllowsIt) {
  SmallWorld world;
  Step last = world.plan.steps[1];
  last.name = "terminate";
  last.lastResort = true;
  last.delaySeconds = 3600;
  last.edits[0].pointer = "/metadata/labels/dead";
  last.edits[0].before = std::nullopt;
  world.plan.steps.push_back(last);
  world.horizon = minutes(5);
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  // It says itself when it has to be looked at again.
  ASSERT_TRUE(std::holds_alternative<Rest>(world.lastMove));
  EXPECT_EQ(std::get<Rest>(world.lastMove).until, *world.status().containedAt + minutes(60));
  world.pass(minutes(61));
  world.policy.mode = Mode::kAudit;
  world.settle();
  EXPECT_EQ(world.writes.count("terminate"), 0U);
  world.policy.mode = Mode::kEnforce;
  world.settle();
  EXPECT_EQ(world.writes["terminate"], 1);
  EXPECT_EQ(world.status().phase, Phase::kContained);
}

SmallWorld withBlockImage() {
  SmallWorld world;
  Step block = world.plan.steps[1];
  block.name = "block-image";
  block.action = kBlockImage;
  block.lastResort = true;
  block.edits[0].pointer = "/metadata/labels/blocked";
  block.edits[0].before = std::nullopt;
  world.plan.steps.push_back(block);
  return world;
}

TEST(BlockImage, WaitsForAnApprovalOfThePlanThatIsShownEvenInModeEnforce) {
  SmallWorld world = withBlockImage();
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.writes.count("block-image"), 0U);
  world.decide({"Approve", "another-plan", "alice", ""});
  world.settle();
  EXPECT_EQ(world.writes.count("block-image"), 0U);
  world.decide({"Approve", world.status().planHash, "alice", ""});
  world.settle();
  EXPECT_EQ(world.writes["block-image"], 1);
  EXPECT_EQ(world.status().phase, Phase::kContained);
  // Its entry runs out: that is no drift.
  world.pod["metadata"]["labels"].erase("blocked");
  world.settle();
  EXPECT_EQ(world.writes["block-image"], 1);
  world.decide({"Revert", "", "alice", ""});
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kReverted);
}

TEST(BlockImage, IsNoRungThatFollowsWhereTheRestDoesNotHold) {
  SmallWorld world = withBlockImage();
  world.proofFails = true;
  world.horizon = minutes(2);
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kFailed);
  EXPECT_EQ(world.writes.count("block-image"), 0U);
}

TEST(Drift, AnObjectOfOursThatSomebodyChangedIsPutRight) {
  SmallWorld world;
  world.addCreateStep();
  world.settle();
  world.made["spec"]["podSelector"] = Json::object();
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.made["spec"], world.plan.steps[2].manifest["spec"]);
  world.made = Json();
  world.settle();
  EXPECT_FALSE(world.made.is_null());
}

TEST(Drift, AValueOfSomebodysOwnIsNotWrittenOverAndNotPassedOver) {
  SmallWorld world;
  world.horizon = minutes(5);
  world.settle();
  world.pod["metadata"]["labels"]["a"] = "theirs";
  world.settle();
  EXPECT_EQ(world.status().blocked.reason, "Contended");
  EXPECT_EQ(world.pod["metadata"]["labels"]["a"], "theirs");
  EXPECT_EQ(world.writes["set-a"], 1);
}

TEST(Drift, AClockThatWasSetBackDoesNotKeepTheHoleOpen) {
  SmallWorld world;
  world.policy.contendAfter = 1;
  world.contestedByGit = true;
  world.horizon = seconds(0);
  world.settle();
  world.pass(-hours(1));
  undoIt(world);
  world.settle();
  EXPECT_EQ(world.pod["metadata"]["labels"]["a"], "new");
  EXPECT_EQ(world.writes["set-a"], 2);
  undoIt(world);
  world.settle();
  ASSERT_EQ(world.status().blocked.reason, "Contended");
  world.pass(-hours(1));  // nor does it make two of the hour
  world.settle();
  EXPECT_EQ(world.pod["metadata"]["labels"]["a"], "new");
}

TEST(Drift, NothingIsWrittenAgainWhilePaused) {
  SmallWorld world;
  world.settle();
  world.policy.pauseRequests = {"alice"};
  undoIt(world);
  world.settle();
  EXPECT_EQ(world.writes["set-a"], 1);
}

// Locked, as a console is: its steps are proven by asking, and it is asked every five minutes.
SmallWorld lockedConsole(bool lastResort = false) {
  SmallWorld world;
  world.remediation.family = Family::kOpenDashboard;
  for (Step& step : world.plan.steps) step.proof = Proof::kConsoleShut;
  if (lastResort) {
    Step last = world.plan.steps[1];
    last.name = "scale-to-zero";
    last.lastResort = true;
    last.proof = Proof::kFieldsHold;
    last.edits[0] = {"/metadata/labels/stopped", std::nullopt, Json("yes")};
    world.plan.steps.push_back(last);
  }
  world.proveAgainAt = world.now;
  world.horizon = minutes(2);
  world.settle();
  return world;
}

TEST(ProveAgain, WhatHoldsIsAskedOnTheIntervalAndNothingIsWritten) {
  SmallWorld world = lockedConsole();
  ASSERT_EQ(world.status().phase, Phase::kContained);
  const int requests = world.requests;
  for (int i = 0; i < 3; ++i) {
    world.pass(minutes(6));
    world.settle();
    EXPECT_EQ(world.proveAgainAt, world.now + seconds(300));
  }
  EXPECT_EQ(world.requests, requests);
  EXPECT_EQ(world.status().phase, Phase::kContained);
}

TEST(ProveAgain, WhatAnswersAgainIsToldAndTriedAnew) {
  SmallWorld world = lockedConsole();
  world.policy.cooldownSeconds = 3600;
  world.proofFails = true;
  world.pass(minutes(6));
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kFailed);
  EXPECT_EQ(world.status().outcome, Outcome::kIneffective);
  EXPECT_EQ(findCondition(world.status().conditions, "Verified")->status, "False");
  EXPECT_TRUE(world.reasons.contains("DriftDetected"));
  EXPECT_TRUE(world.reasons.contains("RemediationFailed"));
  EXPECT_EQ(world.writes["set-a"], 1);
}

TEST(ProveAgain, AMomentsAnswerEndsContainedAgain) {
  SmallWorld world = lockedConsole();
  world.proofFails = true;
  world.pass(minutes(6));
  while (world.status().phase != Phase::kVerifying) ASSERT_TRUE(world.turn(kNoFault));
  world.proofFails = false;
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.status().outcome, Outcome::kRemediated);
  EXPECT_EQ(findCondition(world.status().conditions, "Verified")->status, "True");
}

TEST(ProveAgain, TheLastResortFollowsWhereItIsListed) {
  SmallWorld world = lockedConsole(true);
  EXPECT_EQ(world.writes.count("scale-to-zero"), 0U);
  world.proofFails = true;
  world.pass(minutes(6));
  while (world.writes.count("scale-to-zero") == 0) ASSERT_TRUE(world.turn(kNoFault));
  world.proofFails = false;
  world.settle();
  EXPECT_EQ(world.writes["scale-to-zero"], 1);
  EXPECT_EQ(world.status().phase, Phase::kContained);
}

TEST(Drift, AnObjectOfOursFollowsItsPlanWithoutBlame) {
  SmallWorld world;
  world.addCreateStep();
  world.writer = kOurselves;
  world.settle();
  for (const char* label : {"2", "3", "4", "5"}) {
    world.plan.steps[2].manifest["spec"]["podSelector"]["matchLabels"]["q"] = label;
    world.settle();
    EXPECT_EQ(world.status().phase, Phase::kContained);
    EXPECT_EQ(world.made["spec"], world.plan.steps[2].manifest["spec"]);
  }
  EXPECT_EQ(world.status().steps[2].undone, 0);
  EXPECT_FALSE(world.reasons.contains("DriftDetected"));
}

TEST(GitChange, NamesTheMarksOfArgoFluxAndHelm) {
  auto marked = [](const char* field, const char* key) {
    return gitMarks({{"metadata", {{field, {{key, "shop"}}}}}});
  };
  EXPECT_EQ(marked("annotations", "argocd.argoproj.io/tracking-id"), "Argo CD shop");
  EXPECT_EQ(marked("labels", "kustomize.toolkit.fluxcd.io/name"), "Flux Kustomization shop");
  EXPECT_EQ(marked("annotations", "meta.helm.sh/release-name"), "Helm release shop");
  EXPECT_EQ(gitMarks(Json()), "");
}

TEST(GitChange, SaysWhatToWriteAndWhatToRemoveAndIsNeverTooLong) {
  Step step;
  step.object = {"v1", "Service", "shop", "console", "u"};
  step.edits = {{"/spec/type", Json("NodePort"), Json("ClusterIP")},
                {"/metadata/annotations/a~1b", Json("x"), std::nullopt}};
  EXPECT_EQ(changeInGit(step),
            "in Service shop/console set spec.type to \"ClusterIP\", remove "
            "metadata.annotations[a/b]");
  EXPECT_LE(changeInGit(step, 20).size(), 24U);
}

}  // namespace
}  // namespace firebreak::remediate
