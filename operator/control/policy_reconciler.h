// PolicyReconciler: says on each SecurityPolicy's status whether it is understood, what it found and
// did, and what it may not do; tells when a breaker opens and an exclusion lapses; holds the policy
// while its deletion has something to undo. Writes only where something changed.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "control/ledger.h"
#include "control/world.h"
#include "firebreak/clock.h"
#include "kube/client.h"

namespace firebreak::control {

// One condition's content.
struct Said {
  std::string status = "Unknown";
  std::string reason;
  std::string message;
};

class PolicyReconciler {
 public:
  // `instance` names this process, for Events.
  PolicyReconciler(kube::Client& client, World& world, Ledger& ledger, Clock& clock,
                   std::string instance);
  // When to look again; absent = the policy is gone.
  Result<std::optional<WallTime>> reconcile(const std::string& name);

 private:
  // Asked of the API server at most once a minute per policy.
  Said rightsOf(const SecurityPolicy& policy, WallTime now);
  Json families(const std::string& policyUid) const;
  Said superseded(const SecurityPolicy& policy) const;
  // Whether onDelete: Revert would find something to undo.
  bool holds(const std::string& policyUid) const;
  Status keepFinalizer(const PolicyEntry& entry, WallTime now);
  // Tells of the breakers that opened or closed since the status was written.
  Result<Said> breakers(const PolicyEntry& entry, WallTime now);
  // Tells of the exclude entries that lapsed; those that are told, as the status keeps them.
  Result<Json> lapsed(const PolicyEntry& entry, WallTime now);
  Status tell(const PolicyEntry& entry, const std::string& key, const std::string& reason,
              bool warning, const std::string& note, WallTime now);
  Status writeStatus(const PolicyEntry& entry, const Json& status, WallTime now);

  kube::Client& client_;
  World& world_;
  Ledger& ledger_;
  Clock& clock_;
  const std::string instance_;
  struct Asked {
    int64_t generation = -1;
    WallTime at{};
    Said said;
  };
  std::mutex mutex_;
  std::map<std::string, Asked> asked_;  // by policy uid
};

}  // namespace firebreak::control
