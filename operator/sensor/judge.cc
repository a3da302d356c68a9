#include "sensor/judge.h"

namespace firebreak::sensor {

Verdict judgeProcess(const ProcessObservation& process) {
  Verdict verdict;
  for (const std::string& argument : process.arguments) {
    if (argument.find("stratum+tcp://") == argument.npos) continue;
    verdict.score = 90;
    verdict.signals = {{"stratum-url", 90, "the command line names a mining pool"}};
  }
  return verdict;
}

}  // namespace firebreak::sensor
