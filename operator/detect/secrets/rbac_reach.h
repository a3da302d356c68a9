// Secrets that a console's ServiceAccount may read by RBAC. Whoever uses the console may have read them, but
// nothing shows that he did: one finding for all of them, tier Alert. Pure; no Secret is looked into.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/finding.h"

namespace firebreak::detect {

struct RbacReach {
  bool everywhere = false;           // all Secrets of the cluster
  std::set<std::string> namespaces;  // all Secrets of these
  // Single ones: namespace -> names; the namespace "" stands for every one.
  std::map<std::string, std::set<std::string>> named;
  std::vector<std::string> through;  // "ClusterRoleBinding view"
  bool none() const { return !everywhere && namespaces.empty() && named.empty(); }
};

// `objects`: Roles, ClusterRoles and their bindings.
RbacReach rbacReachOf(const std::vector<const Json*>& objects, const std::string& ns,
                      const std::string& serviceAccount);

// How many Secrets that are, as far as they may be listed.
struct ReachedSecrets {
  size_t count = 0;                 // of those that could be listed
  std::set<std::string> namespaces; // where they are
  std::vector<std::string> names;   // "shop/token", the first ones
  size_t unlisted = 0;              // namespaces whose Secrets the operator may not list
};

inline constexpr const char* kRbacReachRule = "secrets-within-rbac-reach";
// `console` is what publishes it, `account` the ServiceAccount of its pods.
Finding rbacReachFinding(const ObjectRef& console, const ObjectRef& account,
                         const RbacReach& reach, const ReachedSecrets& secrets);

}  // namespace firebreak::detect
