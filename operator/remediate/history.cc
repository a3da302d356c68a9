#include "remediate/history.h"

#include <algorithm>

#include "remediate/next.h"

namespace firebreak::remediate {

bool isHistory(const Remediation& remediation) {
  const RemediationStatus& status = remediation.status;
  return !remediation.deleting && status.outcome == Outcome::kNoLongerPresent &&
         !holdsSomething(status);
}

std::vector<std::shared_ptr<const Remediation>> beyondHistory(
    const std::vector<std::shared_ptr<const Remediation>>& all,
    const std::map<std::string, int64_t>& limits, int64_t otherwise) {
  std::map<std::string, std::vector<std::shared_ptr<const Remediation>>> byPolicy;
  for (const auto& remediation : all) {
    if (isHistory(*remediation)) byPolicy[remediation->status.policyUid].push_back(remediation);
  }
  std::vector<std::shared_ptr<const Remediation>> beyond;
  for (auto& [policy, finished] : byPolicy) {
    auto known = limits.find(policy);
    auto limit = static_cast<size_t>(
        std::max<int64_t>(0, known == limits.end() ? otherwise : known->second));
    if (finished.size() <= limit) continue;
    auto endOf = [](const Remediation& r) { return r.status.endedAt.value_or(r.created); };
    std::sort(finished.begin(), finished.end(), [&](const auto& a, const auto& b) {
      return endOf(*a) != endOf(*b) ? endOf(*a) < endOf(*b) : a->name < b->name;
    });
    beyond.insert(beyond.end(), finished.begin(),
                  finished.end() - static_cast<std::ptrdiff_t>(limit));
  }
  return beyond;
}

}  // namespace firebreak::remediate
