#include "control/historian.h"

#include "base/log.h"
#include "remediate/history.h"
#include "remediate/plan/miners.h"

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

Status Historian::expireBlockedImages() {
  constexpr std::chrono::hours kLife{7 * 24};
  auto list = client_.get(kube::kConfigMaps, operatorNamespace_, remediate::kBlockedImages);
  // Without the capability there is no list, or no right to look.
  if (!list && (list.error().code == ErrorCode::kNotFound || list.error().code == ErrorCode::kForbidden)) {
    return {};
  }
  if (!list) return tl::unexpected(list.error());
  Json over = Json::object();
  for (const auto& [name, images] : member(*list, "data").items()) {
    if (name == "about") continue;
    auto remediation = world_.remediations.get(name);
    bool lives = false;
    for (const StepRecord& record : remediation ? remediation->status.steps : std::vector<StepRecord>()) {
      lives = lives || (record.name == "block-image" && clock_.wall() - record.time < kLife);
    }
    if (!lives) over[name] = nullptr;
  }
  if (over.empty()) return {};
  auto taken = client_.patch(kube::kConfigMaps, operatorNamespace_, remediate::kBlockedImages,
                             kube::PatchKind::kMerge, {{"data", over}});
  if (!taken) return tl::unexpected(taken.error());
  log::info("images are blocked no longer", {{"entries", over.size()}});
  return {};
}

}  // namespace firebreak::control
