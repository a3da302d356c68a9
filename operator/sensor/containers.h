// Containers: the containers of this node that a process was seen in, and whether anything in one has run since
// somebody looked last: its group counts the processor time of all its processes, so that one read stands for all of
// them. Owned by ProcessScan; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sensor/cgroup_tree.h"

namespace firebreak::sensor {

class Containers {
 public:
  struct Container {
    PodPlace place;
    std::optional<uint64_t> usage;  // processor time when it was read last
    uint64_t read = 0;              // the round of that
    uint64_t changed = 0;           // the round in which it was seen to be another than before
  };

  // Outlives this.
  explicit Containers(const CgroupTree& cgroups) : cgroups_(cgroups) {}

  // The same one for the same place; known for as long as somebody holds it.
  std::shared_ptr<Container> at(const PodPlace& place);
  // False only where no process of it has used processor time since `round`. Read once in a round (`now`).
  bool mayHaveRun(Container& container, uint64_t round, uint64_t now) const;
  void forgetUnheld();

 private:
  const CgroupTree& cgroups_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Container>> all_;
};

}  // namespace firebreak::sensor
