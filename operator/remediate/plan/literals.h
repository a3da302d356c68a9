// A credential that stands in a manifest, ConfigMap or annotation is never rewritten by Firebreak
// (old ReplicaSets, Helm and GitOps would bring it back): the plan says the exact place and the
// change to make. Pure; findings hold no value.
#pragma once

#include <vector>

#include "firebreak/finding.h"
#include "firebreak/plan.h"

namespace firebreak::remediate {

Plan planLiterals(const std::vector<Finding>& findings);

}  // namespace firebreak::remediate
