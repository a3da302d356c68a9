#include "control/rollout.h"

#include <algorithm>

#include "base/time_format.h"

namespace firebreak::control {
namespace {

bool isObserved(const Json& workload) {
  return intOr(member(workload, {"status", "observedGeneration"}), -1) >=
         intOr(member(workload, {"metadata", "generation"}), 0);
}

// What `kubectl rollout status` looks at.
bool isComplete(const Json& workload) {
  const Json& status = member(workload, "status");
  if (stringOr(member(workload, "kind")) == "DaemonSet") {
    const int64_t wanted = intOr(member(status, "desiredNumberScheduled"), 0);
    return intOr(member(status, "updatedNumberScheduled"), 0) == wanted &&
           intOr(member(status, "numberAvailable"), 0) == wanted;
  }
  const int64_t wanted = intOr(member(workload, {"spec", "replicas"}), 1);
  return intOr(member(status, "updatedReplicas"), 0) == wanted &&
         intOr(member(status, "replicas"), 0) == wanted &&
         intOr(member(status, "readyReplicas"), 0) == wanted;
}

const Json& conditionOf(const Json& workload, const char* type) {
  static const Json none;
  for (const Json& condition : member(workload, {"status", "conditions"})) {
    if (stringOr(member(condition, "type")) == type) return condition;
  }
  return none;
}

WallTime timeOf(const Json& condition, const char* field) {
  return parseTime(stringOr(member(condition, field))).value_or(WallTime{});
}

}  // namespace

Rollout judgeRollout(const Json& workload, WallTime applied, WallTime now) {
  if (!isObserved(workload)) return Rollout::kRolling;
  const Json& progress = conditionOf(workload, "Progressing");
  const std::string reason = stringOr(member(progress, "reason"));
  if (reason == "ProgressDeadlineExceeded") return Rollout::kStuck;
  const WallTime progressed = timeOf(progress, "lastUpdateTime");
  if (isComplete(workload)) {
    const WallTime since =
        std::max({applied, progressed, timeOf(conditionOf(workload, "Available"), "lastTransitionTime")});
    return now - since < kSettle ? Rollout::kSettling : Rollout::kDone;
  }
  // It was complete once, which ends the controller's own deadline, and is not any more.
  const std::chrono::seconds deadline{
      intOr(member(workload, {"spec", "progressDeadlineSeconds"}), 600)};
  const bool wasComplete = reason == "NewReplicaSetAvailable" && progressed >= applied - std::chrono::seconds(1);
  if (wasComplete && now - progressed > deadline) return Rollout::kStuck;
  return Rollout::kRolling;
}

}  // namespace firebreak::control
