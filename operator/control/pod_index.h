// PodIndex: the pods by uid and by namespace, so that a question about one Service or one pod does
// not walk through all of them. Kept by World from the store's changes. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "firebreak/observed.h"

namespace firebreak::control {

class PodIndex {
 public:
  using Ptr = std::shared_ptr<const Pod>;

  // Either may be null: added, changed, deleted.
  void change(const Ptr& old, const Ptr& now);
  Ptr byUid(const std::string& uid) const;
  // Pods of that namespace whose labels the selector's labels are part of; an empty one selects none.
  std::vector<Ptr> selectedBy(const std::string& ns, const StringMap& selector) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Ptr> byUid_;
  std::unordered_map<std::string, std::unordered_map<std::string, Ptr>> byNamespace_;  // then uid
};

}  // namespace firebreak::control
