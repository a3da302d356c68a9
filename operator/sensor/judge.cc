#include "sensor/judge.h"

#include <algorithm>

#include "detect/miners/process.h"

namespace firebreak::sensor {
namespace {

// 1 = the same in every interval, or at the container's limit in every period; 0 = unknown or uneven.
double flatness(const ProcessObservation& process) {
  const double even =
      process.cpuVariation < 0 ? 0 : std::max(0.0, 1.0 - process.cpuVariation);
  return std::max(even, process.throttledShare);
}

}  // namespace

Verdict judgeProcess(const ProcessObservation& process) {
  detect::ProcessFacts facts;
  facts.commandLine = process.arguments;
  facts.comm = process.comm;
  facts.executable = process.executable;
  facts.executableDeleted = process.executableDeleted;
  facts.executableOnTmpfs = process.executableInMemory;
  facts.threads = static_cast<int>(process.threads);
  facts.vmSizeKb = static_cast<int64_t>(process.virtualBytes / 1024);
  if (process.closely) {
    facts.largestAnonKb = process.memory.largestAnonymousMiB * 1024;
    facts.hasRwx = process.memory.writableCode > 0;
    facts.cpuCores = process.cores;
    facts.cpuFlat = flatness(process);
    for (const ObservedFlow& flow : process.flows) {
      facts.flows.push_back(
          {flow.remoteAddress, flow.remotePort, flow.ageSeconds, flow.bytesPerMinute});
    }
  }
  detect::ScoreResult result = detect::scoreProcess(facts);
  return {result.score, std::move(result.evidence)};
}

}  // namespace firebreak::sensor
