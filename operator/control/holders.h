// Holders: which Remediations wrote to which object and keep it that way, so that a watch event of the object
// wakes them at once when somebody undoes a fix. Objects that are not watched themselves (workloads) are
// known by the pods that they make. Thread-safe; rebuilt from the API at start by the watch.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "firebreak/remediation.h"

namespace firebreak::control {

class Holders {
 public:
  void note(const Remediation& remediation);
  void forget(const std::string& name);

  // The Remediations that keep this object as they wrote it.
  std::vector<std::string> of(const std::string& kind, const std::string& ns,
                              const std::string& name) const;
  // Those that keep the workload which a pod's controller is, or comes from by its name: ReplicaSet
  // "web-5d4f" of Deployment "web". One too many is woken for nothing.
  std::vector<std::string> aboveController(const std::string& ns, const ObjectRef& controller) const;

 private:
  struct Object {
    std::string ns, kind, name;
    auto operator<=>(const Object&) const = default;
  };
  void drop(const std::string& name);

  mutable std::mutex mutex_;
  std::map<Object, std::set<std::string>> holders_;
  std::map<std::string, std::vector<Object>> objects_;  // by Remediation
};

}  // namespace firebreak::control
