// PidList: which processes there are, cheap enough for every second: a listing of /proc costs milliseconds where
// there are thousands, so that between two of them only the pids are tried that the kernel has given away since.
// Owned by the sensor's main loop; not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "firebreak/result.h"
#include "sensor/procfs.h"

namespace firebreak::sensor {

class PidList {
 public:
  // Outlives the list. It must show the processes of all pid namespaces, as the host's does.
  explicit PidList(const ProcFs& proc) : proc_(proc) {}

  // Once a round. True where all of /proc was listed, so that whoever is not in pids() has ended.
  Result<bool> refresh();
  // May still hold some that ended since the last listing.
  const std::vector<pid_t>& pids() const { return pids_; }
  void drop(const std::vector<pid_t>& ended);

 private:
  Result<bool> list();
  void tryAfter(pid_t before, pid_t last);
  bool isProcess(pid_t pid) const;

  const ProcFs& proc_;
  std::vector<pid_t> pids_;
  pid_t last_ = 0;  // that the kernel gave away; 0 = unknown
  uint64_t sinceListing_ = 0;
};

}  // namespace firebreak::sensor
