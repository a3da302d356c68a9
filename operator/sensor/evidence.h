// EvidenceStore: what is kept of a guilty pod on its node, for people to look at: executables,
// command lines, memory maps, connections. Never memory: it holds secrets. Only root can read it
// (command lines are kept as they were); folders older than a week go.
// Not thread-safe: one call at a time.
#pragma once

#include <string>
#include <vector>

#include "firebreak/node_guard.h"
#include "firebreak/result.h"
#include "sensor/cgroup_tree.h"
#include "sensor/procfs.h"
#include "sensor/sock_diag.h"

namespace firebreak::sensor {

struct EvidenceReceipt {
  std::string folder;
  std::string manifestSha256;  // of manifest.json, which lists the digests of the others
};

class EvidenceStore {
 public:
  // `root` is empty where no folder is mounted.
  explicit EvidenceStore(std::string root) : root_(std::move(root)) {}

  bool available() const { return !root_.empty(); }
  // Once for each order and pod; asked again it gives the same receipt. `flows` are those that were
  // seen before they were cut.
  Result<EvidenceReceipt> capture(const ProcFs& proc, const CgroupTree& cgroups,
                                  const IsolationOrder& order, const std::vector<Flow>& flows) const;

 private:
  void removeOld() const;

  const std::string root_;
};

}  // namespace firebreak::sensor
