// Which finished Remediations are more than a policy's historyLimit. Rejected and reverted ones stay as
// long as their target lives, beside the limit. Pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "firebreak/remediation.h"

namespace firebreak::remediate {

// True once nothing can happen to it any more: its finding or its target is gone, and nothing is held.
bool isHistory(const Remediation& remediation);

// The oldest ones beyond the limit of their policy (by uid; `otherwise` where that is not known).
std::vector<std::shared_ptr<const Remediation>> beyondHistory(
    const std::vector<std::shared_ptr<const Remediation>>& all,
    const std::map<std::string, int64_t>& limits, int64_t otherwise);

}  // namespace firebreak::remediate
