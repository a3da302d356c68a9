// Freezer: stops every process of a pod at once, at the pod-level folder (a container-level freeze is
// undone by the kubelet). v1: a SIGKILL waits until the thaw, so a frozen pod cannot be deleted; v2:
// SIGKILL works. Needs no capability, only uid 0. Called by the responder's thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "firebreak/result.h"
#include "sensor/cgroup_tree.h"

namespace firebreak::sensor {

class Freezer {
 public:
  explicit Freezer(const CgroupTree& cgroups) : cgroups_(cgroups) {}

  // True when all of it stands still; false while some process is stuck in the kernel.
  Result<bool> freeze(std::string_view podUid) const;
  Status thaw(std::string_view podUid) const;
  Result<bool> frozen(std::string_view podUid) const;
  // On v1 a frozen pod hangs when somebody deletes it.
  bool holdsKills(std::string_view podUid) const;

 private:
  struct Control {
    std::string file;
    std::string freeze;
    std::string thaw;
    std::string stateFile;
    std::string frozenText;
  };
  std::optional<Control> controlOf(std::string_view podUid) const;

  const CgroupTree& cgroups_;
};

}  // namespace firebreak::sensor
