#include "remediate/guard/guard.h"

#include <gtest/gtest.h>

#include "base/time_format.h"

namespace firebreak::remediate {
namespace {

class GuardTest : public testing::Test {
 protected:
  GuardTest() {
    policy_.name = "default";
    policy_.mode = Mode::kEnforce;
    input_.now = *parseTime("2026-11-22T12:00:00Z");
    input_.cachesFresh = true;
    input_.family = Family::kMiner;
    input_.target = {"v1", "Pod", "shop", "web-1", "u1"};
    input_.operatorNamespace = "firebreak-system";
    input_.sensorNamespace = "firebreak-sensor";
    input_.covering = {&policy_};
    input_.planHash = "h1";
  }

  std::string refusal() {
    trail_ = judgeGuards(input_);
    const GuardResult* first = firstRefusal(trail_);
    return first == nullptr ? "" : first->guard + "/" + first->reason;
  }

  SecurityPolicy policy_;
  GuardInput input_;
  std::vector<GuardResult> trail_;
};

TEST_F(GuardTest, EnforceWithNothingInTheWayPassesAndSaysSoGuardByGuard) {
  EXPECT_EQ(refusal(), "");
  ASSERT_EQ(trail_.size(), 12U);
  for (const GuardResult& result : trail_) EXPECT_FALSE(result.message.empty()) << result.guard;
}

TEST_F(GuardTest, StaleCachesComeBeforeEverythingElse) {
  input_.cachesFresh = false;
  input_.target.ns = "kube-system";
  EXPECT_EQ(refusal(), "Fresh/StaleState");
}

TEST_F(GuardTest, SystemAndOwnNamespacesAreProtected) {
  for (const char* ns : {"kube-system", "kube-public", "kube-node-lease", "firebreak-system",
                         "firebreak-sensor"}) {
    input_.target.ns = ns;
    EXPECT_EQ(refusal(), "Protected/Protected") << ns;
  }
  input_.target.ns = "kube-systemd";  // a prefix protects nothing: tenants choose names
  EXPECT_EQ(refusal(), "");
}

TEST_F(GuardTest, APersonMayIsolateAMinerInKubeSystemButNeverInFirebreaksOwnNamespace) {
  policy_.mode = Mode::kApprove;
  input_.decision = {"Approve", "h1", "alice", ""};
  input_.target.ns = "kube-system";
  EXPECT_EQ(refusal(), "");
  input_.target.ns = "firebreak-system";
  EXPECT_EQ(refusal(), "Protected/Protected");
}

TEST_F(GuardTest, AMirrorPodIsProtected) {
  input_.mirrorPod = true;
  EXPECT_EQ(refusal(), "Protected/Protected");
}

TEST_F(GuardTest, AnExclusionHoldsUntilItExpires) {
  Exclusion exclusion;
  exclusion.name = "burners";
  exclusion.namespaces = {"shop"};
  exclusion.selector.matchLabels = {{"role", "burner"}};
  exclusion.expiresAt = input_.now + std::chrono::seconds(1);
  policy_.exclude = {exclusion};
  EXPECT_EQ(refusal(), "");  // the label does not match
  input_.targetLabels = {{"role", "burner"}};
  EXPECT_EQ(refusal(), "Excluded/Excluded");
  input_.now += std::chrono::seconds(1);
  EXPECT_EQ(refusal(), "");
}

TEST_F(GuardTest, TheBrakeAndPauseRequestsStopEverything) {
  policy_.pauseRequests = {"alice: release night"};
  EXPECT_EQ(refusal(), "Paused/Paused");
  policy_.pauseRequests.clear();
  input_.brake = "bob: incident 7";
  EXPECT_EQ(refusal(), "Paused/Paused");
}

TEST_F(GuardTest, AuditAndApproveWaitAndAnApprovalOfAnotherPlanDoesNotCount) {
  policy_.mode = Mode::kAudit;
  EXPECT_EQ(refusal(), "Mode/Audit");
  policy_.mode = Mode::kApprove;
  EXPECT_EQ(refusal(), "Mode/ApprovalRequired");
  input_.decision = {"Approve", "older", "alice", ""};
  EXPECT_EQ(refusal(), "Mode/ApprovalRequired");
  input_.decision.planHash = "h1";
  EXPECT_EQ(refusal(), "");
  input_.decision.action = "Reject";
  EXPECT_EQ(refusal(), "Mode/Rejected");
}

TEST_F(GuardTest, TheRateLimitsHoldAndAFifthIsKeptForNearProof) {
  policy_.maxConcurrent = 2;
  policy_.maxPerHour = 10;
  input_.runningInFamily = 2;
  EXPECT_EQ(refusal(), "Rate/RateLimited");
  input_.runningInFamily = 1;
  input_.startedInLastHour = 8;
  EXPECT_EQ(refusal(), "Rate/RateLimited");
  input_.nearProof = true;
  EXPECT_EQ(refusal(), "");
  input_.startedInLastHour = 10;
  EXPECT_EQ(refusal(), "Rate/RateLimited");
  input_.started = true;  // the budget was passed when it began
  EXPECT_EQ(refusal(), "");
}

TEST_F(GuardTest, AtLeastOnePodOfAnOwnerMayGoAndNoMoreThanThePercentage) {
  input_.ownerReplicas = 1;
  EXPECT_EQ(refusal(), "");
  input_.ownerOut = 1;
  EXPECT_EQ(refusal(), "BlastRadius/BlastRadius");
  input_.ownerReplicas = 4;  // 50 %: two
  EXPECT_EQ(refusal(), "");
  input_.ownerOut = 2;
  EXPECT_EQ(refusal(), "BlastRadius/BlastRadius");
}

TEST_F(GuardTest, WithoutAPolicyNothingIsDone) {
  input_.covering.clear();
  EXPECT_EQ(refusal(), "Excluded/NoPolicy");
}

TEST_F(GuardTest, OneNamespaceNeverUsesUpTheBudgetOfTheOthers) {
  policy_.maxConcurrent = 5;
  policy_.maxPerHour = 30;
  input_.nearProof = true;  // decoys look as bad as they like
  input_.startedInNamespace = 24;
  EXPECT_EQ(refusal(), "Rate/RateLimited");
  input_.startedInNamespace = 23;
  input_.runningInNamespace = 4;
  EXPECT_EQ(refusal(), "Rate/RateLimited");
  input_.runningInNamespace = 3;
  EXPECT_EQ(refusal(), "");
  input_.startedInLastHour = 30;
  EXPECT_EQ(refusal(), "Rate/RateLimited");
}

TEST_F(GuardTest, ALowerPolicyIsSupersededAndTheHigherOnesExcludesBindIt) {
  SecurityPolicy higher = policy_;
  higher.name = "higher";
  higher.uid = "h";
  policy_.uid = "l";
  input_.covering = {&higher, &policy_};
  input_.askedForUid = "l";
  EXPECT_EQ(refusal(), "Superseded/Superseded");
  input_.askedForUid = "h";
  EXPECT_EQ(refusal(), "");
  EXPECT_NE(resultOf(trail_, "Superseded")->message.find("before default"), std::string::npos);
  Exclusion exclusion;
  exclusion.name = "all";
  exclusion.namespaces = {"shop"};
  higher.exclude = {exclusion};
  input_.askedForUid = "l";
  EXPECT_EQ(refusal(), "Excluded/Excluded");
  higher.exclude.clear();
  policy_.exclude = {exclusion};  // a lower one's do not bind the higher
  input_.askedForUid = "h";
  EXPECT_EQ(refusal(), "");
}

TEST_F(GuardTest, TwoRemediationsNeverWriteToOneObject) {
  input_.heldBy = "exposed-secret-token-1";
  input_.heldObject = "Deployment shop/web";
  EXPECT_EQ(refusal(), "Duplicate/ResourceBusy");
  EXPECT_NE(trail_[6].message.find("exposed-secret-token-1"), std::string::npos);
  EXPECT_TRUE(trail_[6].until.has_value());
  input_.started = true;
  EXPECT_EQ(refusal(), "");
}

TEST_F(GuardTest, ARepeatWaitsForTheCooldownWhichDoubles) {
  policy_.cooldownSeconds = 300;
  input_.earlierStarts = {input_.now - std::chrono::seconds(299)};
  EXPECT_EQ(refusal(), "Cooldown/RecentlyRemediated");
  EXPECT_EQ(firstRefusal(trail_)->until, input_.now + std::chrono::seconds(1));
  input_.earlierStarts = {input_.now - std::chrono::seconds(300)};
  EXPECT_EQ(refusal(), "");
  input_.earlierStarts = {input_.now - std::chrono::seconds(900),
                          input_.now - std::chrono::seconds(300)};
  EXPECT_EQ(refusal(), "Cooldown/RecentlyRemediated");
  EXPECT_EQ(firstRefusal(trail_)->until, input_.now + std::chrono::seconds(300));
  policy_.cooldownSeconds = 0;
  EXPECT_EQ(refusal(), "");
}

TEST_F(GuardTest, DisruptionBudgetsBindRestartsButNeverTheIsolationOfAMiner) {
  input_.budgets = {{"web", 0}};
  EXPECT_EQ(refusal(), "");
  input_.family = Family::kExposedSecret;
  EXPECT_EQ(refusal(), "BlastRadius/BlastRadius");
  input_.started = true;  // also in the middle
  EXPECT_EQ(refusal(), "BlastRadius/BlastRadius");
  input_.budgets = {{"web", 1}};
  EXPECT_EQ(refusal(), "");
}

TEST_F(GuardTest, AnOpenBreakerRefusesAndAHalfOpenOneLetsOneTrialThrough) {
  input_.breaker.state = BreakerState::kOpen;
  input_.breaker.until = input_.now + std::chrono::seconds(9);
  EXPECT_EQ(refusal(), "Breaker/BreakerOpen");
  EXPECT_EQ(firstRefusal(trail_)->until, input_.breaker.until);
  input_.breaker.state = BreakerState::kHalfOpen;
  EXPECT_EQ(refusal(), "");
  input_.breaker.trialRuns = true;
  EXPECT_EQ(refusal(), "Breaker/BreakerOpen");
}

TEST_F(GuardTest, WhatIsContendedIsTriedAgainOnlyInItsTime) {
  input_.contended = {"Contended", "undone by argocd", input_.now + std::chrono::seconds(5)};
  EXPECT_EQ(refusal(), "Ineffective/Contended");
  input_.now += std::chrono::seconds(5);
  EXPECT_EQ(refusal(), "");
}

TEST_F(GuardTest, AnApprovedEpisodeGoesOnButALowerModeStopsOneThatWasEnforced) {
  policy_.mode = Mode::kApprove;
  input_.started = true;
  EXPECT_EQ(refusal(), "Mode/ApprovalRequired");
  input_.startedByApproval = true;
  EXPECT_EQ(refusal(), "");
  policy_.mode = Mode::kAudit;
  EXPECT_EQ(refusal(), "Mode/Audit");
}

}  // namespace
}  // namespace firebreak::remediate
