// The controller at the top of a pod: Deployment above its ReplicaSet, CronJob above its Job. What is
// limited by owner is counted by it, since a roll-out makes new ReplicaSets.
#pragma once

#include <string>

#include "firebreak/object_ref.h"
#include "kube/client.h"

namespace firebreak::control {

struct RootController {
  ObjectRef object;  // kind is empty where there is none
  int64_t replicas = 0;  // 0 where it has no such number
  int64_t ready = 0;
};

// Two reads at most. `controller` is the pod's own; one that is gone is the root itself.
Result<RootController> rootOf(kube::Client& client, const std::string& ns,
                              const ObjectRef& controller);

}  // namespace firebreak::control
