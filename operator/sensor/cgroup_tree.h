// CgroupTree: the folders of a pod in the mounted cgroup hierarchies, found by the pod's uid alone
// (never by a process: those come and go), v1, v2 or both side by side. Only below this node's root.
// Owned by the sensor's main; const and safe from any thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/pod_of_process.h"

namespace firebreak::sensor {

// Throttling of a group; counters that only grow.
struct CpuStat {
  uint64_t periods = 0;
  uint64_t throttled = 0;  // of these periods
};

class CgroupTree {
 public:
  // `mount` is where the hierarchies are mounted: /sys/fs/cgroup.
  CgroupTree(std::string mount, CgroupRoot root);

  // The pod's folder in the unified hierarchy; nullopt where the pod or the hierarchy is not there.
  std::optional<std::string> unifiedFolder(std::string_view podUid) const;
  // The pod's folder in a v1 controller's hierarchy ("freezer", "cpu").
  std::optional<std::string> controllerFolder(std::string_view controller,
                                              std::string_view podUid) const;
  // A container's group below either of them.
  std::optional<CpuStat> cpuStat(const PodPlace& place) const;
  // Processor time of all processes that were ever in the container's group; a counter that only grows, in the unit of
  // the hierarchy that has it (microseconds or nanoseconds). nullopt where none has.
  std::optional<uint64_t> cpuUsage(const PodPlace& place) const;
  // Every process of the pod, over all its groups.
  std::vector<pid_t> processes(std::string_view podUid) const;
  // Uids of all pods of this node that have a folder.
  std::vector<std::string> pods() const;

 private:
  std::optional<std::string> podFolder(const std::string& hierarchy, std::string_view podUid) const;

  std::string unified_;  // mount point of cgroup v2; empty where there is none
  std::string mount_;
  std::string root_;  // "" or "/e2e/node-1"
};

}  // namespace firebreak::sensor
