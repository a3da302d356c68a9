// ProcessObservation: everything that the sensor knows about one process of a pod, raw (never
// published as it is), and Verdict, what the miner signatures say to it. Plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "firebreak/finding.h"
#include "sensor/pod_of_process.h"
#include "sensor/proc_text.h"

namespace firebreak::sensor {

// An established connection that the process's network made to somewhere else.
struct ObservedFlow {
  std::string remoteAddress;
  int remotePort = 0;
  int64_t ageSeconds = 0;        // since it was first seen
  int64_t bytesPerMinute = -1;   // both directions; -1 = not measured
};

struct ProcessObservation {
  PodPlace place;
  pid_t pid = 0;
  pid_t parent = 0;
  uint64_t startTime = 0;  // clock ticks since boot
  std::string comm;
  std::vector<std::string> arguments;
  std::string executable;  // empty where it may not be read (level Basic)
  bool executableDeleted = false;
  bool executableInMemory = false;  // on a tmpfs, or a memfd
  int64_t threads = 0;
  int64_t nice = 0;
  uint64_t virtualBytes = 0;

  // Known only after a closer look.
  bool closely = false;
  MemoryShape memory;
  double cores = 0;
  double wantedCores = 0;  // threads that never sleep, whatever they get; 0 = none, or unknown yet
  double cpuVariation = -1;  // -1 = unknown
  double observedSeconds = 0;
  double throttledShare = 0;  // of the container's CPU periods since the last look
  std::vector<ObservedFlow> flows;
};

struct Verdict {
  int score = 0;  // 0-100
  std::vector<Evidence> signals;
};
// The signatures; a function, so that the scan can be tested without them.
using Judge = std::function<Verdict(const ProcessObservation&)>;

}  // namespace firebreak::sensor
