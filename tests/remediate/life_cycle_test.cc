// What happens to an episode besides its steps: approvals that nobody gives, excludes and deletions in
// the middle, failures that are tried again, targets that go away.
#include <gtest/gtest.h>

#include "remediate/small_world.h"

namespace firebreak::remediate {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

bool told(const SmallWorld& world, const std::string& reason) {
  return world.reasons.contains(reason);
}

Exclusion excludeShop() {
  Exclusion exclusion;
  exclusion.name = "ticket-7";
  exclusion.namespaces = {"shop"};
  exclusion.reason = "a test";
  return exclusion;
}

TEST(Approval, NobodyDecidingIsSaidAndNothingIsDone) {
  SmallWorld world;
  world.policy.mode = Mode::kApprove;
  world.policy.approvalExpireSeconds = 3600;
  world.horizon = seconds(0);
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kAwaitingApproval);
  EXPECT_EQ(world.status().blocked.until, world.now + seconds(3600));
  world.pass(seconds(3599));
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kAwaitingApproval);
  world.pass(seconds(1));
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kBlocked);
  EXPECT_EQ(world.status().blocked.reason, "ApprovalExpired");
  EXPECT_TRUE(told(world, "ApprovalExpired"));
  EXPECT_EQ(findCondition(world.status().conditions, "Approved")->status, "False");
  int requests = world.requests;
  world.pass(hours(100));
  world.settle();
  EXPECT_EQ(world.requests, requests);
  EXPECT_TRUE(world.writes.empty());
}

TEST(Approval, AnotherPlanAsksAgainWithItsOwnTime) {
  SmallWorld world;
  world.policy.mode = Mode::kApprove;
  world.policy.approvalExpireSeconds = 3600;
  world.horizon = seconds(10);
  world.settle();
  world.decide({"Approve", "older", "alice", ""});
  world.pass(seconds(3000));
  world.plan.steps.pop_back();
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kAwaitingApproval);
  EXPECT_EQ(world.status().blocked.until, world.now + seconds(3600));
  EXPECT_EQ(world.status().eventsEmitted.size(), 3U);  // found, and asked twice
}

TEST(Approval, ZeroSecondsMeansForEver) {
  SmallWorld world;
  world.policy.mode = Mode::kApprove;
  world.policy.approvalExpireSeconds = 0;
  world.settle();
  world.pass(hours(10000));
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kAwaitingApproval);
}

TEST(Exclude, OneThatIsAddedReleasesThePodAndOneThatLapsesTakesItBack) {
  SmallWorld world;
  Json before = world.pod;
  world.settle();
  Exclusion exclusion = excludeShop();
  exclusion.expiresAt = world.now + hours(1);
  world.policy.exclude = {exclusion};
  world.horizon = seconds(60);
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kReverted);
  EXPECT_EQ(world.pod, before);
  EXPECT_EQ(findCondition(world.status().conditions, "Reverted")->reason, "Excluded");
  int requests = world.requests;
  world.settle();
  EXPECT_EQ(world.requests, requests);
  world.pass(hours(1));
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.status().episode, 2);
  EXPECT_NE(world.pod, before);
}

TEST(Exclude, ARotationIsNotTakenBack) {
  SmallWorld world;
  world.remediation.family = Family::kExposedSecret;
  world.settle();
  world.policy.exclude = {excludeShop()};
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.pod["metadata"]["labels"]["a"], "new");
}

// A stand-in for a rotation: External steps that the small world applies to the pod like any other.
SmallWorld rotation() {
  SmallWorld world;
  world.remediation.family = Family::kExposedSecret;
  world.plan.steps[0].verifyFirst = true;
  Step revoke = world.plan.steps[1];
  revoke.name = "revoke";
  revoke.reversal = Reversal::kIrreversible;
  revoke.delaySeconds = 3600;
  revoke.edits[0].pointer = "/metadata/labels/c";
  revoke.edits[0].before = std::nullopt;
  world.plan.steps.push_back(revoke);
  Step external;  // what makes the plan a rotation; it never gets its turn
  external.name = "aside";
  external.type = PatchType::kExternal;
  external.lastResort = true;
  external.object = world.remediation.target;
  world.plan.steps.push_back(external);
  return world;
}

