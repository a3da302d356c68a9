// Secrets that nobody has to log in for: RBAC bindings that give whoever reaches the API server, without
// saying who he is, the right to read Secrets. One finding for each binding, tier Alert: what to do about it
// is a person's. Of manifests and of live objects alike. Pure; safe from any thread.
#pragma once

#include <vector>

#include "base/json.h"
#include "firebreak/finding.h"

namespace firebreak::detect {

// Roles, ClusterRoles and bindings, other kinds are passed over; a role that is not among them is known
// only where Kubernetes itself brings it.
std::vector<Finding> publicSecretReaders(const std::vector<const Json*>& objects);

}  // namespace firebreak::detect
