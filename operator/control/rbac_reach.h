// RbacReach: which Secrets the ServiceAccounts of a console's pods may read by RBAC. Reads the API server;
// what it found is kept for a minute. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "firebreak/clock.h"
#include "firebreak/finding.h"
#include "firebreak/observed.h"
#include "kube/client.h"

namespace firebreak::control {

// Every Role, ClusterRole and binding, with apiVersion and kind.
Result<std::vector<Json>> rbacObjects(kube::Client& client);

class RbacReach {
 public:
  RbacReach(kube::Client& client, Clock& clock) : client_(client), clock_(clock) {}

  // One finding for all of them; nothing where there are none. `namespaces` are those of the cluster.
  Result<std::optional<Finding>> findingFor(const ObjectRef& console, const std::vector<Pod>& pods,
                                            const std::vector<std::string>& namespaces);

 private:
  Result<std::optional<Finding>> look(const ObjectRef& console, const ObjectRef& account,
                                      const std::vector<std::string>& namespaces);

  kube::Client& client_;
  Clock& clock_;
  struct Known {
    MonoTime at{};
    std::optional<Finding> finding;
  };
  std::mutex mutex_;
  std::map<std::string, Known> known_;  // by the console's uid
};

}  // namespace firebreak::control