TEST(ModeGoesDown, ARotationGoesOnToVerifyButNeverToRevoke) {
  SmallWorld world = rotation();
  world.untilApplying();
  world.policy.mode = Mode::kAudit;
  world.settle();
  EXPECT_EQ(world.writes, (std::map<std::string, int>{{"set-a", 1}, {"set-b", 1}}));
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.status().outcome, Outcome::kRemediated);
  world.policy.mode = Mode::kEnforce;
  world.settle();
  EXPECT_EQ(world.writes["revoke"], 1);
}

TEST(ModeGoesDown, ADashboardIsHeldWhereItIsAndSaysWhy) {
  SmallWorld world;
  world.remediation.family = Family::kOpenDashboard;
  world.plan.steps[0].verifyFirst = true;
  world.untilApplying();
  world.policy.mode = Mode::kAudit;
  world.settle();
  EXPECT_EQ(world.writes, (std::map<std::string, int>{{"set-a", 1}}));
  EXPECT_EQ(world.status().phase, Phase::kBlocked);
  EXPECT_EQ(world.status().blocked.reason, "Audit");
  int requests = world.requests;
  world.settle();
  EXPECT_EQ(world.requests, requests);
}

TEST(Failure, AMinerIsTriedAgainAfterTheCooldownAndWhatHoldsIsKept) {
  SmallWorld world;
  world.policy.cooldownSeconds = 300;
  world.horizon = seconds(60);
  Json before = world.pod;
  world.untilApplying();
  while (world.writes["set-a"] == 0) ASSERT_TRUE(world.turn(kNoFault));
  world.pod["metadata"]["labels"]["b"] = "theirs";
  world.settle();
  ASSERT_EQ(world.status().phase, Phase::kFailed);
  EXPECT_TRUE(told(world, "RemediationFailed"));
  EXPECT_EQ(world.pod["metadata"]["labels"]["a"], "new");
  // Planned anew from what is there by now.
  world.plan.steps[1].edits[0].before = "theirs";
  world.horizon = seconds(0);
  world.pass(seconds(299));
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kFailed);
  world.pass(seconds(2));
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.status().episode, 2);
  EXPECT_EQ(world.writes["set-a"], 1);  // not done twice
  world.decide({"Revert", "", "alice", ""});
  world.settle();
  before["metadata"]["labels"]["b"] = "theirs";
  EXPECT_EQ(world.pod, before);  // also what the first episode wrote
}

TEST(Decision, ARevertIsAboutThisFindingAndANewRuleAsksAgain) {
  SmallWorld world;
  world.settle();
  world.decide({"Revert", "", "alice", "false alarm"});
  world.settle();
  ASSERT_EQ(world.status().phase, Phase::kReverted);
  world.findings[0].confidence = 99;  // surer of the same is nothing new
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kReverted);
  Finding worse = world.findings[0];
  worse.rule = "miner-process";
  world.findings.push_back(worse);
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.status().episode, 2);
}

TEST(Decision, ARejectionStandsUntilTheFindingGetsWorse) {
  SmallWorld world;
  world.policy.mode = Mode::kApprove;
  world.horizon = seconds(10);
  world.settle();
  world.decide({"Reject", "", "alice", "known"});
  world.settle();
  ASSERT_EQ(world.status().phase, Phase::kRejected);
  Finding worse = world.findings[0];
  worse.rule = "miner-process";
  world.findings.push_back(worse);
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kAwaitingApproval);
}

TEST(Policy, DeletionWithRevertUnlocksAConsoleAndANewPolicyLocksItAgain) {
  SmallWorld world;
  world.remediation.family = Family::kOpenDashboard;
  world.policy.revertOnDelete = true;
  Json before = world.pod;
  world.settle();
  EXPECT_TRUE(world.remediation.held);
  world.policyLeaves = true;
  world.covered = false;
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kReverted);
  EXPECT_EQ(world.pod, before);
  world.policyLeaves = false;
  world.settle();
  EXPECT_FALSE(world.remediation.held);
  world.covered = true;
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
}

