// What policies of the input do to traffic on its way into pods: NetworkPolicies that admit few, mesh
// policies that ask for a login. Filled once; const objects may be read from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "detect/dashboards/protection.h"
#include "detect/scan_input.h"

namespace firebreak::detect {

class PodBarriers {
 public:
  // Keeps references into the input.
  explicit PodBarriers(const ScanInput& input);

  // Who may connect, by the NetworkPolicies that select these pods.
  enum class Admits {
    kFew,         // chosen pods or addresses, or nobody
    kNamespaces,  // pods of chosen namespaces, an ingress controller's perhaps
    kEverybody,
  };
  Admits admits(const std::string& ns, const StringMap& podLabels, const ContainerPort& port) const;

  // What the mesh asks of whoever gets in (Istio's AuthorizationPolicy). A RequestAuthentication alone
  // lets requests without a token through: it is no login, but a sign that one was meant.
  Protection meshAsks(const std::string& ns, const StringMap& podLabels) const;
  // The same at the mesh's own gateway, for a host that it publishes.
  Protection gatewayAsks(const std::string& host) const;

 private:
  std::vector<const Document*> networkPolicies_;
  std::vector<const Document*> authorizationPolicies_;
  std::vector<const Document*> tokenRules_;  // RequestAuthentications
};

}  // namespace firebreak::detect
