// NetworkPolicies as the API server holds them: whom they select, what they admit; and the one that
// shuts a console's port and nothing else. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/json.h"
#include "firebreak/observed.h"

namespace firebreak {

// An ingress policy that selects this pod.
bool selectsForIngress(const Json& policy, const Pod& pod);

// It admits this TCP port of the pod from anywhere, or from addresses outside the cluster.
bool admitsFromOutside(const Json& policy, const Pod& pod, int32_t port);

struct PortLock {
  StringMap podLabels;
  std::set<int32_t> ports;
  Json allowFrom = Json::array();
  // Other policies select the pods already: what stays open is theirs to say.
  bool restIsTheirs = false;
};

// Selects `podLabels`; admits every TCP port but `ports`, all UDP and SCTP, and those ports from `allowFrom`
// only: NetworkPolicy knows no deny, so everything else is listed.
Json lockPolicy(const std::string& ns, const std::string& name, const std::string& remediation,
                const PortLock& lock);

}  // namespace firebreak
