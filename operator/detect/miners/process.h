// Processes: what a node's sensor saw of one process -> a score with evidence. Needs no name:
// memory shape, CPU shape, a flow and the place together are enough; each of them alone is what
// databases, virtual machines and encoders look like. Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "detect/miners/command_signals.h"
#include "detect/miners/scorecard.h"

namespace firebreak::detect {

// RandomX (github.com/tevador/RandomX, doc/specs.md): its data set, and the most that its memory is taken for.
inline constexpr int64_t kRandomXDatasetMiB = 2080;
inline constexpr int64_t kRandomXLargestMiB = 2400;

struct ProcessFlow {
  std::string peerIp;
  int peerPort = 0;
  int64_t ageSeconds = 0;
  int64_t bytesPerMinute = -1;  // both directions; -1 = not measured
};

struct ProcessFacts {
  std::vector<std::string> commandLine;
  std::string comm;        // /proc/PID/comm
  std::string executable;  // link of /proc/PID/exe without " (deleted)"; empty = not readable
  bool executableDeleted = false;
  bool executableOnTmpfs = false;
  int threads = 0;
  int64_t vmSizeKb = 0;
  int64_t largestAnonKb = 0;  // largest private anonymous rw mapping by size, touched or not
  bool hasRwx = false;        // an anonymous mapping that is writable and executable
  double cpuCores = 0;        // used over the observed window
  double cpuFlat = 0;         // 0-1: 1 = the same in every slice, at its limit or at whole cores
  std::vector<ProcessFlow> flows;  // established, outbound
  bool stratumLogin = false;       // a mining login was seen on a socket
  // The place, judged by the operator: the pod is new, its image unknown, or an open console is
  // near.
  bool suspiciousPlace = false;
};

ScoreResult scoreProcess(const ProcessFacts& facts, const MinerSignatures& extra = {});

}  // namespace firebreak::detect
