// What RBAC lets one read of Secrets. Pure; objects as the API server or a manifest holds them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace firebreak::detect {

struct SecretRights {
  bool all = false;             // any Secret where the binding holds
  std::set<std::string> names;  // these, where it is not all
  bool none() const { return !all && names.empty(); }
};

// Of the role that this binding names; one that is not among the objects is known only where Kubernetes
// itself brings it.
SecretRights secretRightsOf(const Json& binding, const std::vector<const Json*>& objects);

}  // namespace firebreak::detect
