#include "control/rollout.h"

#include <gtest/gtest.h>

#include "base/time_format.h"

namespace firebreak::control {
namespace {

using std::chrono::seconds;

const WallTime kApplied = *parseTime("2026-11-30T10:00:00Z");

// A Deployment of two, complete at `complete` and with so many ready.
Json deployment(WallTime complete, int ready) {
  return {{"kind", "Deployment"},
          {"metadata", {{"generation", 2}}},
          {"spec", {{"replicas", 2}, {"progressDeadlineSeconds", 8}}},
          {"status",
           {{"observedGeneration", 2}, {"updatedReplicas", 2}, {"replicas", 2}, {"readyReplicas", ready},
            {"conditions",
             Json::array({{{"type", "Progressing"}, {"reason", "NewReplicaSetAvailable"},
                           {"lastUpdateTime", formatTime(complete)}},
                          {{"type", "Available"}, {"status", "True"},
                           {"lastTransitionTime", formatTime(complete)}}})}}}};
}

TEST(Rollout, IsDoneOnceItStayedReadyForAMoment) {
  const WallTime complete = kApplied + seconds(3);
  EXPECT_EQ(judgeRollout(deployment(complete, 1), kApplied, complete), Rollout::kRolling);
  EXPECT_EQ(judgeRollout(deployment(complete, 2), kApplied, complete + seconds(1)), Rollout::kSettling);
  EXPECT_EQ(judgeRollout(deployment(complete, 2), kApplied, complete + kSettle), Rollout::kDone);
}

TEST(Rollout, IsNotDoneWhereTheControllerHasNotSeenTheTemplate) {
  Json workload = deployment(kApplied, 2);
  workload["metadata"]["generation"] = 3;
  EXPECT_EQ(judgeRollout(workload, kApplied, kApplied + seconds(60)), Rollout::kRolling);
}

TEST(Rollout, IsStuckWhereItsPodsDoNotStayReadyForTheTimeThatTheyHave) {
  const WallTime complete = kApplied + seconds(1);
  EXPECT_EQ(judgeRollout(deployment(complete, 1), kApplied, complete + seconds(8)), Rollout::kRolling);
  EXPECT_EQ(judgeRollout(deployment(complete, 1), kApplied, complete + seconds(9)), Rollout::kStuck);
  // What was complete before the new template says nothing of it.
  EXPECT_EQ(judgeRollout(deployment(kApplied - seconds(60), 1), kApplied, kApplied + seconds(20)), Rollout::kRolling);
  Json given = deployment(complete, 1);
  given["status"]["conditions"][0]["reason"] = "ProgressDeadlineExceeded";
  EXPECT_EQ(judgeRollout(given, kApplied, complete), Rollout::kStuck);
}

TEST(Rollout, OfADaemonSetCountsItsNodes) {
  Json workload = {{"kind", "DaemonSet"}, {"metadata", {{"generation", 1}}},
                   {"status", {{"observedGeneration", 1}, {"desiredNumberScheduled", 3},
                               {"updatedNumberScheduled", 3}, {"numberAvailable", 2}}}};
  EXPECT_EQ(judgeRollout(workload, kApplied, kApplied + seconds(60)), Rollout::kRolling);
  workload["status"]["numberAvailable"] = 3;
  EXPECT_EQ(judgeRollout(workload, kApplied, kApplied + seconds(1)), Rollout::kSettling);
  EXPECT_EQ(judgeRollout(workload, kApplied, kApplied + kSettle), Rollout::kDone);
}

}  // namespace
}  // namespace firebreak::control
