#include "control/historian.h"

#include "base/log.h"
#include "remediate/history.h"

namespace firebreak::control {

Status Historian::prune() {
  constexpr int64_t kOfNoPolicy = 50;
  std::map<std::string, int64_t> limits;
  for (const auto& entry : world_.policies.snapshot()) {
    if (entry->policy) limits[entry->uid] = entry->policy->historyLimit;
  }
  auto beyond = remediate::beyondHistory(world_.remediations.snapshot(), limits, kOfNoPolicy);
  for (const auto& old : beyond) {
    // With its version: one that came back to life since is not deleted.
    Status removed = client_.remove(kube::kRemediations, "", old->name,
                                    {old->uid, old->resourceVersion}, kube::Priority::kStatus);
    bool settled = removed || removed.error().code == ErrorCode::kNotFound ||
                   removed.error().code == ErrorCode::kConflict;
    if (!settled) return removed;
  }
  if (!beyond.empty()) log::info("history was cut", {{"remediations", beyond.size()}});
  return {};
}

}  // namespace firebreak::control
