// OwnerBlame: whether it is a pod's owner that mines rather than the one pod, and whether another pod of it may be kept
// in quarantine. Reads the caches, and of the API server the owners that it blames. Safe from any worker.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"
#include "remediate/journal.h"
#include "remediate/plan/miners.h"

namespace firebreak::control {

class OwnerBlame {
 public:
  OwnerBlame(kube::Client& client, World& world, Clock& clock)
      : client_(client), world_(world), clock_(clock) {}

  // Fills in `guiltyOwner`, `guiltyRun` and `deleteInstead` of a plan whose pod, owner and actions are known; `root` is
  // the controller at the top. What was decided when the episode began stays so.
  Status weigh(const Remediation& remediation, const SecurityPolicy* policy,
               const remediate::JournalKeys& keys, const ObjectRef& root,
               const std::vector<Finding>& findings, remediate::MinerTarget* plan) const;

 private:
  // Other episodes of the same root that began within `since` and were not taken back.
  int episodesOf(const ObjectRef& root, const Remediation& remediation,
                 std::chrono::seconds since) const;
  bool isOverLimit(const ObjectRef& root, const std::string& ns) const;
  Status nameOwner(const Remediation& remediation, const remediate::JournalKeys& keys,
                   const ObjectRef& owner, bool stops, remediate::MinerTarget* plan) const;

  kube::Client& client_;
  World& world_;
  Clock& clock_;
};

}  // namespace firebreak::control
