// Which policy acts where: the valid policies that cover a namespace, the one that acts first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/world.h"

namespace firebreak::control {

// Holds the entries alive as long as the pointers are used.
struct Coverage {
  std::vector<std::shared_ptr<const PolicyEntry>> entries;
  std::vector<const SecurityPolicy*> policies;  // higher priority first, tie: the older one

  const SecurityPolicy* acting() const { return policies.empty() ? nullptr : policies.front(); }
};

// Whether the policy selects more than one namespace.
bool coversSeveral(const World& world, const SecurityPolicy& policy);

Coverage coverageOf(const World& world, const std::string& ns);

}  // namespace firebreak::control
