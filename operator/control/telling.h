// What is counted of a Remediation's story: findings, ends, refusals, and how long the first write
// took. Thread-safe.
#pragma once

#include <vector>

#include "firebreak/remediation.h"
#include "remediate/guard/guard.h"

namespace firebreak::control {

void countFindings(const std::vector<Finding>& findings);
// After each saved status.
void countTransition(const Remediation& before, const Remediation& after);
// Of a decision that was put off without being written down.
void countRefusal(const Remediation& remediation, const std::vector<remediate::GuardResult>& guards);

}  // namespace firebreak::control