TEST(Policy, DeletionNeverPutsAMinerBackAndHandsOverToTheNextPolicy) {
  SmallWorld miner;
  miner.policy.revertOnDelete = true;
  miner.settle();
  EXPECT_FALSE(miner.remediation.held);
  miner.policyLeaves = true;
  miner.covered = false;
  miner.settle();
  EXPECT_EQ(miner.status().phase, Phase::kContained);

  SmallWorld console;
  console.remediation.family = Family::kOpenDashboard;
  console.policy.revertOnDelete = true;
  console.settle();
  console.policyLeaves = true;  // the old one
  console.policy.name = "next";
  console.policy.uid = "p2";
  console.settle();
  EXPECT_EQ(console.status().phase, Phase::kContained);
  EXPECT_EQ(console.status().policyUid, "p2");
  EXPECT_EQ(console.writes, (std::map<std::string, int>{{"set-a", 1}, {"set-b", 1}}));
}

TEST(Deletion, OfAJournalUndoesWhereThePolicySaysSoAndNeverHangs) {
  SmallWorld world;
  world.remediation.family = Family::kOpenDashboard;
  world.policy.revertOnDelete = true;
  Json before = world.pod;
  world.settle();
  world.remediation.deleting = true;
  world.remediation.deletedAt = world.now;
  world.settle();
  EXPECT_EQ(world.pod, before);
  EXPECT_FALSE(world.remediation.held);

  SmallWorld paused;
  paused.remediation.family = Family::kOpenDashboard;
  paused.policy.revertOnDelete = true;
  paused.settle();
  Json locked = paused.pod;
  paused.policy.pauseRequests = {"alice"};
  paused.remediation.deleting = true;
  paused.remediation.deletedAt = paused.now;
  paused.settle();
  EXPECT_FALSE(paused.remediation.held);  // after its time limit
  EXPECT_GE(paused.now - *paused.remediation.deletedAt, seconds(600));
  EXPECT_EQ(paused.pod, locked);
}

TEST(Revert, WaitsForAPauseToEndAndForItsTurn) {
  SmallWorld world;
  world.settle();
  world.policy.pauseRequests = {"alice"};
  world.decide({"Revert", "", "bob", ""});
  int requests = world.requests;
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.requests, requests);
  world.policy.pauseRequests.clear();
  world.revertsRunning = 2;
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  world.revertsRunning = 1;
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kReverted);
}

TEST(Revert, OfAPlanThatMakesAnObjectTakesItAwayAgain) {
  SmallWorld world;
  world.addCreateStep();
  world.settle();
  ASSERT_FALSE(world.made.is_null());
  world.decide({"Revert", "", "bob", ""});
  world.settle();
  EXPECT_TRUE(world.made.is_null());
}

TEST(Gone, WhatSelectedThePodIsTakenAwayAndTheOutcomeSaysSo) {
  SmallWorld world;
  world.addCreateStep();
  world.settle();
  world.pod = Json();
  world.settle();
  EXPECT_TRUE(world.made.is_null());
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.status().outcome, Outcome::kNoLongerPresent);
  EXPECT_TRUE(world.status().endedAt.has_value());
  int requests = world.requests;
  world.settle();
  EXPECT_EQ(world.requests, requests);
}

TEST(Gone, InTheMiddleItIsNoFailure) {
  SmallWorld world;
  world.addCreateStep();
  world.untilApplying();
  while (world.made.is_null()) ASSERT_TRUE(world.turn(kNoFault));
  world.pod = Json();
  world.settle();
  EXPECT_TRUE(world.made.is_null());
  EXPECT_EQ(world.status().outcome, Outcome::kNoLongerPresent);
  EXPECT_FALSE(told(world, "RemediationFailed"));
}

TEST(Trail, IsKeptAndWrittenOnlyWhenAVerdictChanges) {
  SmallWorld world;
  world.guard.runningInFamily = 5;
  world.horizon = seconds(1);
  world.settle();
  ASSERT_EQ(world.status().guards.size(), 12U);
  EXPECT_EQ(world.status().blocked.reason, "RateLimited");
  EXPECT_EQ(world.status().guards[8].result, "Refused");
  EXPECT_TRUE(told(world, "RemediationSkipped"));
  int requests = world.requests;
  world.guard.runningInFamily = 6;
  world.settle();
  EXPECT_EQ(world.requests, requests);
  world.guard.runningInFamily = 0;
  world.settle();
  EXPECT_EQ(world.status().phase, Phase::kContained);
  EXPECT_EQ(world.status().guards[8].result, "Passed");
  EXPECT_EQ(world.status().owner.name, "web");
}

}  // namespace
}  // namespace firebreak::remediate
