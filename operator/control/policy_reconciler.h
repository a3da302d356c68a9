// PolicyReconciler: says on each SecurityPolicy's status whether it is understood, what it found and
// did, and what it may not do. Writes only where something changed.
#pragma once

#include <string>

#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

class PolicyReconciler {
 public:
  PolicyReconciler(kube::Client& client, World& world, Clock& clock);
  Status reconcile(const std::string& name);

 private:
  Json families(const std::string& policyUid) const;

  kube::Client& client_;
  World& world_;
  Clock& clock_;
};

}  // namespace firebreak::control
