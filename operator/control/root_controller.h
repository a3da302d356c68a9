// The outermost built-in controller above a pod: ReplicaSet -> Deployment, Job -> CronJob. What is
// limited by owner is counted by it, since a roll-out makes new ReplicaSets. Reads the API server; safe
// from any worker.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/object_ref.h"
#include "kube/client.h"

namespace firebreak::control {

// The controllers as the API server holds them, from `owner` on outwards, each read once; what is unknown or
// gone ends the list.
Result<std::vector<Json>> controllersOf(kube::Client& client, const std::string& ns, ObjectRef owner);

// The object as the API server holds it; null where `owner` is none, unknown or gone.
Result<Json> rootControllerOf(kube::Client& client, const std::string& ns, ObjectRef owner);

struct RootController {
  ObjectRef object;      // kind is empty where there is none
  int64_t replicas = 0;  // 0 where it has no such number
  int64_t ready = 0;
};

// The same as a name with what it runs. A controller that is gone, or that the operator was not let
// read, is the root itself.
Result<RootController> rootOf(kube::Client& client, const std::string& ns,
                              const ObjectRef& controller);

}  // namespace firebreak::control
