#include "control/coverage.h"

#include <algorithm>

namespace firebreak::control {

Coverage coverageOf(const World& world, const std::string& ns) {
  Coverage coverage;
  StringMap labels = world.namespaceLabels(ns);
  for (const auto& entry : world.policies.snapshot()) {
    if (entry->policy && !entry->policy->deleting &&
        entry->policy->namespaceSelector.matches(labels)) {
      coverage.entries.push_back(entry);
    }
  }
  std::sort(coverage.entries.begin(), coverage.entries.end(), [](const auto& a, const auto& b) {
    if (a->policy->priority != b->policy->priority) {
      return a->policy->priority > b->policy->priority;
    }
    if (a->policy->created != b->policy->created) return a->policy->created < b->policy->created;
    return a->name < b->name;
  });
  for (const auto& entry : coverage.entries) coverage.policies.push_back(&*entry->policy);
  return coverage;
}

bool coversSeveral(const World& world, const SecurityPolicy& policy) {
  int covered = 0;
  for (const auto& ns : world.namespaces.snapshot()) {
    if (policy.namespaceSelector.matches(ns->meta.labels) && ++covered > 1) return true;
  }
  return false;
}

}  // namespace firebreak::control
