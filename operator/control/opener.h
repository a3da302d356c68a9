// Opener: turns findings into Remediations: one per (target uid, family), always under the same name,
// so that opening is idempotent. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "control/key_ring.h"
#include "control/world.h"
#include "firebreak/finding.h"

namespace firebreak::control {

class Opener {
 public:
  Opener(kube::Client& client, World& world, KeyRing& keys);

  // "miner-web-7c9f-1a2b3c4d5e6f7a8b"; empty while the keys are not loaded.
  std::string nameFor(Family family, const ObjectRef& target) const;
  // Creates the Remediation where it is absent. `cause` names the Remediation that led here.
  // Returns its name.
  Result<std::string> open(Family family, const ObjectRef& target,
                           const std::vector<Finding>& findings, const std::string& cause = "");

 private:
  kube::Client& client_;
  World& world_;
  KeyRing& keys_;
};

}  // namespace firebreak::control
