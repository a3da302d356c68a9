// Opener: turns findings into Remediations: one per (target uid, family), always under the same name,
// so that opening is idempotent. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "control/key_ring.h"
#include "control/world.h"
#include "firebreak/finding.h"

namespace firebreak::control {

// "miner-web-7c9f-1a2b3c4d5e6f7a8b": follows from the target and the operator's keys, so that nobody else
// can make a Remediation that is taken for ours. Empty while the keys are not loaded.
std::string remediationName(const KeyRing& keys, Family family, const ObjectRef& target);
// False for one that somebody else made; true while the keys are not loaded.
bool isOurs(const KeyRing& keys, const Remediation& remediation);

class Opener {
 public:
  Opener(kube::Client& client, World& world, KeyRing& keys);

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
