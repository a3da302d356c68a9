// Policies of other APIs that have a say about who reaches a pod: the administrator's, Calico's, Cilium's.
// A NetworkPolicy of ours must not open what they shut, and does not shut what they admit. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "firebreak/observed.h"

namespace firebreak {

struct OtherPolicy {
  enum class Rank {
    kAbove,   // decides before NetworkPolicies are asked
    kBeside,  // adds up with them
    kBelow,   // holds only where no NetworkPolicy selects the pod
  };
  std::string name;  // "CiliumNetworkPolicy shop/web"
  Rank rank = Rank::kBeside;
  // Its selector says so; false: it cannot be read here, so that it may select them.
  bool certain = true;
};

// Those of `policies`, as the API server holds them, that select one of the pods for ingress.
std::vector<OtherPolicy> otherPoliciesOn(const std::vector<Json>& policies,
                                         const std::vector<Pod>& pods, const std::string& ns,
                                         const StringMap& namespaceLabels);

}  // namespace firebreak
