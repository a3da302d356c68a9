// PolicyReconciler: says on each SecurityPolicy's status whether it is understood, what it found and
// did, and what it may not do. Writes only where something changed.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

// One condition's content.
struct Said {
  const char* status = "Unknown";
  std::string reason;
  std::string message;
};

class PolicyReconciler {
 public:
  PolicyReconciler(kube::Client& client, World& world, Clock& clock);
  Status reconcile(const std::string& name);

 private:
  // Asked of the API server at most once a minute per policy.
  Said rightsOf(const SecurityPolicy& policy, WallTime now);
  Json families(const std::string& policyUid) const;

  kube::Client& client_;
  World& world_;
  Clock& clock_;
  struct Asked {
    int64_t generation = -1;
    WallTime at{};
    Said said;
  };
  std::mutex mutex_;
  std::map<std::string, Asked> asked_;  // by policy uid
};

}  // namespace firebreak::control
