#include "control/pod_index.h"

#include <algorithm>

namespace firebreak::control {
namespace {

bool isSubset(const StringMap& selector, const StringMap& labels) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& entry) {
    auto label = labels.find(entry.first);
    return label != labels.end() && label->second == entry.second;
  });
}

}  // namespace

void PodIndex::change(const Ptr& old, const Ptr& now) {
  std::lock_guard lock(mutex_);
  if (old && (!now || now->meta.uid != old->meta.uid)) {
    byUid_.erase(old->meta.uid);
    auto ns = byNamespace_.find(old->meta.ns);
    if (ns != byNamespace_.end()) {
      ns->second.erase(old->meta.uid);
      if (ns->second.empty()) byNamespace_.erase(ns);
    }
  }
  if (now) {
    byUid_[now->meta.uid] = now;
    byNamespace_[now->meta.ns][now->meta.uid] = now;
  }
}

PodIndex::Ptr PodIndex::byUid(const std::string& uid) const {
  std::lock_guard lock(mutex_);
  auto found = byUid_.find(uid);
  return found == byUid_.end() ? nullptr : found->second;
}

std::vector<PodIndex::Ptr> PodIndex::selectedBy(const std::string& ns,
                                                const StringMap& selector) const {
  std::vector<Ptr> selected;
  if (selector.empty()) return selected;  // a Service without selector selects nothing
  std::lock_guard lock(mutex_);
  auto pods = byNamespace_.find(ns);
  if (pods == byNamespace_.end()) return selected;
  for (const auto& [uid, pod] : pods->second) {
    if (isSubset(selector, pod->meta.labels)) selected.push_back(pod);
  }
  // In the order of their names: what is derived from them must come out the same each time.
  std::sort(selected.begin(), selected.end(),
            [](const Ptr& a, const Ptr& b) { return a->meta.name < b->meta.name; });
  return selected;
}

}  // namespace firebreak::control
