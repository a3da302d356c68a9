// Quarantine of one pod: a deny-all NetworkPolicy that selects only it, its labels off in one patch so
// that its controller makes a clean replacement and traffic leaves, and an order to the node's sensor.
// The facts behind the order of the steps: docs/quarantine.md. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/node_guard.h"
#include "firebreak/plan.h"

namespace firebreak::remediate {

struct MinerTarget {
  Json pod;         // live, rewound by the journal
  ObjectRef owner;  // its controller when the plan was first made; kind is empty for a bare pod
  std::string remediationName;
  std::string remediationUid;
  std::set<std::string> actions;
  // What the pod's node can do: empty = no sensor answers there.
  std::string sensorLevel;
  std::optional<ProcessRef> suspect;
  std::string suspectContainer;  // container id
  std::vector<Json> networkPolicies;  // of the pod's namespace
  // The root controller, rewound by the journal, where it is to blame: its template is the miner, or one
  // replacement after the other is flagged. Null otherwise. Stopped only where StopOwner is listed.
  Json guiltyOwner;
  // The Job whose pod it is, where a CronJob is to blame: it would go on making pods. Null otherwise.
  Json guiltyRun;
  // How long it is kept before it is deleted, where Terminate is listed; 0 = for ever.
  int64_t keptSeconds = 0;
  // What BlockImage blocks: the suspect's image as it was written and its digest. Empty where it does not
  // apply: the executable came from elsewhere, or pods that nobody flagged use the image too.
  std::vector<std::string> blockImages;
  std::string operatorNamespace;
  // Enough pods of this owner or namespace are in quarantine: evidence, then the pod is deleted.
  bool deleteInstead = false;
};

Plan planMiner(const MinerTarget& target);

// The list of blocked images, in the operator's namespace; an entry's key is its Remediation's name.
inline constexpr const char* kBlockedImages = "firebreak-blocked-images";

// The label that a quarantined pod carries; its value is the Remediation's uid.
inline constexpr const char* kQuarantineLabel = "firebreak.dev/quarantine";

}  // namespace firebreak::remediate
