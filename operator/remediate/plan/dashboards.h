// The lock ladder: from an open console to the steps that shut it. Pure: live objects in, plan out;
// the executor writes, asks the console again (Proof::kConsoleShut) and undoes.
//
// The plan is derived anew before each write, so it must come out the same while it is carried out:
// the caller hands in `service` and `ingresses` with the fields that this Remediation has already
// changed put back to their before-images; the policy that it created is known by its name here.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/observed.h"
#include "firebreak/plan.h"
#include "remediate/plan/cluster_admin.h"

namespace firebreak {

struct DashboardTarget {
  std::string remediation;  // name of the Remediation object: names and marks what is created
  ObjectRef object;         // what publishes the console: the Service, a workload or a bare pod
  Service service;          // stands in for the pods where they publish themselves
  Json serviceJson;         // the same Service as the API server holds it; null where it stands in
  std::vector<int32_t> servicePorts;   // the Service's ports behind which the console answered
  std::vector<Pod> pods;               // backing pods
  std::vector<Json> networkPolicies;   // all of the namespace
  // Of the administrator, Calico or Cilium, with apiVersion and kind.
  std::vector<Json> otherPolicies;
  std::vector<std::string> unreadPolicies;  // kinds that are there and may not be read
  StringMap namespaceLabels;
  std::vector<Json> ingresses;         // all of the namespace
  std::vector<Json> httpRoutes;        // all of the namespace, with apiVersion and kind
  std::vector<Ingress> otherRoutes;    // that Firebreak does not write
  AdminGrants adminGrants;             // only for RevokeClusterAdmin
  Json workloadJson;                   // root controller, only for ScaleToZero; null where there is none
  std::set<std::string> actions = {"RestrictIngress", "Unpublish", "DetachRoutes"};
  Json allowFrom = Json::array();      // NetworkPolicyPeers that may still reach the console
};

// Steps in the product's order: RestrictIngress, Unpublish, DetachRoutes, RevokeClusterAdmin, ScaleToZero
// (last resort).
// Where nothing can be done by steps, `externalAction` says what a person has to do.
Plan planDashboards(const DashboardTarget& target);

// The policy that a Remediation of this name creates.
std::string lockPolicyName(const std::string& remediation);

}  // namespace firebreak
