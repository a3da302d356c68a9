#include "sensor/judge.h"

#include "detect/miners/command_signals.h"

namespace firebreak::sensor {

Verdict judgeProcess(const ProcessObservation& process) {
  detect::ScoreResult result = detect::scoreCommandLine(process.arguments);
  return {result.score, std::move(result.evidence)};
}

}  // namespace firebreak::sensor
