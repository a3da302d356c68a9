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
  ASSERT_EQ(trail_.size(), 7U);
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

}  // namespace
}  // namespace firebreak::remediate
