// Which PodDisruptionBudgets select the pods that a plan would restart, and what they allow.
#pragma once

#include <string>
#include <vector>

#include "firebreak/plan.h"
#include "kube/client.h"
#include "remediate/guard/guard.h"

namespace firebreak::control {

// Empty, and without a request, where the plan restarts nothing.
Result<std::vector<remediate::BudgetView>> budgetsOf(kube::Client& client, const Plan& plan,
                                                     const std::string& ns);

}  // namespace firebreak::control
