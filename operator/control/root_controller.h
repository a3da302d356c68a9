// The outermost built-in controller above a pod: ReplicaSet -> Deployment, Job -> CronJob. Reads the API
// server; safe from any worker.
#pragma once

#include <string>

#include "base/json.h"
#include "firebreak/object_ref.h"
#include "kube/client.h"

namespace firebreak::control {

// The object as the API server holds it; null where `owner` is none, unknown or gone.
Result<Json> rootControllerOf(kube::Client& client, const std::string& ns, ObjectRef owner);

}  // namespace firebreak::control
