// RevokeClusterAdmin: ClusterRoleBindings that make a console's ServiceAccount cluster-admin. One whose
// only subject is an account that nothing but the console uses is deleted; of any other a person gets the
// line that takes the subject out, since changing a binding takes rights that the operator must not have.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/plan.h"

namespace firebreak {

// One that this Remediation has deleted already.
struct RevokedBinding {
  ObjectRef binding;
  std::string undoByHand;
};

struct AdminGrants {
  std::vector<Json> bindings;  // all ClusterRoleBindings
  std::string ns;              // of the console
  // The accounts of its pods.
  std::vector<std::string> serviceAccounts;
  // Who else uses one of them: account -> "CronJob shop/backup".
  std::vector<std::pair<std::string, std::string>> otherUsers;
  std::vector<RevokedBinding> revoked;
};

// Adds a step for each binding that can go, and a caveat for each line that a person needs: how to give
// back what is deleted, and what to do where nothing is.
void revokeClusterAdmin(const AdminGrants& grants, Plan* plan);

}  // namespace firebreak
