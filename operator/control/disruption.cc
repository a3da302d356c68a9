#include "control/disruption.h"

#include <algorithm>

#include "api/selector.h"
#include "base/json.h"

namespace firebreak::control {
namespace {

StringMap templateLabels(const Json& workload) {
  StringMap labels;
  for (const auto& [key, value] :
       member(workload, {"spec", "template", "metadata", "labels"}).items()) {
    labels[key] = stringOr(value);
  }
  return labels;
}

}  // namespace

Result<std::vector<remediate::BudgetView>> budgetsOf(kube::Client& client, const Plan& plan,
                                                     const std::string& ns) {
  std::vector<remediate::BudgetView> budgets;
  bool restarts = std::any_of(plan.steps.begin(), plan.steps.end(),
                              [](const Step& s) { return s.proof == Proof::kRolledOut; });
  if (!restarts) return budgets;
  auto list = client.list(kube::kPodDisruptionBudgets, ns);
  if (!list) return tl::unexpected(list.error());
  const Json& items = member(*list, "items");
  if (items.empty()) return budgets;
  for (const Step& step : plan.steps) {
    if (step.proof != Proof::kRolledOut) continue;
    const kube::ResourceType* type =
        kube::findResourceType(step.object.apiVersion, step.object.kind);
    if (type == nullptr) continue;
    auto workload = client.get(*type, step.object.ns, step.object.name);
    if (!workload && workload.error().code == ErrorCode::kNotFound) continue;
    if (!workload) return tl::unexpected(workload.error());
    StringMap labels = templateLabels(*workload);
    for (const Json& item : items) {
      const Json& wanted = member(item, {"spec", "selector"});
      auto selector = selectorFromJson(wanted, "selector");
      // No selector at all selects nothing.
      if (!wanted.is_object() || !selector || !selector->matches(labels)) continue;
      budgets.push_back({stringOr(member(item, {"metadata", "name"})),
                         intOr(member(item, {"status", "disruptionsAllowed"}), 0)});
    }
  }
  return budgets;
}

}  // namespace firebreak::control
