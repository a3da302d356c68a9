// What became of a workload's roll-out: every replica runs the newest template, is ready, and stayed so for a moment.
#pragma once

#include <chrono>

#include "base/json.h"
#include "firebreak/clock.h"

namespace firebreak::control {

enum class Rollout {
  kRolling,   // not all replicas are new and ready
  kSettling,  // they are, since less than kSettle
  kDone,
  kStuck,  // given up by its controller, or its new pods do not stay ready
};

// A container without a readiness probe counts as ready from its start, also one that ends a moment later because it
// does not like its new value. The second restart comes after 10 s (the kubelet's back-off), so this tells them apart.
inline constexpr std::chrono::seconds kSettle{5};

// `workload` is a Deployment, StatefulSet or DaemonSet as the API server has it; `applied` is when its template was
// written. Only Deployments say when they became ready, and within which time (spec.progressDeadlineSeconds) they must.
Rollout judgeRollout(const Json& workload, WallTime applied, WallTime now);

}  // namespace firebreak::control
