// ProcessScan: one round over /proc, cheap enough for every second. Unknown and young processes are
// read closely (a container's first process changes its name and arguments when it starts the
// program), the others by one stat every few rounds, and by none where their container used no processor time;
// memory maps, connections and throttling only of
// what is suspicious or uses CPU. Owned by the sensor's main loop; not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "firebreak/clock.h"
#include "sensor/cgroup_tree.h"
#include "sensor/containers.h"
#include "sensor/cpu_window.h"
#include "sensor/observation.h"
#include "sensor/pid_list.h"
#include "sensor/procfs.h"
#include "sensor/run_demand.h"
#include "sensor/sighting_book.h"

namespace firebreak::sensor {

struct ScanOptions {
  CgroupRoot root;
  std::string ownPodUid;  // never reported
  int64_t ticksPerSecond = 100;
};

class ProcessScan {
 public:
  // All outlive the scan.
  ProcessScan(const ProcFs& proc, const CgroupTree& cgroups, Judge judge, SightingBook& book,
              ScanOptions options);

  void round(MonoTime now, WallTime wall);
  size_t podProcesses() const;

 private:
  struct Known {
    ProcStat stat;
    std::shared_ptr<Containers::Container> container;  // null: not of a pod of this node
    CpuWindow cpu;
    RunDemand demand;
    bool holdsDataset = false;  // its memory had RandomX's size when it was looked at last
    // What it was when it was judged last: of name, arguments and executable only this is kept, since
    // a pod's thousand processes may have 64 KiB of arguments each.
    size_t looks = 0;
    std::string executable;
    bool executableInMemory = false;
    int score = 0;
    MonoTime closeLook{};
    std::map<std::string, MonoTime> flows;  // "local port>remote" -> first seen
    // Of all interfaces of the process's network but lo, when its flows were read last.
    uint64_t networkBytes = 0;
    MonoTime networkRead{};
    CpuStat group;
    uint64_t round = 0;    // last one that it was there
    uint64_t visited = 0;  // last one that it was read in
    uint64_t ran = 0;      // last one that showed that it had used processor time
  };

  void meet(pid_t pid, MonoTime now, WallTime wall);
  // False where it has ended.
  bool revisit(pid_t pid, Known& known, MonoTime now, WallTime wall);
  void forgetEnded(WallTime wall);
  uint64_t roundsBetweenLooks(const Known& known) const;
  bool mayHaveRun(Known& known) const;
  bool suspicious(const Known& known) const;
  // Reads the process and judges it where it is not what it was.
  void look(Known& known, MonoTime now, WallTime wall);
  void lookClosely(Known& known, MonoTime now, WallTime wall);
  ProcessObservation observe(Known& known, size_t* looks);
  bool findPlace(Known& known);
  void judgeAndRecord(Known& known, const ProcessObservation& seen, WallTime wall);
  bool cameWithImage(const ProcessObservation& seen, WallTime wall) const;
  std::vector<ObservedFlow> outgoingFlows(Known& known, MonoTime now);
  int64_t bytesPerMinute(Known& known, MonoTime now);
  bool young(const Known& known) const;
  bool wantsCloseLook(const Known& known, MonoTime now) const;

  const ProcFs& proc_;
  const CgroupTree& cgroups_;
  PidList list_;
  Containers containers_;
  const Judge judge_;
  SightingBook& book_;
  const ScanOptions options_;
  std::map<pid_t, Known> known_;
  uint64_t round_ = 0;
  uint64_t uptimeTicks_ = 0;
};

}  // namespace firebreak::sensor
