#include "control/finalizer.h"

#include "firebreak/remediation.h"

namespace firebreak::control {

Result<Json> setFinalizer(kube::Client& client, const kube::ResourceType& type,
                          const std::string& name, const std::string& uid, bool present) {
  auto live = client.get(type, "", name);
  if (!live && live.error().code == ErrorCode::kNotFound) return Json();
  if (!live) return live;
  const Json& meta = member(*live, "metadata");
  if (stringOr(member(meta, "uid")) != uid) return Json();
  Json finalizers = Json::array();
  bool had = false;
  for (const std::string& finalizer : stringsOf(member(meta, "finalizers"))) {
    had = had || finalizer == kUndoFinalizer;
    if (finalizer != kUndoFinalizer) finalizers.push_back(finalizer);
  }
  if (had == present) return live;
  // The API server takes no new finalizer on what is being deleted.
  if (present && !member(meta, "deletionTimestamp").is_null()) return live;
  if (present) finalizers.push_back(kUndoFinalizer);
  Json patch = {{"metadata",
                 {{"uid", uid},
                  {"resourceVersion", member(meta, "resourceVersion")},
                  {"finalizers", finalizers}}}};
  auto written = client.patch(type, "", name, kube::PatchKind::kMerge, patch);
  if (!written && written.error().code == ErrorCode::kNotFound) return Json();
  return written;
}

}  // namespace firebreak::control
