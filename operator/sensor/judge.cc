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

// It gets less than half of what its threads ask for all the time: judged by what it wants, since what it
// gets is its neighbours' doing.
bool isStarved(const ProcessObservation& process) {
  return process.wantedCores > 0 && process.cores < process.wantedCores / 2;
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
    const bool starved = isStarved(process);
    facts.cpuCores = starved ? process.wantedCores : process.cores;
    facts.cpuFlat = starved ? 1 : flatness(process);  // never asleep is as even as it gets
    for (const ObservedFlow& flow : process.flows) {
      facts.flows.push_back(
          {flow.remoteAddress, flow.remotePort, flow.ageSeconds, flow.bytesPerMinute});
    }
  }
  detect::ScoreResult result = detect::scoreProcess(facts);
  return {result.score, std::move(result.evidence)};
}

}  // namespace firebreak::sensor
