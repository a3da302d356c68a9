// From the text of /proc/PID/cgroup to the pod and container that a process belongs to, and only
// for pods of this node: on a machine that carries several (tests) each sensor knows its own root.
//
// Paths print relative to the reader's cgroup namespace (private on cgroup v2), so nothing here
// relies on them starting at "/". The outermost pod component counts: a privileged pod can make
// misleading groups below its own. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::sensor {

struct PodPlace {
  // The API's uid with dashes; for a static pod the 32 hexadecimal digits of its config hash.
  std::string podUid;
  // 64 hexadecimal digits; empty for a process that sits in the pod's own group.
  std::string containerId;

  bool operator==(const PodPlace&) const = default;
};

// What is above "kubepods" in the paths of this node's pods: {} for "/", {"e2e", "node-1"}.
using CgroupRoot = std::vector<std::string>;

CgroupRoot parseCgroupRoot(std::string_view path);
// The root of the node that a reader with this /proc/self/cgroup belongs to; {} where it is in no pod.
CgroupRoot rootOfSelf(std::string_view selfCgroupText);

std::optional<PodPlace> podOfProcess(std::string_view cgroupText, const CgroupRoot& root);
// The same for a reader that does not care which node a pod is of.
std::optional<PodPlace> podOfAnyRoot(std::string_view cgroupText);

// True for a uid as the API server makes them; static pods have none.
bool isApiUid(std::string_view uid);

}  // namespace firebreak::sensor
