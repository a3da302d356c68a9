// Work inside another network namespace, in a short-lived child process: setns() and a stuck call
// stay in there, and a child that does not end in time is killed. Called by the responder's threads.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "firebreak/result.h"
#include "sensor/cgroup_tree.h"
#include "sensor/procfs.h"

namespace firebreak::sensor {

// An open file descriptor; closes it.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd();
  OwnedFd(OwnedFd&& other) noexcept;
  OwnedFd& operator=(OwnedFd&& other) noexcept;  // the other one closes what was here
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// One network namespace that processes of a pod are in.
struct PodNetwork {
  OwnedFd fd;
  std::string name;  // "net:[4026532008]"
};
// Every network namespace of the pod, each proven to be the pod's after it was opened.
Result<std::vector<PodNetwork>> podNetworks(const ProcFs& proc, const CgroupTree& cgroups,
                                            std::string_view podUid);

// Those of them that processes of others are in too: the node's own (hostNetwork). Looks at every process of the node.
std::set<std::string> sharedNetworks(const ProcFs& proc, const CgroupTree& cgroups,
                                     std::string_view podUid, const std::set<std::string>& names);

// Runs `body` in the namespace and gives back the text that it returned. The child joins the cgroup
// v2 folder `group` first where one is named, so that its sockets are treated like the pod's.
Result<std::string> runInNetwork(int networkFd, const std::string& group,
                                 std::chrono::milliseconds deadline,
                                 const std::function<std::string()>& body);

}  // namespace firebreak::sensor
